#pragma once

#include <recur/framework/tensor/dtype.h>
#include <recur/framework/tensor/tensor.h>

#include <variant>
#include <vector>

namespace recur {

/// A `Tensor` whose number type is chosen at run time. Parameters, saved states and optimizer slots are Arrays. Values
/// copied from a tape of duals hold duals; `value_of` and `tangent_of` (second_order.h) return their parts.
class Array {
 public:
  Array() = default;
  /// Makes an array of zeros.
  Array(Shape shape, DType dtype);
  template <Scalar T>
  // NOLINTNEXTLINE(google-explicit-constructor): an Array is either of these tensors.
  Array(Tensor<T> tensor) : tensor_(std::move(tensor)) {}

  [[nodiscard]] Array clone() const;
  [[nodiscard]] const Shape& shape() const;
  [[nodiscard]] Index size() const { return shape().count(); }
  [[nodiscard]] DType dtype() const { return static_cast<DType>(tensor_.index()); }

  /// Returns the array as a Tensor of its number type. Throws StateError if T is another type.
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
  /// Copies all values, converting between number types. Throws ShapeError if the number of elements differs.
  void assign(std::span<const double> values);
  void assign(std::span<const float> values);
  void assign(std::span<const Dual> values);
  void assign(const Array& other);
  [[nodiscard]] std::vector<double> to_doubles() const;

 private:
  std::variant<Tensor<float>, Tensor<double>, Tensor<Dual>> tensor_;  // in the order of DType
};

}  // namespace recur
