#include <recur/layers/inference/packing.h>

#include <algorithm>
#include <cmath>

namespace recur::detail {
namespace {

constexpr std::size_t alignment = 64;
constexpr float int8_range = 127;

float at(const MatrixData& matrix, Index row, Index col) {
  return col < 0 ? 0 : matrix.values[static_cast<std::size_t>(row * matrix.cols + col)];
}

template <class W, class Convert>
PackedWeights packed(const MatrixData& matrix, const ColumnOrder& order, Index width, Convert convert) {
  const std::size_t count = order.size() * static_cast<std::size_t>(matrix.rows);
  PackedWeights result{allocate_buffer<std::byte>(std::max<std::size_t>(count * sizeof(W), 1), alignment),
                       count * sizeof(W)};
  W* to = reinterpret_cast<W*>(result.memory.get());
  for (Index first = 0; first < static_cast<Index>(order.size()); first += width)
    for (Index row = 0; row < matrix.rows; ++row)
      for (Index place = first; place < first + width; ++place)
        *to++ = convert(at(matrix, row, order[static_cast<std::size_t>(place)]), static_cast<std::size_t>(place));
  return result;
}

}  // namespace

PackedWeights pack(const MatrixData& matrix, const ColumnOrder& order, Index registers, Index lanes,
                   std::span<const float> scales) {
  const Index width = registers * lanes;
  if (scales.empty()) return packed<float>(matrix, order, width, [](float w, std::size_t /*place*/) { return w; });
  return packed<std::int8_t>(matrix, order, width, [&](float w, std::size_t place) {
    return scales[place] == 0 ? std::int8_t{0} : static_cast<std::int8_t>(std::lround(w / scales[place]));
  });
}

void widen_scales(const MatrixData& matrix, const ColumnOrder& order, std::span<float> scales) {
  for (std::size_t place = 0; place < order.size(); ++place)
    for (Index row = 0; row < matrix.rows; ++row)
      scales[place] = std::max(scales[place], std::abs(at(matrix, row, order[place])) / int8_range);
}

}  // namespace recur::detail
