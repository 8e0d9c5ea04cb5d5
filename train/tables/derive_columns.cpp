// Columns that are made from others.

#include <recur/train/tables/table_keys.h>

#include <algorithm>
#include <cmath>

namespace recur::detail {

void look_ahead(RawTable& raw, const TableSource& source) {
  const std::size_t width = raw.inputs.size(), own = source.inputs.size();
  const auto horizon = static_cast<std::size_t>(source.horizon);
  if (own == width) return;
  for (RawSeries& one : raw.series) {
    std::size_t rows = one.times.size();
    const auto unknown = [&](std::size_t row) {
      const float* const first = one.inputs.data() + row * width;
      return own > 0 && std::all_of(first, first + own, [](float x) { return std::isnan(x); });
    };
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = own; c < width; ++c)
        one.inputs[r * width + c] =
            r + horizon < rows ? one.inputs[(r + horizon) * width + c] : std::numeric_limits<float>::quiet_NaN();
    while (rows > 0 && unknown(rows - 1)) --rows;
    for (std::size_t r = rows; r + horizon < one.times.size(); ++r)
      for (std::size_t c = own; c < width; ++c) one.ahead.push_back(one.inputs[r * width + c]);
    // What is known ahead ends with the file: the last rows know no more than its last values.
    for (std::size_t r = 1; r < rows; ++r)
      for (std::size_t c = own; c < width; ++c)
        if (r + horizon >= one.times.size()) one.inputs[r * width + c] = one.inputs[(r - 1) * width + c];
    one.times.resize(rows);
    one.places.resize(rows);
    one.inputs.resize(rows * width);
    one.targets.resize(rows * raw.targets);
    if (!one.weights.empty()) one.weights.resize(rows);
  }
}

void derive_targets(RawTable& raw, const TableSource& source, std::int64_t step) {
  for (RawSeries& one : raw.series) {
    const std::size_t rows = one.times.size(), count = raw.targets;
    for (std::size_t t = 0; t < count; ++t) {
      const TargetSource& target = source.targets[t];
      const auto value = [&](std::size_t row) -> double& { return one.targets[row * count + t]; };
      for (std::size_t r = 0; r < rows; ++r) value(r) *= target.factor;
      if (target.kind == TargetSource::Kind::remaining)
        for (std::size_t r = 0; r < rows; ++r)
          value(r) = static_cast<double>((one.times[rows - 1] - one.times[r]) / step);
      if (target.kind == TargetSource::Kind::difference)
        for (std::size_t r = rows; r-- > 0;) value(r) = r > 0 ? value(r) - value(r - 1) : no_target;
      if (target.kind == TargetSource::Kind::next)
        for (std::size_t r = 0; r < rows; ++r) value(r) = r + 1 < rows ? value(r + 1) : no_target;
    }
  }
}

}  // namespace recur::detail
