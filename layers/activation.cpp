#include <recur/layers/activation.h>

#include <recur/framework/ops/softmax.h>
#include <recur/layers/fused_activations.h>

#include <algorithm>
#include <array>

namespace recur {
namespace {

// By Kind.
constexpr std::array<std::string_view, 21> known_names = {
    "linear", "tanh", "sigmoid",  "hard_sigmoid", "hard_sigmoid_v3", "relu",    "leaky_relu",
    "elu",    "selu", "softplus", "softsign",     "exponential",     "silu",    "hard_silu",
    "relu6",  "celu", "gelu",     "mish",         "log_sigmoid",     "softmax", "log_softmax"};

}  // namespace

Activation::Activation(std::string_view name) : kind_(linear) {
  const std::string_view wanted = name == "swish" ? "silu" : name == "hard_swish" ? "hard_silu" : name;
  const auto* const found = std::find(known_names.begin(), known_names.end(), wanted);
  if (found == known_names.end()) {
    std::string known;
    for (const std::string_view n : known_names) known += (known.empty() ? "" : ", ") + std::string(n);
    fail<ValueError>("Activation: '{}' is not known (known: {})", name, known);
  }
  kind_ = static_cast<Kind>(found - known_names.begin());
}

std::string_view Activation::name() const { return known_names[static_cast<std::size_t>(kind_)]; }
std::span<const std::string_view> Activation::names() { return known_names; }

Var Activation::operator()(Var x, Var place) const {
  if (kind_ == linear) return x;
  if (kind_ == tanh)
    return fuse(
        into(place), [](auto z) { return recur::tanh(z); }, x);
  if (kind_ == softmax) return recur::softmax(x);
  if (kind_ == log_softmax) return recur::log_softmax(x);
  const int kind = kind_;
  return fuse(
      into(place), [kind](auto z) { return map<fn::Activate>(z, kind); }, x);
}

}  // namespace recur
