#include <recur/framework/simd/simd_math.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "simd_sweep.h"

namespace {

namespace simd = recur::simd;
using namespace simd_sweep;

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

long double exact_sigmoid(long double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
long double exact_softplus(long double x) { return std::max(x, 0.0L) + std::log1p(std::exp(-std::fabs(x))); }
const auto sqrt_of = [](auto x) { return simd::sqrt(x); };

}  // namespace

BOOST_AUTO_TEST_SUITE(simd_math_test)

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
  const T least = std::log(Limits<T>::min());
  BOOST_TEST(evaluate(least + static_cast<T>(0.01), sigmoid_of) >= Limits<T>::min());
  for (const T x : {least - static_cast<T>(0.01), least - 1, least - 2, 10 * least, Limits<T>::lowest()})
    BOOST_TEST(evaluate(x, sigmoid_of) == 0);  // never a denormal number, which would make what follows slow
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
