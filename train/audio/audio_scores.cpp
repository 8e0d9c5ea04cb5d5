#include <recur/train/audio/audio_scores.h>

#include <recur/framework/tensor/error.h>

#include <cmath>

namespace recur {

void AudioScores::add(std::span<const float> prediction, std::span<const float> target, Index channels) {
  const auto width = static_cast<std::size_t>(channels);
  require(channels > 0 && prediction.size() == target.size() && target.size() % width == 0,
          "AudioScores::add: {} predictions and {} targets in {} channels", prediction.size(), target.size(), channels);
  const std::size_t frames = target.size() / width;
  for (std::size_t channel = 0; channel < width; ++channel) {
    double sum = 0, last_error = 0, last_target = 0;
    for (std::size_t i = channel; i < target.size(); i += width) {
      const auto wanted = static_cast<double>(target[i]);
      const double error = wanted - static_cast<double>(prediction[i]);
      const double filtered_error = error - pre_emphasis_ * last_error;
      const double filtered = wanted - pre_emphasis_ * last_target;
      error_ += error * error;
      energy_ += wanted * wanted;
      filtered_error_ += filtered_error * filtered_error;
      filtered_energy_ += filtered * filtered;
      absolute_ += std::abs(error);
      sum += error;
      last_error = error;
      last_target = wanted;
    }
    if (frames > 0) offset_ += sum * sum / static_cast<double>(frames);
  }
  count_ += static_cast<double>(target.size());
}

double AudioScores::score(std::string_view name) const {
  if (name == "esr") return esr();
  if (name == "esr_pre") return esr_pre();
  if (name == "dc") return dc();
  if (name == "mse") return mse();
  if (name == "mae") return mae();
  fail<ValueError>("AudioScores::score: there is no score '{}'; there are esr, esr_pre, dc, mse and mae", name);
}

const std::vector<std::string>& AudioScores::names() {
  static const std::vector<std::string> all = {"esr", "esr_pre", "dc", "mse", "mae"};
  return all;
}

}  // namespace recur
