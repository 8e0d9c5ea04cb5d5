#pragma once

#include <recur/train/data/stream_batches.h>

#include <functional>
#include <utility>

namespace recur {

/// `StreamBatches` of another text in each epoch, so that none is learned by heart: `FreshStreams([&](Index epoch) {
/// return ids(epoch); }, 32, 64)`. Texts must be of equal lengths. The text of an epoch depends on its number alone if
/// `text` does, which resumed training needs.
class FreshStreams {
 public:
  /// @param text the ids of an epoch, counted from 1 Throws ValueError if the ids are too few for
  /// `batch` streams of a window.
  FreshStreams(std::function<IdSequence(Index epoch)> text, Index batch, Index time)
      : text_(std::move(text)), windows_(text_(1), batch, time) {}

  [[nodiscard]] Index size() const { return windows_.size(); }
  [[nodiscard]] Index batch() const { return windows_.batch(); }
  [[nodiscard]] Index time() const { return windows_.time(); }
  /// A window of the present epoch's text. @throws ValueError for an index outside [0, size()).
  [[nodiscard]] StreamWindow operator[](Index window) const { return windows_[window]; }
  void start_epoch(Index epoch) {
    if (epoch == epoch_) return;
    windows_ = StreamBatches(text_(epoch), windows_.batch(), windows_.time());
    epoch_ = epoch;
  }

 private:
  std::function<IdSequence(Index epoch)> text_;
  StreamBatches windows_;
  Index epoch_ = 1;
};

}  // namespace recur
