#pragma once

#include <recur/framework/tensor/array.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace recur {

namespace detail {

/// What is computed from the value of a parameter and kept with it: packed copies (autodiff/products.cpp).
struct Derived;
[[nodiscard]] std::shared_ptr<Derived> new_derived(DType dtype);

}  // namespace detail

/// A named array that is learned, and its gradient. Parameters own their memory; a tape refers to it.
class Parameter {
 public:
  /// Makes a parameter without shape. A layer calls `create` when it knows its input.
  explicit Parameter(std::string name = "parameter") : name_(std::move(name)) {}
  /// Copies name, value and options; the gradient begins at zero. Explicit, so that `auto p = layer.kernel;` does not
  /// copy by mistake, while a class that holds parameters can be copied.
  explicit Parameter(const Parameter& other)
      : trainable(other.trainable), constraint(other.constraint), l1(other.l1), l2(other.l2), name_(other.name_) {
    if (!other.created()) return;
    create(other.shape(), other.dtype());
    value_.assign(other.value_);
  }
  Parameter(Parameter&&) = default;
  Parameter& operator=(Parameter&&) = default;
  ~Parameter() = default;

  /// Allocates value and gradient, both zero.
  void create(Shape shape, DType dtype) {
    value_ = Array(shape, dtype);
    gradient = Array(shape, dtype);
    zero_gradient();
    version_ = new_version();
    derived_ = detail::new_derived(dtype);
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool created() const { return version_ != 0; }
  [[nodiscard]] const Shape& shape() const { return value_.shape(); }
  [[nodiscard]] DType dtype() const { return value_.dtype(); }
  [[nodiscard]] Index size() const { return value_.size(); }

  [[nodiscard]] const Array& value() const { return value_; }
  /// Returns the value for writing. Packed copies of the value are made again at the next use.
  [[nodiscard]] Array& edit() {
    version_ = new_version();
    return value_;
  }
  /// Returns a number that changes whenever the value may have changed; 0 before `create`. No two parameters have one
  /// number, so data derived from a destroyed parameter are not used for another one at its address.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// Returns what was derived from the value; null before `create`. All tapes share it.
  [[nodiscard]] detail::Derived* derived() const { return derived_.get(); }

  /// d loss / d value. Every backward pass adds to it until `zero_gradient`. Elements begin as -0, which any addition
  /// changes, so that a gradient of 0 differs from no gradient.
  Array gradient;
  /// If false, backward passes compute no gradient and optimizers do not change the value.
  bool trainable = true;
  /// Optimizers call it after each update, to enforce a constraint such as a maximal norm. May be empty.
  std::function<void(Array&)> constraint;
  /// Factors of the penalty l1·Σ|value| + l2·Σvalue² that `penalty` (layers/regularizers.h) adds to a loss.
  double l1 = 0;
  double l2 = 0;

  /// Sets the gradient to "none": -0 in every element.
  void zero_gradient() { gradient.fill(-0.0); }
  /// Returns false if no backward pass has added to the gradient since `zero_gradient`.
  [[nodiscard]] bool has_gradient() const {
    return dispatch_real(gradient.dtype(), [this]<class T>() {
      const auto values = gradient.as<T>().values();
      return std::any_of(values.begin(), values.end(), [](T value) { return value != 0 || !std::signbit(value); });
    });
  }

 private:
  [[nodiscard]] static std::uint64_t new_version() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }

  std::string name_;
  Array value_;
  std::uint64_t version_ = 0;
  std::shared_ptr<detail::Derived> derived_;
};

/// A parameter and its place in the model: `rnn/cells/0/recurrent_kernel`.
struct NamedParameter {
  std::string path;
  Parameter* parameter;
};

/// Collects parameters with their paths. A layer has a member `void visit(ParameterVisitor& v) { v(kernel, bias); }`.
/// Parts are visited under a name: `v.in("cell", cell_)`.
class ParameterVisitor {
 public:
  template <class... P>
  void operator()(P&... parameters) {
    (add(parameters), ...);
  }
  /// Visits a part of the model. Paths of its parameters begin with `name/`.
  template <class Part>
  void in(const std::string& name, Part& part) {
    const auto length = prefix_.size();
    prefix_ += name + "/";
    part.visit(*this);
    prefix_.resize(length);
  }
  [[nodiscard]] std::vector<NamedParameter> take() { return std::move(found_); }

 private:
  void add(Parameter& parameter) {
    if (parameter.created()) found_.push_back({prefix_ + parameter.name(), &parameter});
  }
  std::string prefix_;
  std::vector<NamedParameter> found_;
};

/// Returns all created parameters of `part` in the order of its `visit`. Layers that were not built have none.
template <class Part>
[[nodiscard]] std::vector<NamedParameter> parameters(Part& part) {
  ParameterVisitor visitor;
  part.visit(visitor);
  return visitor.take();
}

}  // namespace recur
