#include <recur/train/data/windows.h>

namespace recur {

Windows::Windows(Tensor<float> series, WindowOptions options) : series_(std::move(series)), options_(options) {
  require(series_.shape().rank() == 2, "Windows: the series has shape {}, [time, features] is needed", series_.shape());
  const auto& [length, horizon, stride, every_step] = options_;
  require<ValueError>(length >= 1 && horizon >= 1 && stride >= 1,
                      "Windows: length {}, horizon {} and stride {} must be at least 1", length, horizon, stride);
  const Index time = series_.shape()[0];
  require<ValueError>(length <= time && horizon <= time - length,
                      "Windows: a series of {} steps is too short for windows of {} and {} more to predict", time,
                      length, horizon);
}

Index Windows::size() const { return (series_.shape()[0] - options_.length - options_.horizon) / options_.stride + 1; }

Tensor<float> Windows::steps(Index first, Index count) const {
  const Index features = series_.shape()[1];
  return {
      {count, features},
      series_.values().subspan(static_cast<std::size_t>(first * features), static_cast<std::size_t>(count * features))};
}

Example Windows::operator[](Index index) const {
  require<ValueError>(index >= 0 && index < size(), "Windows: window {} of {}", index, size());
  const Index first = index * options_.stride;
  return {steps(first, options_.length), options_.every_step ? steps(first + options_.horizon, options_.length)
                                                             : steps(first + options_.length, options_.horizon)};
}

}  // namespace recur
