#pragma once

#include <recur/framework/tensor/dtype.h>
#include <recur/framework/tensor/tensor.h>

#include <variant>
#include <vector>

namespace recur {

/// A `Tensor` whose number type is chosen at run time: what parameters, saved states and optimizer slots are made of.
/// What comes from a tape of duals holds duals; `value_of` and `tangent_of` (second_order.h) are its parts.
class Array {
 public:
  Array() = default;
  /// Zeros.
  Array(Shape shape, DType dtype);
  template <Scalar T>
  // NOLINTNEXTLINE(google-explicit-constructor): an Array is either of these tensors.
  Array(Tensor<T> tensor) : tensor_(std::move(tensor)) {}

  [[nodiscard]] Array clone() const;
  [[nodiscard]] const Shape& shape() const;
  [[nodiscard]] Index size() const { return shape().count(); }
  [[nodiscard]] DType dtype() const { return static_cast<DType>(tensor_.index()); }

  /// The tensor as the type it has. @throws StateError when it has the other.
  template <Scalar T>
  [[nodiscard]] Tensor<T>& as() {
    require<StateError>(dtype() == dtype_of<T>, "Array::as: holds {}, asked for {}", name(dtype()), name(dtype_of<T>));
    return *std::get_if<Tensor<T>>(&tensor_);
  }
  template <Scalar T>
  [[nodiscard]] const Tensor<T>& as() const {
    return const_cast<Array*>(this)->as<T>();
  }
  [[nodiscard]] void* data();
  [[nodiscard]] const void* data() const { return const_cast<Array*>(this)->data(); }

  /// Sets all elements to `value`, converted to the array's number type.
  void fill(double value);
  /// Copies all values, converting between number types. @throws ShapeError when the sizes differ.
  void assign(std::span<const double> values);
  void assign(std::span<const float> values);
  void assign(std::span<const Dual> values);
  void assign(const Array& other);
  [[nodiscard]] std::vector<double> to_doubles() const;

 private:
  std::variant<Tensor<float>, Tensor<double>, Tensor<Dual>> tensor_;  // in the order of DType
};

}  // namespace recur
