#include <recur/framework/tensor/dual.h>

#include <cmath>

namespace recur::simd {
namespace {

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// y, and what its slope makes of the direction.
Dual with_slope(double y, double slope, Dual x) { return {y, slope * x.tangent}; }

}  // namespace

Dual exp(Dual x) {
  const double y = std::exp(x.value);
  return with_slope(y, y, x);
}
Dual expm1(Dual x) { return with_slope(std::expm1(x.value), std::exp(x.value), x); }
Dual log(Dual x) { return with_slope(std::log(x.value), 1 / x.value, x); }
Dual log1p(Dual x) { return with_slope(std::log1p(x.value), 1 / (1 + x.value), x); }
Dual sqrt(Dual x) {
  const double y = std::sqrt(x.value);
  return with_slope(y, 0.5 / y, x);
}
Dual tanh(Dual x) {
  const double y = std::tanh(x.value);
  return with_slope(y, 1 - y * y, x);
}
Dual sigmoid(Dual x) {
  const double y = logistic(x.value);
  return with_slope(y, y * (1 - y), x);
}
Dual softplus(Dual x) {
  const double y = std::fmax(x.value, 0) + std::log1p(std::exp(-std::abs(x.value)));
  return with_slope(std::isnan(x.value) ? x.value : y, logistic(x.value), x);
}
Dual erfc(Dual x) {
  return with_slope(std::erfc(x.value), -2 / std::sqrt(std::acos(-1.0)) * std::exp(-x.value * x.value), x);
}
Dual pow(Dual x, Dual exponent) {
  const double p = exponent.value;
  return with_slope(std::pow(x.value, p), p == 0 ? 0 : p * std::pow(x.value, p - 1), x);
}
Dual abs(Dual x) {
  return with_slope(std::abs(x.value), static_cast<double>(x.value > 0) - static_cast<double>(x.value < 0), x);
}
Dual copysign(Dual magnitude, Dual sign) {
  return std::signbit(magnitude.value) == std::signbit(sign.value) ? magnitude : -magnitude;
}
Dual round(Dual x) { return {std::nearbyint(x.value), 0}; }
Dual floor(Dual x) { return {std::floor(x.value), 0}; }
Dual min(Dual a, Dual b) { return a < b ? a : b; }
Dual max(Dual a, Dual b) { return a > b ? a : b; }
Dual load_partial(const Dual* source, std::ptrdiff_t n) { return n > 0 ? *source : Dual{}; }
void store_partial(Dual* target, Dual x, std::ptrdiff_t n) {
  if (n > 0) *target = x;
}

}  // namespace recur::simd
