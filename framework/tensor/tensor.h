#pragma once

#include <recur/framework/tensor/matrix_view.h>
#include <recur/framework/tensor/memory.h>
#include <recur/framework/tensor/shape.h>

#include <algorithm>
#include <cassert>
#include <memory>
#include <new>
#include <span>

namespace recur {

/// Alignment of buffers: a cache line, whatever the vector width of the machine.
inline constexpr std::size_t buffer_alignment = 64;

/// A dense row-major array that owns its memory: `Tensor<float>({time, batch, features})`. Moving is cheap. Copying is
/// spelled `clone()`.
template <class T>
class Tensor {
 public:
  Tensor() = default;
  /// Makes an array of zeros.
  explicit Tensor(Shape shape) : shape_(shape), data_(allocate(shape.count())) {
    std::fill_n(data_.get(), size(), T{});
  }
  /// Throws ShapeError unless there is one value for each element.
  Tensor(Shape shape, std::span<const T> values) : shape_(shape), data_(allocate(shape.count())) {
    require(static_cast<Index>(values.size()) == shape.count(), "Tensor: {} values for shape {}, which has {}",
            values.size(), shape, shape.count());
    std::copy(values.begin(), values.end(), data_.get());
  }
  Tensor(Shape shape, std::initializer_list<T> values) : Tensor(shape, std::span(values.begin(), values.size())) {}
  Tensor(Tensor&& other) noexcept : shape_(std::exchange(other.shape_, Shape{0})), data_(std::move(other.data_)) {}
  Tensor& operator=(Tensor&& other) noexcept {
    shape_ = std::exchange(other.shape_, Shape{0});
    data_ = std::move(other.data_);
    return *this;
  }
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;
  ~Tensor() = default;
  [[nodiscard]] Tensor clone() const { return Tensor(shape_, values()); }

  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] Index size() const { return shape_.count(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// Return the elements in row-major order.
  [[nodiscard]] T* data() { return data_.get(); }
  [[nodiscard]] const T* data() const { return data_.get(); }
  [[nodiscard]] std::span<T> values() { return {data_.get(), static_cast<std::size_t>(size())}; }
  [[nodiscard]] std::span<const T> values() const { return {data_.get(), static_cast<std::size_t>(size())}; }

  /// Returns the element at one index per axis. Bounds are asserted in debug builds.
  template <class... I>
  [[nodiscard]] T& operator()(I... index) {
    return data_[offset({static_cast<Index>(index)...})];
  }
  template <class... I>
  [[nodiscard]] const T& operator()(I... index) const {
    return data_[offset({static_cast<Index>(index)...})];
  }

  /// Returns the array as a matrix: all axes but the last are rows.
  [[nodiscard]] MatrixView<T> matrix() { return {data(), shape_.rows(), shape_.cols()}; }
  [[nodiscard]] MatrixView<const T> matrix() const { return {data(), shape_.rows(), shape_.cols()}; }
  /// Returns the part at position `index` of the first axis as a matrix: step t of a `[time, batch, features]`
  /// sequence. Throws ShapeError for a scalar or an index past the end.
  [[nodiscard]] MatrixView<T> slice(Index index) { return part<T>(data(), index); }
  [[nodiscard]] MatrixView<const T> slice(Index index) const { return part<const T>(data(), index); }
  /// Changes the shape and keeps the elements. Throws ShapeError if the number of elements differs.
  Tensor& reshape(Shape shape) {
    require(shape.count() == size(), "Tensor::reshape: {} to {}: {} elements cannot become {}", shape_, shape, size(),
            shape.count());
    shape_ = shape;
    return *this;
  }
  void fill(T value) { std::fill_n(data_.get(), size(), value); }

 private:
  static detail::Buffer<T> allocate(Index count) {
    static_assert(std::is_trivially_copyable_v<T>, "Tensor holds plain numbers");
    return detail::allocate_buffer<T>(static_cast<std::size_t>(count), buffer_alignment);
  }
  [[nodiscard]] std::size_t offset(std::initializer_list<Index> index) const {
    assert(static_cast<int>(index.size()) == shape_.rank());
    Index at = 0;
    int axis = 0;
    for (const Index i : index) {
      assert(i >= 0 && i < shape_[axis]);
      at = at * shape_.sizes()[static_cast<std::size_t>(axis++)] + i;
    }
    return static_cast<std::size_t>(at);
  }
  template <class U>
  [[nodiscard]] MatrixView<U> part(U* begin, Index index) const {
    require(shape_.rank() >= 1 && index >= 0 && index < shape_[0], "Tensor::slice: index {} on the first axis of {}",
            index, shape_);
    const Shape rest = shape_.without(0);
    return {begin + index * rest.count(), rest.rows(), rest.cols()};
  }

  Shape shape_{0};
  detail::Buffer<T> data_;
};

}  // namespace recur
