#include <recur/train/samples/overdrive.h>

#include <recur/framework/tensor/error.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace recur::samples {
namespace {

void check(const OverdriveOptions& options) {
  const double half = static_cast<double>(options.rate) / 2;
  require<ValueError>(options.rate > 0 && options.seconds > 0, "overdrive: {} s at {} Hz", options.seconds,
                      options.rate);
  require<ValueError>(options.low_cut > 0 && options.low_cut < half && options.high_cut > 0 && options.high_cut < half,
                      "overdrive: cuts at {} and {} Hz must lie between 0 and {}", options.low_cut, options.high_cut,
                      half);
}

/// The part of the past that a one-pole filter keeps.
double pole(double cut, Index rate) { return std::exp(-2 * std::numbers::pi * cut / static_cast<double>(rate)); }

/// Adds a plucked string from a sample on.
void pluck(std::vector<float>& to, std::size_t first, std::size_t period, double strength, Generator& generator) {
  std::vector<double> string(period);
  for (double& x : string) x = generator.uniform(-strength, strength);
  std::size_t at = 0;
  for (std::size_t t = first; t < to.size(); ++t) {
    to[t] += static_cast<float>(string[at]);
    const std::size_t next = (at + 1) % period;
    string[at] = 0.498 * (string[at] + string[next]);
    at = next;
  }
}

}  // namespace

std::vector<float> drive(std::span<const float> input, const OverdriveOptions& options) {
  check(options);
  const double low = pole(options.low_cut, options.rate), high = pole(options.high_cut, options.rate);
  double slow = 0, smooth = 0;
  std::vector<float> output;
  output.reserve(input.size());
  for (const float x : input) {
    slow = low * slow + (1 - low) * static_cast<double>(x);
    const double bent = std::tanh(options.drive * (static_cast<double>(x) - slow) + options.bias);
    smooth = high * smooth + (1 - high) * (bent - std::tanh(options.bias));
    output.push_back(static_cast<float>(0.5 * smooth));
  }
  return output;
}

Recording overdrive(const OverdriveOptions& options, Generator& generator) {
  check(options);
  const auto rate = static_cast<double>(options.rate);
  Recording recording;
  recording.input.resize(static_cast<std::size_t>(std::ceil(options.seconds * rate)));
  double at = 0;
  while (at < static_cast<double>(recording.input.size())) {
    const double hertz = 82.4 * std::exp2(generator.uniform(0, 3));  // from the low E, three octaves
    const auto period = std::max<std::size_t>(2, static_cast<std::size_t>(std::lround(rate / hertz)));
    pluck(recording.input, static_cast<std::size_t>(at), period, generator.uniform(0.05, 0.3), generator);
    at += rate * generator.uniform(0.1, 0.5);
  }
  for (float& x : recording.input) x = std::clamp(x, -0.95F, 0.95F);
  recording.target = drive(recording.input, options);
  return recording;
}

}  // namespace recur::samples
