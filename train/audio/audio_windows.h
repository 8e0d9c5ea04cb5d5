#pragma once

#include <recur/train/audio/audio_clips.h>
#include <recur/train/data/share.h>

#include <optional>

namespace recur {

/// How clips become steps of training.
struct AudioWindowOptions {
  Index batch = 32;  ///< Clips side by side.
  Index steps = 0;   ///< Frames that gradients flow back through, and after which the model is updated; 0: whole clips.
  Index warm_up = 0;  ///< Frames at the beginning of a clip without loss and gradient.
  /// States go on from clip to clip: clips are joined, in order, into `batch` lanes, and states begin with zeros once
  /// an epoch. Otherwise each clip begins with zeros, and clips are in another order every epoch.
  bool carried = false;
  std::uint64_t seed = 0;  ///< Of the order.
};

/// Clips for truncated backpropagation through time, window by window: states are carried from window to window and
/// forgotten where `begins` says so.
class AudioWindows {
 public:
  struct Window {
    bool begins = false;      ///< States are zeros here.
    Tensor<float> warm_up{};  ///< `[clips, warm_up, features]` before a window that begins; empty for none.
    Tensor<float> inputs{};   ///< `[clips, frames, features]`
    Tensor<float> targets{};  ///< `[clips, frames, channels]`
    Tensor<float> of_all{};   ///< Of the share of a rank: the targets of all clips of the window; empty otherwise.
    [[nodiscard]] Index frames() const { return targets.shape()[0] * targets.shape()[1]; }
  };

  /// Refers to the clips. Throws ValueError without clips, for a negative option, and for a warm-up as long as a clip.
  AudioWindows(const AudioClips& clips, std::vector<Index> training, AudioWindowOptions options);

  /// Windows of an epoch.
  [[nodiscard]] Index size() const { return groups() * windows(); }
  [[nodiscard]] Window operator[](Index index) const;
  /// Returns the clips of one rank, in a block: those of a rank are the same in all windows until one begins.
  [[nodiscard]] Window share(Index index, const Share& share) const;
  void start_epoch(Index epoch);

 private:
  [[nodiscard]] Index groups() const {
    return (static_cast<Index>(lanes_.size()) + options_.batch - 1) / options_.batch;
  }
  [[nodiscard]] Index length() const { return static_cast<Index>(lanes_[0].size()) * clips_.length(); }
  [[nodiscard]] Index windows() const;
  /// Returns the lanes of a group of clips.
  [[nodiscard]] std::span<const AudioLane> lanes_of_group(Index group) const;
  [[nodiscard]] Window window_of(Index window, std::span<const AudioLane> lanes) const;

  const AudioClips& clips_;
  std::vector<Index> training_;
  AudioWindowOptions options_;
  std::vector<AudioLane> lanes_;
};

}  // namespace recur
