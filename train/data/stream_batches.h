#pragma once

#include <recur/train/data/batch_iterator.h>
#include <recur/train/data/id_sequence.h>

#include <cstdint>
#include <vector>

namespace recur {

/// One step of truncated backpropagation: ids `[time, batch]` and, for each to learn from, the id that follows it in the text.
struct StreamWindow {
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> targets;
  Index batch = 0;  ///< Streams side by side.
};

/// A long sequence of ids as `batch` streams read side by side: stream b is the b-th of `batch` equal parts, and each
/// window continues where the one before ended, so that the states after window k are the initial states of window k+1
/// (reset them before window 0). What does not fill a window at the end of a stream is left out.
///
/// With `back` windows overlap: their inputs begin so many steps earlier, as far as the stream goes back, for gradients to flow through;
/// targets stay those of the last `time` steps. These are the windows of `TruncatedBPTT({.k1 = time, .k2 = time + back})`.
class StreamBatches {
 public:
  /// @throws ValueError when batch or time is less than 1, back is negative, or the ids are too few for one window.
  StreamBatches(IdSequence ids, Index batch, Index time, Index back = 0);

  /// Number of windows.
  [[nodiscard]] Index size() const { return stream_length_ / time_; }
  [[nodiscard]] Index batch() const { return batch_; }
  [[nodiscard]] Index time() const { return time_; }
  /// Predictions asked for in all windows together.
  [[nodiscard]] Index targets() const { return size() * time_ * batch_; }
  /// @throws ValueError for an index outside [0, size()).
  [[nodiscard]] StreamWindow operator[](Index window) const;
  [[nodiscard]] BatchIterator<StreamBatches> begin() const { return {*this, 0}; }
  [[nodiscard]] BatchIterator<StreamBatches> end() const { return {*this, size()}; }

 private:
  IdSequence ids_;
  Index batch_;
  Index time_;
  Index back_;
  Index stream_length_;
};

}  // namespace recur
