#pragma once

#include <recur/framework/autodiff/var.h>
#include <recur/framework/tensor/shape.h>

#include <string>
#include <vector>

namespace recur::interop {

/// How the columns of a file's numbers become those of a model: s = (x - offset) / factor, of ln(1 + x) in place of x
/// where `logarithm` is set. Empty: as they are.
struct ColumnScales {
  std::vector<double> offset{}, factor{};
  std::vector<bool> logarithm{};

  [[nodiscard]] bool empty() const { return offset.empty(); }
  void add(double column_offset, double column_factor, bool column_logarithm);
  [[nodiscard]] bool any_logarithm() const;
};

/// What lies around the layers of a model: with x' = input_gain·x scaled, y = output_gain·(model(x') + first `skip`
/// channels of x'), brought back to its units.
struct SignalPath {
  double input_gain = 1;
  double output_gain = 1;
  Index skip = 0;  ///< Channels of the input that are added to the output.
  ColumnScales inputs{}, outputs{};

  [[nodiscard]] bool scaled() const { return !inputs.empty() || !outputs.empty(); }
  [[nodiscard]] bool has_gains() const { return input_gain != 1 || output_gain != 1; }
  [[nodiscard]] bool plain() const { return skip == 0 && !has_gains() && !scaled(); }
};

/// Throws ValueError, beginning with `where`, for a path that is not plain: the format has no place for it.
void require_plain(const SignalPath& path, const char* where);

/// Returns what the model sees of an input `[…, features]` in the user's units.
[[nodiscard]] Var enter(const SignalPath& path, Var x);
/// Returns the output in the user's units. @param entered what `enter` gave
[[nodiscard]] Var leave(const SignalPath& path, Var y, Var entered);

}  // namespace recur::interop
