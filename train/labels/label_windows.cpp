#include <recur/train/labels/label_windows.h>

#include <recur/framework/tensor/error.h>

#include <algorithm>

namespace recur {
namespace {

std::span<const std::int32_t> labels_of(const LabelledRecordings& recordings, const LabelWindow& window) {
  return std::span(recordings.labels[static_cast<std::size_t>(window.recording)])
      .subspan(static_cast<std::size_t>(window.first), static_cast<std::size_t>(window.rows));
}

}  // namespace

std::vector<LabelWindow> label_windows(const LabelledRecordings& recordings, Part part,
                                       const LabelWindowOptions& options) {
  require<ValueError>(options.length >= 0 && options.stride >= 0, "label_windows: windows of {} rows, {} apart",
                      options.length, options.stride);
  std::vector<LabelWindow> windows;
  const Index stride = options.stride > 0 ? options.stride : options.length;
  for (std::size_t i = 0; i < recordings.table.series.size(); ++i) {
    const Series& series = recordings.table.series[i];
    const Index rows = series.rows(), recording = static_cast<Index>(i);
    if (rows == 0 || series.parts[0] != part) continue;
    if (options.length == 0 || rows <= options.length) {
      windows.push_back({recording, 0, rows});
      continue;
    }
    Index first = 0;
    for (; first + options.length <= rows; first += stride) windows.push_back({recording, first, options.length});
    const Index last = rows - options.length;
    if (windows.back().first < last) windows.push_back({recording, last, options.length});
  }
  return windows;
}

std::int32_t label_of(const LabelledRecordings& recordings, const LabelWindow& window) {
  std::vector<Index> counts(recordings.classes.size());
  std::int32_t best = -1;
  for (const std::int32_t label : labels_of(recordings, window)) {
    if (label < 0) continue;
    const Index count = ++counts[static_cast<std::size_t>(label)];
    if (best < 0 || count >= counts[static_cast<std::size_t>(best)]) best = label;
  }
  return best;
}

PaddedBatch gather(const LabelledRecordings& recordings, std::span<const LabelWindow> windows, bool every_step) {
  require<ValueError>(!windows.empty(), "gather: no windows");
  const Index features = recordings.table.input_count(), count = static_cast<Index>(windows.size());
  Index time = 0;
  for (const LabelWindow& window : windows) time = std::max(time, window.rows);
  PaddedBatch batch{Tensor<float>(Shape{count, time, features}),
                    Tensor<float>(every_step ? Shape{count, time} : Shape{count}),
                    {},
                    !every_step};
  if (every_step) std::ranges::fill(batch.targets.values(), -1.0F);
  for (Index i = 0; i < count; ++i) {
    const LabelWindow& window = windows[static_cast<std::size_t>(i)];
    const Series& series = recordings.table.series[static_cast<std::size_t>(window.recording)];
    std::copy_n(series.inputs.data() + window.first * features, window.rows * features,
                batch.inputs.data() + i * time * features);
    batch.lengths.push_back(window.rows);
    if (every_step)
      std::ranges::transform(labels_of(recordings, window), batch.targets.data() + i * time,
                             [](std::int32_t label) { return static_cast<float>(label); });
    else batch.targets.data()[i] = static_cast<float>(label_of(recordings, window));
  }
  return batch;
}

std::vector<float> balanced_weights(const LabelledRecordings& recordings, std::span<const LabelWindow> windows,
                                    bool every_step) {
  std::vector<double> counts(recordings.classes.size());
  double all = 0;
  const auto count = [&](std::int32_t label) {
    if (label < 0) return;
    ++counts[static_cast<std::size_t>(label)];
    ++all;
  };
  for (const LabelWindow& window : windows) {
    if (!every_step) count(label_of(recordings, window));
    else std::ranges::for_each(labels_of(recordings, window), count);
  }
  std::vector<float> weights;
  weights.reserve(counts.size());
  for (const double own : counts)
    weights.push_back(own > 0 ? static_cast<float>(all / (static_cast<double>(counts.size()) * own)) : 1.0F);
  return weights;
}

}  // namespace recur
