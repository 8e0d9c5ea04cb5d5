#pragma once

#ifdef RECUR_ONNX

#include <recur/interop/internal/onnx_builder.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace recur::interop {

/// An operator of ONNX with the numbers that it must be told: runtimes differ in their defaults.
struct OnnxFunction {
  const char* name;
  std::optional<float> alpha{}, beta{};
};

/// Returns the function of a gate for an activation, as the recurrent operators name it; none if they know no such
/// function.
[[nodiscard]] std::optional<OnnxFunction> onnx_gate_function(std::string_view activation);

/// An argument of a function: a value of the graph, or a number.
struct OnnxArgument {
  std::string value{};
  std::optional<double> number{};
};

/// Adds the nodes of a function of fused expressions, or of an activation, and returns the value that it gives.
/// Throws ValueError for a function that is not of the library.
[[nodiscard]] std::string add_function(OnnxBuilder& to, std::string_view name, std::span<const OnnxArgument> arguments);

}  // namespace recur::interop

#endif
