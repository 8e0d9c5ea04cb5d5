#ifdef RECUR_ONNX

#include <recur/interop/internal/onnx_recurrence.h>

#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/onnx_functions.h>

#include <algorithm>

namespace recur::interop {
namespace {

// ONNX has i, o, f, c and z, r, h.
GateOrder order_of(const std::string& kind) {
  return kind == "LSTM" ? GateOrder{0, 3, 1, 2} : (kind == "GRU" ? GateOrder{0, 1, 2} : GateOrder{0});
}

// The functions of a direction, in ONNX's order: of the gates, then of what they let through.
std::vector<std::string> functions_of(const LayerView& layer) {
  std::vector<std::string> functions;
  if (layer.class_name != "SimpleRNN") functions.push_back(layer.text("recurrent_activation", "sigmoid"));
  functions.push_back(layer.text("activation", "tanh"));
  if (layer.class_name == "LSTM") functions.push_back(functions.back());
  return functions;
}

class RecurrenceWriter {
 public:
  RecurrenceWriter(OnnxBuilder& to, std::span<const LayerView> directions)
      : to_(to), directions_(directions), layer_(directions[0]), kind_(layer_.class_name) {}

  OnnxRecurrence write(const std::string& input, std::span<const Array> begin, bool with_states) {
    const bool sequences = layer_.flag("return_sequences", false);
    const bool both = directions_.size() == 2;
    const Index units = layer_.weight("recurrent_kernel").shape()[0];
    const std::string& name = layer_.name;
    std::vector<std::string> inputs = {input, weights("kernel", name + ".W"), weights("recurrent_kernel", name + ".R"),
                                       layer_.has("bias") ? biases(name + ".B") : "", ""};
    if (with_states) add_states(units, inputs);
    else
      for (const Array& state : begin) inputs.push_back(repeated(state, input));
    onnx::NodeProto& node = to_.node(kind_ == "SimpleRNN" ? "RNN" : kind_.c_str(), inputs);
    node.set_name(name);
    node.clear_output();
    node.add_output(name + ".Y");
    node.add_output(name + (with_states ? ".h_out" : ".Y_h"));
    if (kind_ == "LSTM") node.add_output(name + (with_states ? ".c_out" : ".Y_c"));
    OnnxBuilder::set(node, "hidden_size", static_cast<std::int64_t>(units));
    OnnxBuilder::set(node, "direction",
                     both ? "bidirectional" : (layer_.flag("go_backwards", false) ? "reverse" : "forward"));
    if (kind_ == "GRU")
      OnnxBuilder::set(node, "linear_before_reset", std::int64_t{layer_.flag("reset_after", true) ? 1 : 0});
    add_functions(node);
    return {node.output(sequences ? 0 : 1), sequences};
  }

 private:
  // The arrays of all directions, one behind the other.
  std::string weights(const char* which, const std::string& name) {
    std::vector<double> all;
    std::vector<std::int64_t> sizes = {static_cast<std::int64_t>(directions_.size())};
    for (const LayerView& one : directions_) {
      const Array rows = columns_to_rows(one.weight(which), order_of(one.class_name));
      if (sizes.size() == 1) sizes.insert(sizes.end(), {rows.shape()[0], rows.shape()[1]});
      const std::vector<double> numbers = rows.to_doubles();
      all.insert(all.end(), numbers.begin(), numbers.end());
    }
    return to_.constant(name, make_array({static_cast<Index>(all.size())}, all), sizes);
  }

  std::string biases(const std::string& name) {
    std::vector<double> all;
    for (const LayerView& one : directions_) {
      const Array& bias = one.weight("bias");
      const bool two = bias.shape().rank() == 2;
      const Array none({bias.shape().cols()}, bias.dtype());
      for (const Index row : {Index{0}, Index{1}}) {
        const Array part = two ? row_of(bias, row) : (row == 0 ? bias.clone() : none.clone());
        const std::vector<double> numbers = move_blocks(part, order_of(one.class_name)).to_doubles();
        all.insert(all.end(), numbers.begin(), numbers.end());
      }
    }
    const auto count = static_cast<std::int64_t>(directions_.size());
    return to_.constant(name, make_array({static_cast<Index>(all.size())}, all),
                        {count, static_cast<std::int64_t>(all.size()) / count});
  }

  void add_states(Index units, std::vector<std::string>& inputs) {
    for (const char* which : {".h", ".c"}) {
      if (kind_ != "LSTM" && which[1] == 'c') continue;
      const std::string name = layer_.name + which;
      OnnxBuilder::add_value(*to_.graph().add_input(), name, false, {1, -1, units});
      OnnxBuilder::add_value(*to_.graph().add_output(), name + "_out", false, {1, -1, units});
      inputs.push_back(name);
    }
  }

  // The numbers for each sequence of the batch.
  std::string repeated(const Array& state, const std::string& input) {
    const std::string shape = to_.node("Shape", {input}).output(0);
    const std::string batch = to_.node("Slice", {shape, to_.integers({1}), to_.integers({2})}).output(0);
    onnx::NodeProto& sizes = to_.node("Concat", {to_.integers({1}), batch, to_.integers({state.size()})});
    OnnxBuilder::set(sizes, "axis", std::int64_t{0});
    const std::string row = to_.constant(layer_.name + ".begin", state, {1, 1, state.size()});
    return to_.node("Expand", {row, sizes.output(0)}).output(0);
  }

  void add_functions(onnx::NodeProto& node) const {
    onnx::AttributeProto names;
    onnx::AttributeProto alphas;
    onnx::AttributeProto betas;
    for (const LayerView& one : directions_)
      for (const std::string& activation : functions_of(one)) {
        const auto function = onnx_gate_function(activation);
        require<ValueError>(function.has_value(),
                            "write_onnx: layer '{}' has the activation '{}', which ONNX has no name for", one.name,
                            activation);
        names.add_strings(function->name);
        if (function->alpha) alphas.add_floats(*function->alpha);
        if (function->beta) betas.add_floats(*function->beta);
      }
    const auto put = [&](onnx::AttributeProto& attribute, const char* key, onnx::AttributeProto::AttributeType type) {
      attribute.set_name(key);
      attribute.set_type(type);
      *node.add_attribute() = attribute;
    };
    put(names, "activations", onnx::AttributeProto::STRINGS);
    if (alphas.floats_size() > 0) put(alphas, "activation_alpha", onnx::AttributeProto::FLOATS);
    if (betas.floats_size() > 0) put(betas, "activation_beta", onnx::AttributeProto::FLOATS);
  }

  OnnxBuilder& to_;
  std::span<const LayerView> directions_;
  const LayerView& layer_;
  const std::string& kind_;
};

}  // namespace

bool has_onnx_operator(const LayerView& layer) {
  const std::string& kind = layer.class_name;
  if (kind != "LSTM" && kind != "GRU" && kind != "SimpleRNN") return false;
  const auto clip = layer.config.find("cell_clip");
  if (clip != layer.config.end() && *clip != 0.0) return false;
  const auto functions = functions_of(layer);
  return std::ranges::all_of(functions, [](const std::string& f) { return onnx_gate_function(f).has_value(); });
}

OnnxRecurrence add_onnx_operator(OnnxBuilder& to, std::span<const LayerView> directions, const std::string& input,
                                 std::span<const Array> begin, bool with_states) {
  return RecurrenceWriter(to, directions).write(input, begin, with_states);
}

}  // namespace recur::interop

#endif
