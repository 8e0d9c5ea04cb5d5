#include <recur/interop/torch/torch_activation.h>

#include <recur/framework/tensor/error.h>

#include <cmath>
#include <cstdlib>
#include <map>

namespace recur::interop {
namespace {

/// A function of Recur and the number that PyTorch's must have to be it.
struct Known {
  const char* name;
  const char* option = nullptr;
  double wanted = 0;
  double otherwise = 0;  ///< PyTorch's default.
};

const std::map<std::string, Known>& known_functions() {
  static const std::map<std::string, Known> known = {{"Tanh", {"tanh"}},
                                                     {"ReLU", {"relu"}},
                                                     {"ReLU6", {"relu6"}},
                                                     {"Sigmoid", {"sigmoid"}},
                                                     {"SiLU", {"silu"}},
                                                     {"Mish", {"mish"}},
                                                     {"SELU", {"selu"}},
                                                     {"Softsign", {"softsign"}},
                                                     {"LogSigmoid", {"log_sigmoid"}},
                                                     {"Hardsigmoid", {"hard_sigmoid_v3"}},
                                                     {"Hardswish", {"hard_silu"}},
                                                     {"Softmax", {"softmax"}},
                                                     {"LogSoftmax", {"log_softmax"}},
                                                     {"GELU", {"gelu"}},
                                                     {"ELU", {"elu", "alpha", 1, 1}},
                                                     {"CELU", {"celu", "alpha", 1, 1}},
                                                     {"Softplus", {"softplus", "beta", 1, 1}},
                                                     {"LeakyReLU", {"leaky_relu", "negative_slope", 0.2, 0.01}}};
  return known;
}

}  // namespace

std::optional<std::string> torch_activation(const TorchModule& module) {
  const auto at = known_functions().find(module.class_name);
  if (at == known_functions().end()) return std::nullopt;
  const Known& known = at->second;
  require<FormatError>(module.option("approximate", "'none'") == "'none'",
                       "describe_torch: '{}' is a GELU by tanh; Recur's is that of the error function", module.name);
  if (known.option != nullptr) {
    const std::string text = module.option(known.option, "");
    const double number = text.empty() ? known.otherwise : std::strtod(text.c_str(), nullptr);
    require<FormatError>(std::abs(number - known.wanted) < 1e-9,
                         "describe_torch: '{}' is a {} with {} = {}; Recur's has {}", module.name, module.class_name,
                         known.option, number, known.wanted);
  }
  return known.name;
}

bool does_nothing(const TorchModule& module) {
  return module.class_name == "Identity" || module.class_name.find("Dropout") != std::string::npos;
}

}  // namespace recur::interop
