#pragma once

#include <recur/train/data/example.h>

#include <cstdint>

namespace recur::samples {

/// Rows of an image of digits: a step of the input has one number for each.
inline constexpr Index digit_rows = 9;
/// Classes of a step: the blank, and 1 to 10 for the digits 0 to 9.
inline constexpr Index digit_classes = 11;

struct DigitStringsOptions {
  Index count = 1000;
  std::uint64_t seed = 0;
  /// Digits of a string: from `least` to `most`, all equally likely.
  Index least = 3;
  Index most = 8;
  /// Standard deviation of the noise of each pixel; ink is 1, paper 0.
  double noise = 0.25;
};

/// Images of strings of digits, to be read column by column without being told where a digit lies (a task for CTC).
/// Each digit is drawn in a font of 5 by 7 pixels, stretched by a factor from 0.8 to 1.4, slanted by up to 0.3 columns
/// a row, and moved up or down by up to a row, with a gap of 0 to 4 columns behind it. An image depends on the seed and
/// its number alone.
class DigitStrings {
 public:
  /// Throws ValueError if count or `least` is below 1, `most` below `least`, or the noise negative.
  explicit DigitStrings(const DigitStringsOptions& options);

  [[nodiscard]] Index size() const { return options_.count; }
  /// Returns the columns `[time, 9]` and the labels `[digits]`, each digit plus 1. Throws ValueError if index is
  /// outside [0, size()).
  [[nodiscard]] Example operator[](Index index) const;

 private:
  DigitStringsOptions options_;
};

}  // namespace recur::samples
