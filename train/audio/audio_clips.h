#pragma once

#include <recur/framework/tensor/tensor.h>
#include <recur/train/audio/audio_pairs.h>

#include <span>
#include <vector>

namespace recur {

/// Pieces of recordings, all of one length. They refer to the recordings, which must outlive them.
class AudioClips {
 public:
  /// Cuts each recording into clips of `length` frames; what is left at its end is not used. A length of 0 takes each
  /// recording as one clip. Throws ValueError if recordings then differ in length, or none is as long as a clip.
  AudioClips(const AudioPairs& pairs, Index length);

  [[nodiscard]] Index size() const { return static_cast<Index>(clips_.size()); }
  /// Frames of a clip.
  [[nodiscard]] Index length() const { return length_; }
  [[nodiscard]] const AudioPairs& pairs() const { return pairs_; }
  [[nodiscard]] const std::string& name(Index clip) const { return pair_of(clip).name; }
  /// The frames `[length, channels]` of a clip.
  [[nodiscard]] std::span<const float> input(Index clip) const { return part(clip, pair_of(clip).input); }
  [[nodiscard]] std::span<const float> target(Index clip) const { return part(clip, pair_of(clip).target); }

  /// Writes frame `frame` of a clip's input and its knobs, `pairs().features()` numbers.
  void write_input(Index clip, Index frame, float* to) const;

 private:
  struct Clip {
    Index pair;
    Index first;
  };
  [[nodiscard]] const AudioPair& pair_of(Index clip) const {
    return pairs_.pairs[static_cast<std::size_t>(clips_[static_cast<std::size_t>(clip)].pair)];
  }
  [[nodiscard]] std::span<const float> part(Index clip, std::span<const float> all) const;

  const AudioPairs& pairs_;
  Index length_;
  std::vector<Clip> clips_;
};

/// Numbers of the clips of each part.
struct AudioSplit {
  std::vector<Index> training, validation, test;
};

/// Divides clips: the last `test` are for the test, those before for validation. Amounts of 1 or more are clips, others
/// fractions. With a seed the clips are drawn at random. Throws ValueError if nothing is left for training.
[[nodiscard]] AudioSplit split_clips(Index clips, double validation, double test,
                                     std::optional<std::uint64_t> seed = std::nullopt);

/// Clips one after another, through which states are carried.
using AudioLane = std::vector<Index>;

/// Lays clips side by side: each in a lane of its own, or joined into at most `lanes` lanes of equal length, in their
/// order; clips that are left over at the end are not used. @throws ValueError without clips
[[nodiscard]] std::vector<AudioLane> lanes_of(std::span<const Index> clips);
[[nodiscard]] std::vector<AudioLane> joined_lanes(std::span<const Index> clips, Index lanes);

/// A stretch of lanes side by side.
struct AudioBatch {
  Tensor<float> inputs;   ///< `[lanes, frames, features]`
  Tensor<float> targets;  ///< `[lanes, frames, channels]`
};

/// Frames [first, last) of lanes of equal length. @throws ValueError for frames that are not there
[[nodiscard]] AudioBatch gather(const AudioClips& clips, std::span<const AudioLane> lanes, Index first, Index last);

}  // namespace recur
