#pragma once

#include <recur/framework/simd/simd.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <type_traits>
#include <vector>

// Running functions of registers over arrays of numbers, for the tests of simd.h and simd_math.h.
namespace simd_sweep {

namespace simd = recur::simd;

using Types = std::tuple<float, double>;

template <class T>
using Limits = std::numeric_limits<T>;

/// Applies `function`, which takes and gives a register, to every element.
template <class T, class Function>
std::vector<T> evaluate(const std::vector<T>& x, Function function) {
  std::vector<T> y(x.size());
  constexpr std::ptrdiff_t width = simd::lanes<T>;
  const auto n = static_cast<std::ptrdiff_t>(x.size());
  for (std::ptrdiff_t i = 0; i < n; i += width) {
    const std::ptrdiff_t count = std::min(width, n - i);
    simd::store_partial<simd::Vec<T>>(y.data() + i, function(simd::load_partial(x.data() + i, count)), count);
  }
  return y;
}

template <class T, class Function>
T evaluate(T x, Function function) {
  return evaluate(std::vector<T>{x}, function)[0];
}

/// `count` numbers evenly from `low` to `high`, and as many evenly in the order of the bit patterns (so that every
/// power of two, also the denormals, gets its share).
template <class T>
std::vector<T> sweep(T low, T high, int count) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  const auto rank = [](T x) {  // a whole number that grows with x
    const auto bits = std::bit_cast<Bits>(x);
    return static_cast<long double>(bits >= 0 ? bits : -(bits & Limits<Bits>::max()));
  };
  const auto number = [](long double r) {
    const auto bits = static_cast<Bits>(std::fabs(r));
    return r >= 0 ? std::bit_cast<T>(bits) : -std::bit_cast<T>(bits);
  };
  std::vector<T> x;
  x.reserve(static_cast<std::size_t>(2 * count + 2));
  for (int i = 0; i <= count; ++i) {
    const long double t = static_cast<long double>(i) / count;
    x.push_back(static_cast<T>(low + t * (static_cast<long double>(high) - low)));
    x.push_back(number(rank(low) + t * (rank(high) - rank(low))));
  }
  return x;
}

template <class T>
void check_nan(T x, const char* what) {
  BOOST_TEST(std::isnan(x), what << " should be NaN, is " << x);
}

}  // namespace simd_sweep
