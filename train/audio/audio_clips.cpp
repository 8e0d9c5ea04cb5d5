#include <recur/train/audio/audio_clips.h>

#include <recur/framework/tensor/random.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace recur {

AudioClips::AudioClips(const AudioPairs& pairs, Index length) : pairs_(pairs), length_(length) {
  require<ValueError>(!pairs.pairs.empty() && length >= 0, "AudioClips: {} recordings, clips of {} frames",
                      pairs.pairs.size(), length);
  const AudioPair& first = pairs.pairs[0];
  if (length == 0) length_ = first.frames(pairs.channels);
  Index longest = 0;
  for (std::size_t i = 0; i < pairs.pairs.size(); ++i) {
    const AudioPair& pair = pairs.pairs[i];
    const Index frames = pair.frames(pairs.channels);
    longest = std::max(longest, frames);
    require<ValueError>(length > 0 || frames == length_,
                        "AudioClips: '{}' has {} frames, '{}' {}; say how long a clip is to be, and each is cut",
                        first.name, length_, pair.name, frames);
    for (Index at = 0; at + length_ <= frames; at += length_) clips_.push_back({static_cast<Index>(i), at});
  }
  require<ValueError>(!clips_.empty(), "AudioClips: clips of {} frames; the longest recording has {}", length_,
                      longest);
}

std::span<const float> AudioClips::part(Index clip, std::span<const float> all) const {
  const Index first = clips_[static_cast<std::size_t>(clip)].first;
  return all.subspan(static_cast<std::size_t>(first * pairs_.channels),
                     static_cast<std::size_t>(length_ * pairs_.channels));
}

void AudioClips::write_input(Index clip, Index frame, float* to) const {
  const auto all = input(clip);
  to = std::copy_n(all.data() + frame * pairs_.channels, pairs_.channels, to);
  std::ranges::copy(pair_of(clip).knobs, to);
}

AudioSplit split_clips(Index clips, double validation, double test, std::optional<std::uint64_t> seed) {
  const auto count = [&](double amount) {
    require<ValueError>(amount >= 0 && std::isfinite(amount), "split_clips: a part of {} clips", amount);
    if (amount >= 1 || amount == 0) return static_cast<Index>(amount);
    return std::max<Index>(1, static_cast<Index>(std::lround(amount * static_cast<double>(clips))));
  };
  const Index tested = count(test), validated = count(validation), trained = clips - tested - validated;
  require<ValueError>(trained > 0,
                      "split_clips: {} clips for validation and {} for the test leave none of {} to train on",
                      validated, tested, clips);
  std::vector<Index> order(static_cast<std::size_t>(clips));
  std::iota(order.begin(), order.end(), Index{0});
  if (seed) Generator(*seed).fork("split").shuffle(order);
  const auto part = [&](Index first, Index size) {
    std::vector<Index> own(order.begin() + first, order.begin() + first + size);
    std::ranges::sort(own);
    return own;
  };
  return {part(0, trained), part(trained, validated), part(trained + validated, tested)};
}

std::vector<AudioLane> lanes_of(std::span<const Index> clips) {
  std::vector<AudioLane> lanes;
  for (const Index clip : clips) lanes.push_back({clip});
  return lanes;
}

std::vector<AudioLane> joined_lanes(std::span<const Index> clips, Index lanes) {
  require<ValueError>(!clips.empty() && lanes > 0, "joined_lanes: {} clips in {} lanes", clips.size(), lanes);
  const std::size_t count = std::min(static_cast<std::size_t>(lanes), clips.size());
  const std::size_t each = clips.size() / count;
  std::vector<AudioLane> joined;
  for (std::size_t lane = 0; lane < count; ++lane) {
    const auto own = clips.subspan(lane * each, each);
    joined.emplace_back(own.begin(), own.end());
  }
  return joined;
}

AudioBatch gather(const AudioClips& clips, std::span<const AudioLane> lanes, Index first, Index last) {
  require<ValueError>(!lanes.empty(), "gather: no lanes");
  const Index length = clips.length(), channels = clips.pairs().channels, features = clips.pairs().features();
  const Index frames = last - first, all = static_cast<Index>(lanes[0].size()) * length;
  require<ValueError>(first >= 0 && frames > 0 && last <= all, "gather: frames {} to {} of {}", first, last, all);
  const auto count = static_cast<Index>(lanes.size());
  AudioBatch batch{Tensor<float>(Shape{count, frames, features}), Tensor<float>(Shape{count, frames, channels})};
  float *input = batch.inputs.data(), *target = batch.targets.data();
  for (const AudioLane& lane : lanes) {
    require<ValueError>(lane.size() == lanes[0].size(), "gather: a lane of {} clips beside one of {}", lane.size(),
                        lanes[0].size());
    for (Index frame = first; frame < last; ++frame, input += features) {
      const Index clip = lane[static_cast<std::size_t>(frame / length)];
      clips.write_input(clip, frame % length, input);
      target = std::copy_n(clips.target(clip).data() + frame % length * channels, channels, target);
    }
  }
  return batch;
}

}  // namespace recur
