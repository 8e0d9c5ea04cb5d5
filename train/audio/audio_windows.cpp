#include <recur/train/audio/audio_windows.h>

#include <recur/framework/tensor/random.h>

#include <algorithm>

namespace recur {

AudioWindows::AudioWindows(const AudioClips& clips, std::vector<Index> training, AudioWindowOptions options)
    : clips_(clips), training_(std::move(training)), options_(options) {
  require<ValueError>(options.batch > 0 && options.steps >= 0 && options.warm_up >= 0,
                      "AudioWindows: a batch of {}, windows of {} frames, a warm-up of {}", options.batch,
                      options.steps, options.warm_up);
  lanes_ = options.carried ? joined_lanes(training_, options.batch) : lanes_of(training_);
  require<ValueError>(!lanes_.empty(), "AudioWindows: there are no clips");
  require<ValueError>(options.warm_up < length(), "AudioWindows: a warm-up of {} frames leaves nothing of clips of {}",
                      options.warm_up, length());
}

Index AudioWindows::windows() const {
  if (options_.steps == 0) return 1;
  return (length() - options_.warm_up + options_.steps - 1) / options_.steps;
}

std::span<const AudioLane> AudioWindows::lanes_of_group(Index group) const {
  const auto begin = static_cast<std::size_t>(group * options_.batch);
  return std::span(lanes_).subspan(begin, std::min(static_cast<std::size_t>(options_.batch), lanes_.size() - begin));
}

AudioWindows::Window AudioWindows::window_of(Index window, std::span<const AudioLane> lanes) const {
  const Index first = options_.warm_up + window * options_.steps;
  const Index last = options_.steps == 0 ? length() : std::min(first + options_.steps, length());
  AudioBatch batch = gather(clips_, lanes, first, last);
  Window result{window == 0, {}, std::move(batch.inputs), std::move(batch.targets), {}};
  if (window == 0 && options_.warm_up > 0) result.warm_up = gather(clips_, lanes, 0, options_.warm_up).inputs;
  return result;
}

AudioWindows::Window AudioWindows::operator[](Index index) const {
  require<ValueError>(index >= 0 && index < size(), "AudioWindows: window {} of {}", index, size());
  return window_of(index % windows(), lanes_of_group(index / windows()));
}

AudioWindows::Window AudioWindows::share(Index index, const Share& share) const {
  Window all = (*this)[index];
  const Index lanes = all.targets.shape()[0], count = share.count(lanes);
  if (count == lanes) return all;
  if (count == 0) {
    const Shape none = all.targets.shape().with(0, 0);
    return {all.begins, {}, Tensor<float>(all.inputs.shape().with(0, 0)), Tensor<float>(none), std::move(all.targets)};
  }
  const auto own = lanes_of_group(index / windows())
                       .subspan(static_cast<std::size_t>(share.first(lanes)), static_cast<std::size_t>(count));
  Window result = window_of(index % windows(), own);
  result.of_all = std::move(all.targets);
  return result;
}

void AudioWindows::start_epoch(Index epoch) {
  if (options_.carried) return;
  std::vector<Index> order = training_;
  Generator(options_.seed).fork(static_cast<std::uint64_t>(epoch)).shuffle(order);
  lanes_ = lanes_of(order);
}

}  // namespace recur
