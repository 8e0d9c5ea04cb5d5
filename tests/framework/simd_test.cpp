#include <recur/framework/simd_math.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <type_traits>
#include <vector>

namespace simd = recur::simd;

namespace {

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

/// `count` numbers evenly from `low` to `high`, and as many evenly in the order of the bit patterns (so that every power
/// of two, also the denormals, gets its share).
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

/// Distance of `y` from `exact` in units in the last place of the exact result as a `T`.
template <class T>
long double ulp_error(T y, long double exact) {
  const auto nearest = static_cast<T>(exact);
  if (std::isinf(nearest)) return y == nearest ? 0 : Limits<long double>::infinity();
  if (!std::isfinite(y)) return Limits<long double>::infinity();
  int exponent = 0;
  std::frexp(std::max(std::fabs(exact), static_cast<long double>(Limits<T>::min())), &exponent);
  return std::fabs(y - exact) / std::ldexp(1.0L, exponent - Limits<T>::digits);
}

/// Largest error over the sweep, and where.
template <class T>
struct Worst {
  long double error = 0;
  T at = 0;
};

template <class T, class Function, class Reference>
Worst<T> worst_error(T low, T high, Function function, Reference reference) {
  const std::vector<T> x = sweep(low, high, 50'000);
  const std::vector<T> y = evaluate(x, function);
  Worst<T> worst;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double error = ulp_error(y[i], reference(static_cast<long double>(x[i])));
    if (!(error <= worst.error)) worst = {error, x[i]};
  }
  return worst;
}

template <class T, class Function, class Reference>
void check_error(const char* name, T low, T high, long double allowed, Function function, Reference reference) {
  const Worst<T> worst = worst_error(low, high, function, reference);
  BOOST_TEST_MESSAGE(name << (sizeof(T) == 4 ? " float" : " double") << " on [" << low << ", " << high
                          << "]: " << worst.error << " ulp at " << worst.at);
  BOOST_TEST(worst.error <= allowed, name << ": " << worst.error << " ulp at " << worst.at);
}

const auto exp_of = [](auto x) { return simd::exp(x); };
const auto expm1_of = [](auto x) { return simd::expm1(x); };
const auto log_of = [](auto x) { return simd::log(x); };
const auto log1p_of = [](auto x) { return simd::log1p(x); };
const auto tanh_of = [](auto x) { return simd::tanh(x); };
const auto sigmoid_of = [](auto x) { return simd::sigmoid(x); };
const auto softplus_of = [](auto x) { return simd::softplus(x); };
const auto sqrt_of = [](auto x) { return simd::sqrt(x); };
const auto round_of = [](auto x) { return simd::round(x); };
const auto floor_of = [](auto x) { return simd::floor(x); };

long double exact_sigmoid(long double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
long double exact_softplus(long double x) { return std::max(x, 0.0L) + std::log1p(std::exp(-std::fabs(x))); }

template <class T>
void check_nan(T x, const char* what) {
  BOOST_TEST(std::isnan(x), what << " should be NaN, is " << x);
}

using Types = std::tuple<float, double>;

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

BOOST_AUTO_TEST_CASE_TEMPLATE(exponentials_are_accurate, T, Types) {
  const auto exact_exp = [](long double x) { return std::exp(x); };
  const auto exact_expm1 = [](long double x) { return std::expm1(x); };
  const T top = std::log(Limits<T>::max());
  check_error<T>("exp", -top - 20, top + 2, 1.5L, exp_of, exact_exp);
  check_error<T>("exp", -1, 1, 1.5L, exp_of, exact_exp);
  check_error<T>("expm1", -50, top + 2, 2.0L, expm1_of, exact_expm1);
  check_error<T>("expm1", -1, 1, 2.0L, expm1_of, exact_expm1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(logarithms_are_accurate, T, Types) {
  const auto exact_log = [](long double x) { return std::log(x); };
  const auto exact_log1p = [](long double x) { return std::log1p(x); };
  const T least = Limits<T>::denorm_min();
  check_error<T>("log", least, Limits<T>::max(), 1.0L, log_of, exact_log);
  check_error<T>("log", T{0.5}, 2, 1.0L, log_of, exact_log);
  check_error<T>("log", static_cast<T>(0.999), static_cast<T>(1.001), 1.0L, log_of, exact_log);
  check_error<T>("log1p", -1 + Limits<T>::epsilon(), 2, 2.0L, log1p_of, exact_log1p);
  check_error<T>("log1p", 0, Limits<T>::max(), 2.0L, log1p_of, exact_log1p);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(activations_are_accurate, T, Types) {
  const auto exact_tanh = [](long double x) { return std::tanh(x); };
  const T top = std::log(Limits<T>::max());
  check_error<T>("tanh", -25, 25, 3.0L, tanh_of, exact_tanh);
  check_error<T>("tanh", -1, 1, 3.0L, tanh_of, exact_tanh);
  check_error<T>("sigmoid", -(top - static_cast<T>(1.4)), 60, 3.0L, sigmoid_of, exact_sigmoid);
  check_error<T>("sigmoid", -8, 8, 3.0L, sigmoid_of, exact_sigmoid);
  check_error<T>("softplus", -top, Limits<T>::max(), 2.0L, softplus_of, exact_softplus);
  check_error<T>("softplus", -8, 8, 2.0L, softplus_of, exact_softplus);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(powers_are_accurate, T, Types) {
  const double top = 0.999 * std::log(static_cast<double>(Limits<T>::max()));
  // The error of the logarithm is multiplied by power * ln x; floats go by way of doubles, where that does not show.
  const auto allowed = [](double power, double log_x) {
    return sizeof(T) == 4 ? 1.5L : 1.5L + 2 * std::fabs(static_cast<long double>(power) * log_x);
  };
  for (const double power : {-3.5, -2.0, -1.0, -0.5, 0.5, 0.75, 1.0, 2.0, 2.5, 3.0, 4.0, 7.0}) {
    const auto exponent = static_cast<T>(power);
    const auto function = [=](auto x) { return simd::pow(x, exponent); };
    const auto reference = [=](long double x) { return std::pow(x, static_cast<long double>(power)); };
    const double log_high = std::min(top, top / std::fabs(power));
    const auto high = static_cast<T>(std::exp(log_high));
    check_error<T>("pow", 1 / high, high, allowed(power, log_high), function, reference);
    check_error<T>("pow", T{0.5}, 2, allowed(power, 0.7), function, reference);
    for (const T x : {T{-2}, T{-1}, T{0}, T{1}, T{8}, Limits<T>::infinity()}) {
      const T y = evaluate(x, function);
      const T expected = std::pow(x, exponent);
      const bool close = ulp_error(y, static_cast<long double>(expected)) <= allowed(power, 2.1);
      BOOST_TEST((std::isnan(expected) ? std::isnan(y) : close), "pow(" << x << ", " << power << ") = " << y);
    }
  }
  for (const T x : {T{0}, T{-3}, Limits<T>::infinity(), Limits<T>::quiet_NaN()})
    BOOST_TEST(evaluate(x, [](auto v) { return simd::pow(v, T{0}); }) == 1);
  check_nan(evaluate(Limits<T>::quiet_NaN(), [](auto v) { return simd::pow(v, T{2.5}); }), "pow(NaN, 2.5)");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(square_root_is_correctly_rounded, T, Types) {
  const std::vector<T> x = sweep<T>(0, Limits<T>::max(), 20'000);
  const std::vector<T> y = evaluate(x, sqrt_of);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) wrong += y[i] != std::sqrt(x[i]);
  BOOST_TEST(wrong == 0U);
  check_nan(evaluate(T{-1}, sqrt_of), "sqrt(-1)");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(special_values, T, Types) {
  const T inf = Limits<T>::infinity();
  BOOST_TEST(evaluate(T{0}, exp_of) == 1);
  BOOST_TEST(evaluate(inf, exp_of) == inf);
  BOOST_TEST(evaluate(-inf, exp_of) == 0);
  BOOST_TEST(evaluate(inf, expm1_of) == inf);
  BOOST_TEST(evaluate(-inf, expm1_of) == -1);
  BOOST_TEST(evaluate(T{1}, log_of) == 0);
  BOOST_TEST(evaluate(T{0}, log_of) == -inf);
  BOOST_TEST(evaluate(T{-0.0}, log_of) == -inf);
  BOOST_TEST(evaluate(inf, log_of) == inf);
  check_nan(evaluate(-Limits<T>::denorm_min(), log_of), "log of a negative number");
  check_nan(evaluate(-inf, log_of), "log(-inf)");
  BOOST_TEST(evaluate(T{-1}, log1p_of) == -inf);
  BOOST_TEST(evaluate(inf, log1p_of) == inf);
  check_nan(evaluate(T{-1.5}, log1p_of), "log1p(-1.5)");
  BOOST_TEST(evaluate(inf, tanh_of) == 1);
  BOOST_TEST(evaluate(-inf, tanh_of) == -1);
  BOOST_TEST(evaluate(inf, sigmoid_of) == 1);
  BOOST_TEST(evaluate(-inf, sigmoid_of) == 0);
  BOOST_TEST(evaluate(T{0}, sigmoid_of) == T{0.5});
  BOOST_TEST(evaluate(inf, softplus_of) == inf);
  BOOST_TEST(evaluate(-inf, softplus_of) == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nan_stays_nan, T, Types) {
  for (const T nan : {Limits<T>::quiet_NaN(), -Limits<T>::quiet_NaN()}) {
    check_nan(evaluate(nan, exp_of), "exp");
    check_nan(evaluate(nan, expm1_of), "expm1");
    check_nan(evaluate(nan, log_of), "log");
    check_nan(evaluate(nan, log1p_of), "log1p");
    check_nan(evaluate(nan, tanh_of), "tanh");
    check_nan(evaluate(nan, sigmoid_of), "sigmoid");
    check_nan(evaluate(nan, softplus_of), "softplus");
    check_nan(evaluate(nan, sqrt_of), "sqrt");
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(near_zero_functions_keep_sign_and_denormals, T, Types) {
  const auto check = [](const char* name, auto function) {
    for (const T x : {T{0}, T{-0.0}, Limits<T>::denorm_min(), -Limits<T>::denorm_min(), Limits<T>::min() * T{0.75},
                      -Limits<T>::min(), Limits<T>::epsilon() * Limits<T>::epsilon()}) {
      const T y = evaluate(x, function);
      BOOST_TEST(y == x, name << "(" << x << ") = " << y);
      BOOST_TEST(std::signbit(y) == std::signbit(x), name << "(" << x << ") has the other sign");
    }
  };
  check("tanh", tanh_of);
  check("expm1", expm1_of);
  check("log1p", log1p_of);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(activations_stay_in_range, T, Types) {
  const std::vector<T> x = sweep<T>(-Limits<T>::max(), Limits<T>::max(), 100'000);
  std::vector<T> minus(x);
  for (T& value : minus) value = -value;
  const std::vector<T> y = evaluate(x, tanh_of);
  const std::vector<T> mirrored = evaluate(minus, tanh_of);
  const std::vector<T> gate = evaluate(x, sigmoid_of);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    wrong += !(y[i] >= -1 && y[i] <= 1);
    wrong += y[i] != -mirrored[i];
    wrong += !(gate[i] >= 0 && gate[i] <= 1);
  }
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
