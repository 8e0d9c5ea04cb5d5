#pragma once

#include <recur/framework/autodiff/var.h>

#include <span>
#include <string>
#include <string_view>

namespace recur {

/// A pointwise function chosen by its Keras name: `Activation("tanh")`, or by assignment in options, `.activation =
/// "relu"`. Names: linear, tanh, sigmoid, hard_sigmoid (r1.15: clip(0.2x + 0.5, 0, 1)), hard_sigmoid_v3 (Keras 3:
/// clip(x/6 + 0.5, 0, 1)), relu, relu6, leaky_relu (slope 0.2), elu, celu (equal to elu), selu, softplus, softsign,
/// exponential, silu, hard_silu, gelu (by the error function), mish, log_sigmoid. Layers, but not gates, also take
/// softmax and log_softmax over the last axis.
class Activation {
 public:
  enum Kind : int {
    linear,
    tanh,
    sigmoid,
    hard_sigmoid,
    hard_sigmoid_v3,
    relu,
    leaky_relu,
    elu,
    selu,
    softplus,
    softsign,
    exponential,
    silu,
    hard_silu,
    relu6,
    celu,
    gelu,
    mish,
    log_sigmoid,
    softmax,
    log_softmax
  };

  Activation(Kind kind = linear) : kind_(kind) {}  // NOLINT(google-explicit-constructor): a kind is an activation.
  /// Throws ValueError, with the known names, if the name is unknown.
  Activation(std::string_view name);  // NOLINT(google-explicit-constructor): so is its name.
  Activation(const char* name) : Activation(std::string_view(name)) {}         // NOLINT(google-explicit-constructor)
  Activation(const std::string& name) : Activation(std::string_view(name)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] std::string_view name() const;
  /// Returns all known names.
  [[nodiscard]] static std::span<const std::string_view> names();
  /// Applies the function to a value.
  [[nodiscard]] Var operator()(Var x) const { return (*this)(x, Var()); }
  /// Applies the function to a value. The result of a pointwise function lies in `place`, unless that is undefined.
  [[nodiscard]] Var operator()(Var x, Var place) const;
  /// Returns true if every element is computed by itself: false for softmax and log_softmax.
  [[nodiscard]] bool is_pointwise() const { return kind_ != softmax && kind_ != log_softmax; }
  friend bool operator==(const Activation&, const Activation&) = default;

 private:
  Kind kind_;
};

}  // namespace recur
