#include <recur/layers/sliding_steps.h>

#include <recur/framework/ops/transpose.h>

#include <algorithm>

namespace recur {

std::span<const std::uint8_t> counted_of(const char* layer, const LayerValue& input, bool time_major) {
  const Shape& shape = input.value.shape();
  if (shape.rank() < 3 || (!input.mask.defined() && input.lengths.empty())) return {};
  const Index batch = shape[time_major ? 1 : 0];
  const Index time = shape[time_major ? 0 : 1];
  require(!input.mask.defined() || input.mask.size() == batch * time, "{}: mask {} for input {}", layer,
          input.mask.defined() ? input.mask.shape() : Shape{}, shape);
  require(input.lengths.empty() || static_cast<Index>(input.lengths.size()) == batch, "{}: {} lengths for input {}",
          layer, input.lengths.size(), shape);
  const std::vector<double> mask = input.mask.defined() ? input.mask.to_doubles() : std::vector<double>{};
  const auto counted = input.value.tape().list<std::uint8_t>(batch * time);
  for (Index b = 0; b < batch; ++b)
    for (Index t = 0; t < time; ++t) {
      const bool within = input.lengths.empty() || t < input.lengths[static_cast<std::size_t>(b)];
      const bool seen = mask.empty() || mask[static_cast<std::size_t>(time_major ? t * batch + b : b * time + t)] != 0;
      counted[static_cast<std::size_t>(b * time + t)] = within && seen ? 1 : 0;
    }
  const bool all = std::ranges::all_of(counted, [](std::uint8_t one) { return one != 0; });
  return all ? std::span<const std::uint8_t>() : counted;
}

std::span<const Index> lengths_of(const char* function, const LayerValue& value) {
  if (!value.mask.defined()) return value.lengths;
  const auto counted = counted_of(function, value, false);
  if (counted.empty()) return {};
  const Index time = value.value.shape()[1];
  const auto lengths = value.value.tape().list<Index>(value.value.shape()[0]);
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    const auto steps = counted.subspan(b * static_cast<std::size_t>(time), static_cast<std::size_t>(time));
    lengths[b] = std::ranges::count(steps, 1);
    require<ValueError>(std::ranges::find(steps, 0) - steps.begin() == lengths[b],
                        "{}: a mask leaves out steps of sequence {} in front of others; leave them out of the data",
                        function, b);
  }
  return lengths;
}

SlidingSteps::SlidingSteps(const char* layer, const LayerValue& input, bool time_major)
    : input_(input), time_major_(time_major) {
  require<ValueError>(!input.is_ids(), "{}: the input is ids; an Embedding must come first", layer);
  require(input.value.shape().rank() == 3, "{}: input {} where {} is expected{}", layer, input.value.shape(),
          time_major ? "[time, batch, features]" : "[batch, time, features]",
          input.value.shape().rank() == 2 ? " (return_sequences before it?)" : "");
  counted_ = counted_of(layer, input, time_major);
  x_ = time_major ? transpose(input.value, 0, 1) : input.value;
}

bool SlidingSteps::counts(Index b, Index t, const SlidingWindows& windows, Padding padding) const {
  if (counted_.empty()) return true;
  const auto counted = [&](Index step) { return counted_[static_cast<std::size_t>(b * steps() + step)] != 0; };
  if (padding != Padding::valid) return counted(t * windows.stride);
  for (Index k = 0; k < windows.size; ++k)
    if (!counted(windows.step(t, k))) return false;
  return true;
}

LayerValue SlidingSteps::output(Var y, const SlidingWindows& windows, Padding padding) const {
  Tape& tape = y.tape();
  const Index batch = y.shape()[0];
  LayerValue output;
  output.value = time_major_ ? transpose(y, 0, 1) : y;
  if (!input_.lengths.empty()) {
    const auto lengths = tape.list<Index>(batch);
    std::ranges::transform(input_.lengths, lengths.begin(), [&](Index steps) {
      return windows_of("SlidingSteps", steps, windows.size, windows.stride, windows.dilation, padding).count;
    });
    output.lengths = lengths;
  }
  if (!input_.mask.defined()) return output;
  std::vector<double> mask;
  for (Index row = 0; row < batch * windows.count; ++row) {
    const Index b = time_major_ ? row % batch : row / windows.count;
    const Index t = time_major_ ? row / batch : row % windows.count;
    mask.push_back(counts(b, t, windows, padding) ? 1 : 0);
  }
  output.mask = tape.constant(time_major_ ? Shape{windows.count, batch} : Shape{batch, windows.count}, mask);
  return output;
}

Shape sliding_shape(const Shape& input, Index features, bool time_major, Index windows) {
  return input.with(time_major ? 0 : 1, windows).with(-1, features);
}

SlidingWindows fitting_windows(const char* layer, Index steps, Index size, Index stride, Index dilation,
                               Padding padding) {
  const SlidingWindows windows = windows_of(layer, steps, size, stride, dilation, padding);
  require(windows.count > 0, "{}: {} steps are too few for windows of {} (padding 'same' or 'causal' adds steps)",
          layer, steps, windows.reach());
  return windows;
}

}  // namespace recur
