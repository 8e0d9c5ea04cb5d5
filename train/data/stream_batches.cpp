#include <recur/train/data/stream_batches.h>

#include <algorithm>

namespace recur {

StreamBatches::StreamBatches(IdSequence ids, Index batch, Index time, Index back)
    : ids_(std::move(ids)), batch_(batch), time_(time), back_(back), stream_length_(0) {
  require<ValueError>(batch >= 1 && time >= 1, "StreamBatches: batch {} and time {} must be at least 1", batch, time);
  require<ValueError>(back >= 0, "StreamBatches: windows cannot begin {} steps earlier", back);
  const Index count = ids_.size();
  // The last id is a target only. Divided rather than multiplied: batch * time may overflow.
  stream_length_ = count == 0 ? 0 : (count - 1) / batch;
  require<ValueError>(stream_length_ >= time,
                      "StreamBatches: {} ids are too few for batch {} and time {}; one window needs {:.0f}", count,
                      batch, time, static_cast<double>(batch) * static_cast<double>(time) + 1);
}

StreamWindow StreamBatches::operator[](Index window) const {
  require<ValueError>(window >= 0 && window < size(), "StreamBatches: window {} is not in [0, {})", window, size());
  const Index begin = std::max<Index>(0, window * time_ - back_);
  const auto steps = static_cast<std::size_t>((window + 1) * time_ - begin);
  const auto learned = static_cast<std::size_t>(time_);
  const auto streams = static_cast<std::size_t>(batch_);
  StreamWindow result{std::vector<std::int32_t>(steps * streams), std::vector<std::int32_t>(learned * streams), batch_};
  std::vector<std::int32_t> stream(steps + 1);
  for (std::size_t b = 0; b < streams; ++b) {
    ids_.read(static_cast<Index>(b) * stream_length_ + begin, stream);
    for (std::size_t t = 0; t < steps; ++t) result.inputs[t * streams + b] = stream[t];
    for (std::size_t t = 0; t < learned; ++t) result.targets[t * streams + b] = stream[steps - learned + t + 1];
  }
  return result;
}

}  // namespace recur
