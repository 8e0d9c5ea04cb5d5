#pragma once

// The register type of the pointwise kernels, on the vector extensions of GCC and clang. Elementary functions are in
// simd_math.h. Everything is always inlined: a function here never becomes a symbol of its own.

#include <recur/framework/tensor/dual.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

// A user may compile for another instruction set than the library was compiled for. What depends on the width lives in
// a namespace that has it in its name, so that the two never share a symbol.
#if defined(__AVX512F__)
#define RECUR_SIMD_WIDTH width64
#elif defined(__AVX__)
#define RECUR_SIMD_WIDTH width32
#else
#define RECUR_SIMD_WIDTH width16
#endif

namespace recur::simd {
inline namespace RECUR_SIMD_WIDTH {

#if defined(__AVX512F__)
inline constexpr std::size_t register_bytes = 64;
#elif defined(__AVX__)
inline constexpr std::size_t register_bytes = 32;
#else
inline constexpr std::size_t register_bytes = 16;
#endif

namespace detail {
template <class T>
struct Register {
  typedef T type __attribute__((vector_size(register_bytes)));  // NOLINT(modernize-use-using): attribute on a typedef.
};
/// A Dual is a register of its own, with one lane.
template <>
struct Register<Dual> {
  using type = Dual;
};
}  // namespace detail

/// One register of `T`. A value type with `+ - * /`, comparisons (which give a `Mask`) and `v[i]`, also against
/// scalars of the same type: `2.0F * v`.
template <class T>
using Vec = typename detail::Register<T>::type;

/// Number of `T` in a register.
template <class T>
inline constexpr std::ptrdiff_t lanes = is_dual<T> ? 1 : static_cast<std::ptrdiff_t>(register_bytes / sizeof(T));

/// `Vec<float>`, `Vec<double>` or `Dual`.
template <class V>
concept Vector = std::same_as<V, Vec<float>> || std::same_as<V, Vec<double>> || std::same_as<V, Dual>;

/// The number type of a register type.
template <Vector V>
using Element = std::remove_cvref_t<decltype(std::declval<V&>()[0])>;

/// What a comparison gives: all bits set in the lanes where it holds. Combine with `& | ^ ~`.
template <Vector V>
using Mask = decltype(std::declval<V>() < std::declval<V>());

/// Where both comparisons hold, and where one does: of masks, and of truth values where a register is one number.
template <class M>
[[nodiscard, gnu::always_inline]] constexpr M both(M a, M b) {
  if constexpr (std::is_same_v<M, bool>) return a && b;
  else return a & b;
}
template <class M>
[[nodiscard, gnu::always_inline]] constexpr M either(M a, M b) {
  if constexpr (std::is_same_v<M, bool>) return a || b;
  else return a | b;
}

/// The bit patterns of the lanes as unsigned integers of the same size.
template <Vector V>
using Bits = Vec<std::conditional_t<sizeof(Element<V>) == 4, std::uint32_t, std::uint64_t>>;

/// Bit pattern of a register read as another type of the same size.
template <class To, class From>
[[nodiscard, gnu::always_inline]] inline To bit_cast(From from) {
  return reinterpret_cast<To>(from);
}

/// All lanes equal to `value`.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V splat(Element<V> value) {
  return value - V{};  // not +, which would lose the sign of -0
}

/// The `lanes<T>` elements at `source`, which need not be aligned.
template <class T>
[[nodiscard, gnu::always_inline]] inline Vec<T> load(const T* source) {
  Vec<T> result;
  __builtin_memcpy(&result, source, sizeof(result));
  return result;
}

/// Writes all lanes to `target`, which need not be aligned.
template <Vector V>
[[gnu::always_inline]] inline void store(Element<V>* target, V value) {
  __builtin_memcpy(target, &value, sizeof(value));
}

/// The first `n` elements at `source` (0 <= n <= lanes) and zeros. Touches no memory past them.
template <class T>
[[nodiscard, gnu::always_inline]] inline Vec<T> load_partial(const T* source, std::ptrdiff_t n) {
#if defined(__AVX512F__)
  const unsigned mask = (1U << static_cast<unsigned>(n)) - 1U;
  if constexpr (sizeof(T) == 4) {
    return __builtin_ia32_loadups512_mask(source, Vec<T>{}, static_cast<unsigned short>(mask));
  } else {
    return __builtin_ia32_loadupd512_mask(source, Vec<T>{}, static_cast<unsigned char>(mask));
  }
#else
  T buffer[lanes<T>] = {};
  for (std::ptrdiff_t i = 0; i < n; ++i) buffer[i] = source[i];
  return load(buffer);
#endif
}

/// Writes the first `n` lanes to `target` (0 <= n <= lanes). Touches no memory past them.
template <Vector V>
[[gnu::always_inline]] inline void store_partial(Element<V>* target, V value, std::ptrdiff_t n) {
#if defined(__AVX512F__)
  const unsigned mask = (1U << static_cast<unsigned>(n)) - 1U;
  if constexpr (sizeof(Element<V>) == 4) {
    __builtin_ia32_storeups512_mask(target, value, static_cast<unsigned short>(mask));
  } else {
    __builtin_ia32_storeupd512_mask(target, value, static_cast<unsigned char>(mask));
  }
#else
  Element<V> buffer[lanes<Element<V>>];
  store(buffer, value);
  for (std::ptrdiff_t i = 0; i < n; ++i) target[i] = buffer[i];
#endif
}

/// `a` in the lanes where `mask` holds, `b` in the others.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V select(Mask<V> mask, V a, V b) {
  return mask ? a : b;
}

/// Returns `x` and hides from the optimizer where it came from.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V opaque(V x) {
#if defined(__x86_64__)
  asm("" : "+v"(x));
#endif
  return x;
}

/// The smaller of both; `b` when either is NaN.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V min(V a, V b) {
  a = opaque(a);  // GCC 12 makes two instructions of it, not one, when it sees a constant
  b = opaque(b);
  return a < b ? a : b;
}

/// The larger of both; `b` when either is NaN.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V max(V a, V b) {
  a = opaque(a);
  b = opaque(b);
  return a > b ? a : b;
}

/// `a * b + c`, rounded once where the processor can.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V multiply_add(V a, V b, V c) {
  return a * b + c;
}

/// Only the sign bit set.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline Bits<V> sign_bit() {
  return bit_cast<Bits<V>>(splat<V>(Element<V>{-0.0F}));
}

template <Vector V>
[[nodiscard, gnu::always_inline]] inline V abs(V x) {
  return bit_cast<V>(bit_cast<Bits<V>>(x) & ~sign_bit<V>());
}

/// The magnitude of `magnitude` with the sign of `sign`, also for zeros and NaNs.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V copysign(V magnitude, V sign) {
  const Bits<V> mask = sign_bit<V>();
  return bit_cast<V>((bit_cast<Bits<V>>(magnitude) & ~mask) | (bit_cast<Bits<V>>(sign) & mask));
}

/// Square root, correctly rounded; NaN below zero.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V sqrt(V x) {
#if defined(__AVX__)
  // As an instruction, because a loop over std::sqrt becomes one only without -fmath-errno.
  if constexpr (sizeof(Element<V>) == 4) {
    asm("vsqrtps %0, %0" : "+v"(x));
  } else {
    asm("vsqrtpd %0, %0" : "+v"(x));
  }
#elif defined(__x86_64__)
  if constexpr (sizeof(Element<V>) == 4) {
    asm("sqrtps %0, %0" : "+x"(x));
  } else {
    asm("sqrtpd %0, %0" : "+x"(x));
  }
#else
  for (std::ptrdiff_t i = 0; i < lanes<Element<V>>; ++i) x[i] = static_cast<Element<V>>(__builtin_sqrt(x[i]));
#endif
  return x;
}

/// Nearest whole number, halves to the even one.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V round(V x) {
  constexpr Element<V> whole = 1 / std::numeric_limits<Element<V>>::epsilon();  // no fractions from here on
  const V magnitude = abs(x);
  const V rounded = opaque(magnitude + whole) - whole;  // `opaque`, or -ffast-math would cancel them
  return select<V>(magnitude < whole, copysign(rounded, x), x);
}

/// Largest whole number that is not above x.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline V floor(V x) {
  const V rounded = round(x);
  return select<V>(rounded > x, rounded - 1, rounded);
}

/// Sum of the lanes, halves first: ((l0 + l8) + (l4 + l12)) + … The order is the same for every compiler.
template <Vector V>
[[nodiscard, gnu::always_inline]] inline Element<V> horizontal_sum(V x) {
  Element<V> part[lanes<Element<V>>];
  store(part, x);
  for (std::ptrdiff_t half = lanes<Element<V>> / 2; half > 0; half /= 2)
    for (std::ptrdiff_t i = 0; i < half; ++i) part[i] += part[i + half];
  return part[0];
}

}  // namespace RECUR_SIMD_WIDTH
}  // namespace recur::simd
