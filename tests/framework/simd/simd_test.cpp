#include <recur/framework/simd/simd.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "simd_sweep.h"

namespace {

namespace simd = recur::simd;
using namespace simd_sweep;

const auto sqrt_of = [](auto x) { return simd::sqrt(x); };
const auto round_of = [](auto x) { return simd::round(x); };
const auto floor_of = [](auto x) { return simd::floor(x); };

}  // namespace

BOOST_AUTO_TEST_SUITE(simd_test)

BOOST_AUTO_TEST_CASE_TEMPLATE(loads_and_stores_touch_exactly_n_elements, T, Types) {
  constexpr std::ptrdiff_t width = simd::lanes<T>;
  std::vector<T> source(static_cast<std::size_t>(3 * width));
  std::iota(source.begin(), source.end(), T{1});
  for (std::ptrdiff_t offset = 0; offset < width; ++offset) {
    const auto whole = simd::load(source.data() + offset);
    for (std::ptrdiff_t i = 0; i < width; ++i) BOOST_TEST(whole[i] == static_cast<T>(offset + i + 1));
    for (std::ptrdiff_t n = 0; n <= width; ++n) {
      // A vector of exactly n elements, so that a sanitizer sees a read past them.
      const std::vector<T> exact(source.begin(), source.begin() + n);
      const auto part = simd::load_partial(exact.data(), n);
      for (std::ptrdiff_t i = 0; i < width; ++i) BOOST_TEST(part[i] == static_cast<T>(i < n ? i + 1 : 0));
      std::vector<T> target(static_cast<std::size_t>(3 * width), T{-1});
      simd::store_partial<simd::Vec<T>>(target.data() + offset, whole, n);
      for (std::ptrdiff_t i = 0; i < 3 * width; ++i) {
        const bool written = i >= offset && i < offset + n;
        BOOST_TEST(target[static_cast<std::size_t>(i)] == static_cast<T>(written ? i + 1 : -1));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(lane_operations, T, Types) {
  using V = simd::Vec<T>;
  V a{};
  for (std::ptrdiff_t i = 0; i < simd::lanes<T>; ++i) a[i] = static_cast<T>(i) - T{1.5};
  const V b = simd::splat<V>(T{0.25});
  const V chosen = simd::select<V>(a > b, a, b);
  T sum = 0;
  for (std::ptrdiff_t i = 0; i < simd::lanes<T>; ++i) {
    BOOST_TEST(chosen[i] == std::max<T>(a[i], T{0.25}));
    BOOST_TEST(simd::max(a, b)[i] == std::max<T>(a[i], T{0.25}));
    BOOST_TEST(simd::min(a, b)[i] == std::min<T>(a[i], T{0.25}));
    BOOST_TEST(simd::abs(a)[i] == std::fabs(a[i]));
    BOOST_TEST(simd::copysign(b, a)[i] == std::copysign(T{0.25}, a[i]));
    BOOST_TEST(simd::multiply_add(a, b, b)[i] == a[i] * T{0.25} + T{0.25});
    sum += a[i];
  }
  BOOST_TEST(simd::horizontal_sum(a) == sum);  // small multiples of 1/2: no rounding
  BOOST_TEST(std::signbit(simd::copysign(V{}, -b)[0]));
  BOOST_TEST(std::signbit(simd::abs(simd::splat<V>(T{-0.0}))[0]) == false);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(min_and_max_give_the_second_for_nan, T, Types) {
  using V = simd::Vec<T>;
  const V nan = simd::splat<V>(Limits<T>::quiet_NaN());
  const V one = simd::splat<V>(1);
  check_nan(simd::min(one, nan)[0], "min(1, NaN)");
  check_nan(simd::max(one, nan)[0], "max(1, NaN)");
  BOOST_TEST(simd::min(nan, one)[0] == 1);
  BOOST_TEST(simd::max(nan, one)[0] == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(horizontal_sum_has_one_order, T, Types) {
  simd::Vec<T> x{};
  for (std::ptrdiff_t i = 0; i < simd::lanes<T>; ++i) x[i] = T{1} / static_cast<T>(3 * i + 1);
  std::vector<T> part(simd::lanes<T>);
  simd::store(part.data(), x);
  for (std::size_t half = part.size() / 2; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) part[i] += part[i + half];
  BOOST_TEST(simd::horizontal_sum(x) == part[0]);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(whole_numbers, T, Types) {
  const T big = Limits<T>::max();
  for (const T high : {T{4}, T{70000}, static_cast<T>(5e15), big}) {
    const std::vector<T> x = sweep<T>(-high, high, 20'000);
    const std::vector<T> rounded = evaluate(x, round_of);
    const std::vector<T> below = evaluate(x, floor_of);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      wrong += rounded[i] != std::nearbyint(x[i]) || std::signbit(rounded[i]) != std::signbit(x[i]);
      wrong += below[i] != std::floor(x[i]) || std::signbit(below[i]) != std::signbit(x[i]);
    }
    BOOST_TEST(wrong == 0U);
  }
  for (const T half : {T{-2.5}, T{-1.5}, T{-0.5}, T{0.5}, T{1.5}, T{2.5}})
    BOOST_TEST(evaluate(half, round_of) == std::nearbyint(half));
  for (const T special : {Limits<T>::infinity(), -Limits<T>::infinity()}) {
    BOOST_TEST(evaluate(special, round_of) == special);
    BOOST_TEST(evaluate(special, floor_of) == special);
  }
  check_nan(evaluate(Limits<T>::quiet_NaN(), round_of), "round(NaN)");
  check_nan(evaluate(Limits<T>::quiet_NaN(), floor_of), "floor(NaN)");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(square_root_is_correctly_rounded, T, Types) {
  const std::vector<T> x = sweep<T>(0, Limits<T>::max(), 20'000);
  const std::vector<T> y = evaluate(x, sqrt_of);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) wrong += y[i] != std::sqrt(x[i]);
  BOOST_TEST(wrong == 0U);
  check_nan(evaluate(T{-1}, sqrt_of), "sqrt(-1)");
}

BOOST_AUTO_TEST_SUITE_END()
