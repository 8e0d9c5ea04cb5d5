#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace recur {

/// Returns the number that the bits of an IEEE 754 binary16 stand for.
[[nodiscard]] inline float from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10U) & 31;
  const auto fraction = static_cast<float>(bits & 1023U);
  float magnitude = 0;
  if (exponent == 31)
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  else magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024.0F, exponent - 25);
  return (bits & 0x8000U) != 0 ? -magnitude : magnitude;
}

}  // namespace recur
