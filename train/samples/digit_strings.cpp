#include <recur/framework/tensor/random.h>
#include <recur/train/samples/digit_strings.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

namespace recur::samples {
namespace {

constexpr Index font_rows = 7;
constexpr Index font_columns = 5;

// Row by row.
constexpr std::array<std::string_view, 10> font = {
    " ### #   ##  ### # ###  ##   # ### ", "  #   ##    #    #    #    #   ### ", " ### #   #    #   #   #   #   #####",
    "#####   #   #     #     ##   # ### ", "   #   ##  # # #  # #####   #    # ", "######    ####     #    ##   # ### ",
    "  ##  #   #    #### #   ##   # ### ", "#####    #   #   #   #    #    #   ", " ### #   ##   # ### #   ##   # ### ",
    " ### #   ##   # ####    #   #  ##  "};

double pixel(Index digit, Index row, Index column) {
  if (row < 0 || row >= font_rows || column < 0 || column >= font_columns) return 0;
  return font[static_cast<std::size_t>(digit)][static_cast<std::size_t>(row * font_columns + column)] == '#' ? 1 : 0;
}

/// How a digit is drawn.
struct Drawn {
  Index digit;
  double stretch, slant;
  Index top;

  [[nodiscard]] Index columns() const {
    return static_cast<Index>(std::ceil(font_columns * stretch + std::abs(slant) * font_rows));
  }
  // Between two pixels of the font the ink is mixed.
  [[nodiscard]] double ink(Index row, Index column) const {
    const double shift = slant * static_cast<double>(row - top - font_rows / 2);
    const double at = (static_cast<double>(column) - static_cast<double>(columns() - 1) / 2 - shift) / stretch + 2;
    const double left = std::floor(at);
    const auto first = static_cast<Index>(left);
    return (1 - (at - left)) * pixel(digit, row - top, first) + (at - left) * pixel(digit, row - top, first + 1);
  }
};

}  // namespace

DigitStrings::DigitStrings(const DigitStringsOptions& options) : options_(options) {
  require<ValueError>(options.count >= 1 && options.least >= 1 && options.most >= options.least && options.noise >= 0,
                      "DigitStrings: {} strings of {} to {} digits, noise {}", options.count, options.least,
                      options.most, options.noise);
}

Example DigitStrings::operator[](Index index) const {
  require<ValueError>(index >= 0 && index < size(), "DigitStrings: string {} of {}", index, size());
  Generator random = Generator(options_.seed).fork(static_cast<std::uint64_t>(index));
  const Index digits = options_.least + random.below(options_.most - options_.least + 1);
  Example example{Tensor<float>(), Tensor<float>({digits})};
  std::vector<float> columns(static_cast<std::size_t>((1 + random.below(4)) * digit_rows));
  for (Index i = 0; i < digits; ++i) {
    const Drawn drawn{.digit = random.below(10),
                      .stretch = random.uniform(0.8, 1.4),
                      .slant = random.uniform(-0.3, 0.3),
                      .top = random.below(digit_rows - font_rows + 1)};
    example.targets.data()[i] = static_cast<float>(drawn.digit + 1);
    for (Index column = 0; column < drawn.columns(); ++column)
      for (Index row = 0; row < digit_rows; ++row) columns.push_back(static_cast<float>(drawn.ink(row, column)));
    columns.resize(columns.size() + static_cast<std::size_t>(random.below(5) * digit_rows));
  }
  for (float& x : columns) x += static_cast<float>(options_.noise * random.normal());
  example.inputs = Tensor<float>({static_cast<Index>(columns.size()) / digit_rows, digit_rows}, columns);
  return example;
}

}  // namespace recur::samples
