#pragma once

#include <recur/framework/error.h>

#include <cstddef>
#include <type_traits>

namespace recur {

/// The number type of a tape, its values and the parameters used on it. Cells and layers are written once and run in
/// either: float to train, double to check gradients.
enum class DType : unsigned char { float32, float64 };

template <class T>
concept Scalar = std::is_same_v<T, float> || std::is_same_v<T, double>;

template <Scalar T>
inline constexpr DType dtype_of = std::is_same_v<T, float> ? DType::float32 : DType::float64;

[[nodiscard]] constexpr const char* name(DType dtype) { return dtype == DType::float32 ? "float32" : "float64"; }
[[nodiscard]] constexpr std::size_t size_of(DType dtype) {
  return dtype == DType::float32 ? sizeof(float) : sizeof(double);
}

/// Calls `body.template operator()<T>()` with the C++ type of `dtype`: `dispatch(tape.dtype(), [&]<class T>() { … })`.
template <class Body>
decltype(auto) dispatch(DType dtype, Body&& body) {
  if (dtype == DType::float32) return body.template operator()<float>();
  return body.template operator()<double>();
}

}  // namespace recur
