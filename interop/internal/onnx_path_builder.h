#pragma once

#ifdef RECUR_ONNX

#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/onnx_builder.h>
#include <recur/interop/signal_path.h>

#include <algorithm>

namespace recur::interop {

/// Writes what lies around the layers of a model.
class OnnxPathBuilder : protected OnnxBuilder {
 protected:
  OnnxPathBuilder() = default;

  /// From the user's units to what the model sees.
  void enter(const SignalPath& path) {
    if (path.input_gain != 1) (void)node("Mul", {last_, row("input_gain", {path.input_gain})});
    const ColumnScales& scales = path.inputs;
    if (!scales.empty()) {
      if (scales.any_logarithm()) {
        const std::string plain = last_;
        (void)node("Log", {node("Add", {plain, row("one", {1})}).output(0)});
        (void)node("Where", {marks(scales.logarithm), last_, plain});
      }
      // As in signal_path.cpp: an offset in two parts, as one float is not exact enough.
      std::vector<double> coarse, fine;
      for (const double offset : scales.offset) {
        coarse.push_back(static_cast<double>(static_cast<float>(offset)));
        fine.push_back(offset - coarse.back());
      }
      (void)node("Sub", {last_, row("input_offset", coarse)});
      if (std::ranges::any_of(fine, [](double x) { return x != 0; }))
        (void)node("Sub", {last_, row("input_offset", fine)});
      (void)node("Div", {last_, row("input_factor", scales.factor)});
    }
    entered_ = last_;
  }

  /// Back to the user's units.
  void leave(const SignalPath& path) {
    if (path.skip > 0) {
      const std::string output = last_;
      (void)node("Slice", {entered_, integers({0}), integers({path.skip}), integers({-1})});
      (void)node("Add", {output, last_});
    }
    const ColumnScales& scales = path.outputs;
    if (!scales.empty()) {
      (void)node("Mul", {last_, row("output_factor", scales.factor)});
      (void)node("Add", {last_, row("output_offset", scales.offset)});
      if (scales.any_logarithm()) {
        const std::string plain = last_;
        (void)node("Sub", {node("Exp", {plain}).output(0), row("one", {1})});
        (void)node("Where", {marks(scales.logarithm), last_, plain});
      }
    }
    if (path.output_gain != 1) (void)node("Mul", {last_, row("output_gain", {path.output_gain})});
  }

 private:
  std::string row(const char* name, const std::vector<double>& numbers) {
    return constant(name, make_array({static_cast<Index>(numbers.size())}, numbers));
  }
  std::string marks(const std::vector<bool>& which) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(fresh("logarithm"));
    tensor.add_dims(static_cast<std::int64_t>(which.size()));
    tensor.set_data_type(onnx::TensorProto::BOOL);
    for (const bool mark : which) tensor.add_int32_data(mark ? 1 : 0);
    return tensor.name();
  }

  std::string entered_ = "x";
};

}  // namespace recur::interop

#endif
