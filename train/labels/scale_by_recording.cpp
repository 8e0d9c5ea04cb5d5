#include <recur/train/labels/recordings.h>

#include <cmath>

namespace recur {

void scale_by_recording(LabelledRecordings& recordings) {
  const auto inputs = static_cast<std::size_t>(recordings.table.input_count());
  for (Series& one : recordings.table.series) {
    if (one.inputs.empty()) continue;
    std::vector<double> mean(inputs);
    const double rows = static_cast<double>(one.inputs.size()) / static_cast<double>(inputs);
    for (std::size_t i = 0; i < one.inputs.size(); ++i) mean[i % inputs] += static_cast<double>(one.inputs[i]) / rows;
    double squares = 0;
    for (std::size_t i = 0; i < one.inputs.size(); ++i)
      squares += std::pow(static_cast<double>(one.inputs[i]) - mean[i % inputs], 2);
    const double deviation = std::sqrt(squares / static_cast<double>(one.inputs.size()));
    const double factor = deviation > 0 ? 1 / deviation : 0;
    for (std::size_t i = 0; i < one.inputs.size(); ++i)
      one.inputs[i] = static_cast<float>((static_cast<double>(one.inputs[i]) - mean[i % inputs]) * factor);
  }
}

}  // namespace recur
