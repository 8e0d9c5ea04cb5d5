#include <recur/train/tables/distributions.h>

#include <recur/framework/tensor/error.h>

#include <cmath>
#include <numbers>

namespace recur {
namespace {

// Where an increasing function reaches a value, by bisection.
template <class F>
double solve(F function, double value, double low, double high) {
  for (int i = 0; i < 200 && high - low > 1e-14 * (1 + std::abs(low)); ++i) {
    const double middle = low + (high - low) / 2;
    (function(middle) < value ? low : high) = middle;
  }
  return low + (high - low) / 2;
}

// Simpson's rule for cos^power from 0 to `end`.
double cosine_power_integral(double power, double end) {
  constexpr int intervals = 400;
  const double step = end / intervals;
  double sum = 0;
  for (int i = 0; i <= intervals; ++i) {
    const double weight = i == 0 || i == intervals ? 1 : (i % 2 == 1 ? 4 : 2);
    sum += weight * std::pow(std::max(std::cos(i * step), 0.0), power);
  }
  return sum * step / 3;
}

void require_probability(const char* function, double q) {
  require<ValueError>(q > 0 && q < 1, "{}: probability {}, must be between 0 and 1", function, q);
}

}  // namespace

double normal_quantile(double q) {
  require_probability("normal_quantile", q);
  return solve([](double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }, q, -40, 40);
}

double student_t_quantile(double q, double freedom) {
  require_probability("student_t_quantile", q);
  require<ValueError>(freedom >= 1, "student_t_quantile: {} degrees of freedom, must be at least 1", freedom);
  if (q < 0.5) return -student_t_quantile(1 - q, freedom);
  // With t = √freedom · tan a the density of a is proportional to cos(a)^(freedom - 1).
  const double density =
      std::exp(std::lgamma((freedom + 1) / 2) - std::lgamma(freedom / 2)) / std::sqrt(std::numbers::pi);
  const double angle = solve([&](double a) { return 0.5 + density * cosine_power_integral(freedom - 1, a); }, q, 0,
                             std::numbers::pi / 2);
  return std::sqrt(freedom) * std::tan(angle);
}

}  // namespace recur
