#pragma once

#include <recur/train/data/batch_iterator.h>
#include <recur/train/data/id_sequence.h>

#include <cstdint>
#include <vector>

namespace recur {

/// A window of a text: ids `[time, batch]`, and for each step of the loss the id that follows it in the text.
struct StreamWindow {
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> targets;
  Index batch = 0;  ///< Streams side by side.
};

/// Cuts a long sequence of ids into `batch` equal streams and reads them side by side. Each window continues the window
/// before it, so the states after window k are the initial states of window k+1. Set states to zero before window 0.
/// Ids that do not fill a window at the end of a stream are left out.
///
/// With `back`, windows overlap: the inputs of a window begin `back` steps earlier, as far as the stream goes back, so
/// that gradients flow through them. Targets are those of the last `time` steps. These are the windows of
/// `TruncatedBPTT({.k1 = time, .k2 = time + back})`.
class StreamBatches {
 public:
  /// Throws ValueError if batch or time is less than 1, `back` is negative, or there are too few ids for one window.
  StreamBatches(IdSequence ids, Index batch, Index time, Index back = 0);

  /// Returns the number of windows.
  [[nodiscard]] Index size() const { return stream_length_ / time_; }
  [[nodiscard]] Index batch() const { return batch_; }
  [[nodiscard]] Index time() const { return time_; }
  /// Returns the number of targets in all windows.
  [[nodiscard]] Index targets() const { return size() * time_ * batch_; }
  /// Returns window `index`. Throws ValueError if index is outside [0, size()).
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
