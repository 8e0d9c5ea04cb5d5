#pragma once

#include <recur/framework/tensor/dual.h>
#include <recur/framework/tensor/error.h>

#include <cstddef>
#include <type_traits>

namespace recur {

/// The number type of a tape, its values and the parameters used on it. Cells and layers work in all: float to train,
/// double to check gradients, dual for derivatives along a direction (second_order.h). Parameters are float or double.
enum class DType : unsigned char { float32, float64, dual };

template <class T>
concept Scalar = std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, Dual>;

/// The DType of a C++ type.
template <Scalar T>
inline constexpr DType dtype_of = std::is_same_v<T, float>    ? DType::float32
                                  : std::is_same_v<T, double> ? DType::float64
                                                              : DType::dual;

/// Returns the name of a number type: `float32`, `float64` or `dual`.
[[nodiscard]] constexpr const char* name(DType dtype) {
  return dtype == DType::float32 ? "float32" : dtype == DType::float64 ? "float64" : "dual";
}
/// Returns the bytes of one number.
[[nodiscard]] constexpr std::size_t size_of(DType dtype) {
  return dtype == DType::float32 ? sizeof(float) : dtype == DType::float64 ? sizeof(double) : sizeof(Dual);
}

/// The type in which long sums of T are accumulated.
template <Scalar T>
using SumOf = std::conditional_t<is_dual<T>, Dual, double>;

/// Calls `body.template operator()<T>()` with the C++ type of `dtype`: `dispatch(tape.dtype(), [&]<class T>() { … })`.
template <class Body>
decltype(auto) dispatch(DType dtype, Body&& body) {
  if (dtype == DType::float32) return body.template operator()<float>();
  if (dtype == DType::float64) return body.template operator()<double>();
  return body.template operator()<Dual>();
}

/// Calls `body.template operator()<T>()` with float or double, for parameters, which are never dual. Throws StateError
/// for `DType::dual`.
template <class Body>
decltype(auto) dispatch_real(DType dtype, Body&& body) {
  require<StateError>(dtype != DType::dual, "dispatch_real: dual numbers where float32 or float64 is expected");
  if (dtype == DType::float32) return body.template operator()<float>();
  return body.template operator()<double>();
}

}  // namespace recur
