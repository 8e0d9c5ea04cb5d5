#include <recur/framework/tensor/array.h>

namespace recur {
namespace {

template <class From>
void copy_values(Array& to, std::span<const From> from) {
  require(static_cast<Index>(from.size()) == to.size(), "Array::assign: {} values for shape {}", from.size(),
          to.shape());
  dispatch(to.dtype(), [&]<class T>() {
    std::transform(from.begin(), from.end(), to.as<T>().data(), [](From value) { return static_cast<T>(value); });
  });
}

}  // namespace

Array::Array(Shape shape, DType dtype) {
  dispatch(dtype, [&]<class T>() { tensor_ = Tensor<T>(shape); });
}

Array Array::clone() const {
  return dispatch(dtype(), [&]<class T>() { return Array(as<T>().clone()); });
}

const Shape& Array::shape() const {
  return std::visit([](const auto& tensor) -> const Shape& { return tensor.shape(); }, tensor_);
}

void* Array::data() {
  return std::visit([](auto& tensor) -> void* { return tensor.data(); }, tensor_);
}

void Array::fill(double value) {
  dispatch(dtype(), [&]<class T>() { as<T>().fill(static_cast<T>(value)); });
}

void Array::assign(std::span<const double> values) { copy_values(*this, values); }
void Array::assign(std::span<const float> values) { copy_values(*this, values); }
void Array::assign(std::span<const Dual> values) { copy_values(*this, values); }
void Array::assign(const Array& other) {
  dispatch(other.dtype(), [&]<class T>() { copy_values<T>(*this, other.as<T>().values()); });
}

std::vector<double> Array::to_doubles() const {
  return dispatch(dtype(), [&]<class T>() {
    std::vector<double> result;
    result.reserve(static_cast<std::size_t>(size()));
    for (const T value : as<T>().values()) result.push_back(static_cast<double>(value));
    return result;
  });
}

}  // namespace recur
