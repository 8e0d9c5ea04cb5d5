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

/// Something learned: a named array and its gradient. Parameters own their memory; a tape only refers to it.
class Parameter {
 public:
  /// A name without shape: `create` gives it one when the layer knows its input.
  explicit Parameter(std::string name = "parameter") : name_(std::move(name)) {}
  /// Copies name, value and options; the gradient begins at zero. Explicit, so that `auto p = layer.kernel;` does not copy by mistake,
  /// while a class that holds parameters can be copied.
  explicit Parameter(const Parameter& other)
      : trainable(other.trainable), constraint(other.constraint), l1(other.l1), l2(other.l2), name_(other.name_) {
    if (!other.created()) return;
    create(other.shape(), other.dtype());
    value_.assign(other.value_);
  }
  Parameter(Parameter&&) = default;
  Parameter& operator=(Parameter&&) = default;
  ~Parameter() = default;

  /// Allocates value and gradient, both zeros.
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
  /// Access that may change the value: whatever was derived from it (packed copies) is made anew at the next use.
  [[nodiscard]] Array& edit() {
    version_ = new_version();
    return value_;
  }
  /// Grows whenever the value may have changed; 0 before `create`. No two parameters get the same, so that what was derived from
  /// one is not taken for another's that comes to lie in its place.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// Returns what was derived from the value; null before `create`. All tapes share it.
  [[nodiscard]] detail::Derived* derived() const { return derived_.get(); }

  /// d loss / d value, added to by every backward pass until `zero_gradient`. An element to which nothing was added is -0, which
  /// any sum turns into another number: so a gradient of 0 differs from none.
  Array gradient;
  /// Whether backward passes compute a gradient and optimizers change the value.
  bool trainable = true;
  /// Applied by optimizers after each update (max norm, non-negative …); may be empty.
  std::function<void(Array&)> constraint;
  /// Factors of the penalty l1·Σ|value| + l2·Σvalue² that `penalty` (layers/regularizers.h) adds to a loss.
  double l1 = 0;
  double l2 = 0;

  void zero_gradient() { gradient.fill(-0.0); }
  /// Returns false if no backward pass has added to the gradient since `zero_gradient`: no loss depended on the parameter.
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

/// Collects parameters with their paths. A layer lists its own in one member:
/// `void visit(ParameterVisitor& v) { v(kernel, bias); }`, and those of parts under a name: `v.in("cell", cell_)`.
class ParameterVisitor {
 public:
  template <class... P>
  void operator()(P&... parameters) {
    (add(parameters), ...);
  }
  /// Visits a part of the model, its parameters' paths preceded by `name/`.
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

/// All created parameters below `part`, in the order it visits them.
template <class Part>
[[nodiscard]] std::vector<NamedParameter> parameters(Part& part) {
  ParameterVisitor visitor;
  part.visit(visitor);
  return visitor.take();
}

}  // namespace recur
