#include <recur/train/stream_batches.h>

namespace recur {

StreamBatches::StreamBatches(std::vector<std::int32_t> ids, Index batch, Index time)
    : ids_(std::move(ids)), batch_(batch), time_(time), stream_length_(0) {
  require<ValueError>(batch >= 1 && time >= 1, "StreamBatches: batch {} and time {} must be at least 1", batch, time);
  const auto count = static_cast<Index>(ids_.size());
  // The last id is a target only. Divided rather than multiplied: batch * time may overflow.
  stream_length_ = count == 0 ? 0 : (count - 1) / batch;
  require<ValueError>(stream_length_ >= time,
                      "StreamBatches: {} ids are too few for batch {} and time {}; one window needs {:.0f}", count,
                      batch, time, static_cast<double>(batch) * static_cast<double>(time) + 1);
}

StreamWindow StreamBatches::operator[](Index window) const {
  require<ValueError>(window >= 0 && window < size(), "StreamBatches: window {} is not in [0, {})", window, size());
  StreamWindow result;
  const auto count = static_cast<std::size_t>(time_ * batch_);
  result.inputs.reserve(count);
  result.targets.reserve(count);
  for (Index t = window * time_; t < (window + 1) * time_; ++t) {
    for (Index b = 0; b < batch_; ++b) {
      const auto at = static_cast<std::size_t>(b * stream_length_ + t);
      result.inputs.push_back(ids_[at]);
      result.targets.push_back(ids_[at + 1]);
    }
  }
  return result;
}

}  // namespace recur
