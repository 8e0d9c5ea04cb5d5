#ifdef RECUR_ONNX

#include <recur/framework/tensor/error.h>
#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/onnx_functions.h>

#include <algorithm>
#include <array>
#include <map>

namespace recur::interop {
namespace {

constexpr double half_sqrt_2 = 0.70710678118654752;

// Functions that are one operator.
const std::map<std::string_view, OnnxFunction> operators = {{"negate", {"Neg"}},
                                                            {"exp", {"Exp"}},
                                                            {"exponential", {"Exp"}},
                                                            {"log", {"Log"}},
                                                            {"sqrt", {"Sqrt"}},
                                                            {"round", {"Round"}},
                                                            {"abs", {"Abs"}},
                                                            {"tanh", {"Tanh"}},
                                                            {"sigmoid", {"Sigmoid"}},
                                                            {"hard_sigmoid", {"HardSigmoid", 0.2F, 0.5F}},
                                                            {"hard_sigmoid_v3", {"HardSigmoid", 1.0F / 6, 0.5F}},
                                                            {"relu", {"Relu"}},
                                                            {"softplus", {"Softplus"}},
                                                            {"softsign", {"Softsign"}},
                                                            {"leaky_relu", {"LeakyRelu", 0.2F}},
                                                            {"elu", {"Elu", 1.0F}},
                                                            {"celu", {"Elu", 1.0F}},
                                                            {"selu", {"Selu"}},
                                                            {"pow", {"Pow"}},
                                                            {"add", {"Add"}},
                                                            {"subtract", {"Sub"}},
                                                            {"multiply", {"Mul"}},
                                                            {"divide", {"Div"}},
                                                            {"min", {"Min"}},
                                                            {"max", {"Max"}}};

/// The nodes of functions that are several operators, or an operator that takes and gives other types.
class FunctionWriter {
 public:
  FunctionWriter(OnnxBuilder& to, std::span<const OnnxArgument> arguments) : to_(to) {
    for (const OnnxArgument& argument : arguments)
      values_.push_back(argument.number ? number(*argument.number) : argument.value);
  }

  /// Returns the value; empty for a function that is not known.
  [[nodiscard]] std::string write(std::string_view name) {
    const std::string& x = values_[0];
    if (name == "linear") return x;
    if (name == "square") return op("Mul", {x, x});
    if (name == "relu6") return op("Min", {op("Relu", {x}), number(6)});
    if (name == "silu") return op("Mul", {x, op("Sigmoid", {x})});
    if (name == "hard_silu") return op("Mul", {x, function("hard_sigmoid_v3", x)});
    if (name == "mish") return op("Mul", {x, op("Tanh", {op("Softplus", {x})})});
    if (name == "log_sigmoid") return op("Neg", {op("Softplus", {op("Neg", {x})})});
    if (name == "gelu") {
      const std::string error = op("Erf", {op("Mul", {x, number(half_sqrt_2)})});
      return op("Mul", {op("Mul", {x, number(0.5)}), op("Add", {error, number(1)})});
    }
    if (name == "greater") return cast(op("Greater", {x, values_[1]}), onnx::TensorProto::FLOAT);
    if (name == "where") return op("Where", {cast(x, onnx::TensorProto::BOOL), values_[1], values_[2]});
    return {};
  }
  [[nodiscard]] std::string write(const OnnxFunction& function) {
    onnx::NodeProto& added = to_.node(function.name, values_);
    if (function.alpha) OnnxBuilder::set(added, "alpha", *function.alpha);
    if (function.beta) OnnxBuilder::set(added, "beta", *function.beta);
    return added.output(0);
  }

 private:
  std::string number(double x) { return to_.constant("number", make_array({1}, std::array{x})); }
  std::string op(const char* name, const std::vector<std::string>& inputs) { return to_.node(name, inputs).output(0); }
  std::string function(const char* name, const std::string& x) {
    const OnnxArgument argument{x};
    return add_function(to_, name, std::span(&argument, 1));
  }
  std::string cast(const std::string& x, onnx::TensorProto::DataType type) {
    onnx::NodeProto& added = to_.node("Cast", {x});
    OnnxBuilder::set(added, "to", static_cast<std::int64_t>(type));
    return added.output(0);
  }

  OnnxBuilder& to_;
  std::vector<std::string> values_;
};

}  // namespace

std::optional<OnnxFunction> onnx_gate_function(std::string_view activation) {
  constexpr std::array<std::string_view, 8> of_gates = {"Tanh",     "Sigmoid",     "Relu", "Softsign",
                                                        "Softplus", "HardSigmoid", "Elu",  "LeakyRelu"};
  if (activation == "linear") return OnnxFunction{"Affine", 1.0F, 0.0F};
  const auto at = operators.find(activation);
  if (at == operators.end() || std::ranges::find(of_gates, at->second.name) == of_gates.end()) return std::nullopt;
  return at->second;
}

std::string add_function(OnnxBuilder& to, std::string_view name, std::span<const OnnxArgument> arguments) {
  const auto at = operators.find(name);
  if (at == operators.end()) {
    std::string value = FunctionWriter(to, arguments).write(name);
    require<ValueError>(!value.empty(), "write_onnx: the function '{}' of a fused expression has no form in ONNX",
                        name);
    return value;
  }
  OnnxFunction function = at->second;
  if (function.alpha && !function.beta && arguments.size() == 2) {  // leaky_relu and elu with a slope of their own
    require<ValueError>(arguments[1].number.has_value(), "write_onnx: the slope of '{}' is not a number", name);
    function.alpha = static_cast<float>(*arguments[1].number);
    arguments = arguments.first(1);
  }
  return FunctionWriter(to, arguments).write(function);
}

}  // namespace recur::interop

#endif
