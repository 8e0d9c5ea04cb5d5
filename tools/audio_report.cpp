#include "audio_report.h"

#include <recur/train/audio/spectrum.h>

#include <algorithm>
#include <cmath>

namespace recur::tools {
namespace {

using Samples = std::vector<float>;

/// The first channel of all clips, one after another.
struct ClipSignals {
  Samples input, prediction, target, error;
};

ClipSignals signals_of(AudioTask& task, Tape& tape, std::span<const Index> clips) {
  constexpr std::size_t most = 2'000'000;  // samples; more tell nothing new
  ClipSignals all;
  const auto step = static_cast<std::size_t>(task.pairs().channels);
  task.compare(tape, clips, [&](const AudioTask::Signals& one) {
    if (all.target.size() > most) return;
    for (std::size_t i = 0; i < one.target.size(); i += step) {
      all.input.push_back(one.input[i]);
      all.prediction.push_back(one.prediction[i]);
      all.target.push_back(one.target[i]);
      all.error.push_back(one.target[i] - one.prediction[i]);
    }
  });
  return all;
}

LinePlot waveform(const ClipSignals& all, Index rate) {
  const std::size_t width = std::min(static_cast<std::size_t>(rate / 50), all.target.size());
  const auto loudest = std::ranges::max_element(all.target, {}, [](float x) { return std::abs(x); });
  const auto peak = static_cast<std::size_t>(loudest - all.target.begin());
  const std::size_t first = std::min(peak - std::min(peak, width / 2), all.target.size() - width);
  LinePlot plot("Waveform where the target is loudest", "time [ms]", "");
  std::vector<double> time(width), y(width);
  for (std::size_t i = 0; i < width; ++i) time[i] = 1000 * static_cast<double>(i) / static_cast<double>(rate);
  for (const auto& [name, signal] :
       {std::pair("target", &all.target), std::pair("model", &all.prediction), std::pair("error", &all.error)}) {
    for (std::size_t i = 0; i < width; ++i) y[i] = static_cast<double>((*signal)[first + i]);
    plot.add(name, time, y);
  }
  return plot;
}

LinePlot spectrum(const ClipSignals& all, Index rate) {
  constexpr Index size = 2048;
  LinePlot plot("Spectrum of target, model and error", "frequency [kHz]", "power [dB]");
  std::vector<double> frequency(size / 2 + 1);
  for (std::size_t k = 0; k < frequency.size(); ++k)
    frequency[k] = static_cast<double>(k) * static_cast<double>(rate) / static_cast<double>(size) / 1000;
  for (const auto& [name, signal] :
       {std::pair("target", &all.target), std::pair("model", &all.prediction), std::pair("error", &all.error)}) {
    std::vector<double> power = power_spectrum(*signal, size);
    constexpr double least = 1e-14;
    for (double& p : power) p = 10 * std::log10(std::max(p, least));
    plot.add(name, frequency, power);
  }
  return plot;
}

/// Means of the outputs whose inputs lie in one of 60 equal ranges.
LinePlot curve(const ClipSignals& all) {
  constexpr std::size_t ranges = 60;
  const auto [low, high] = std::ranges::minmax(all.input);
  std::vector<double> at(ranges), target(ranges), model(ranges), count(ranges);
  const double width = static_cast<double>(high - low) / static_cast<double>(ranges);
  for (std::size_t i = 0; i < all.input.size(); ++i) {
    const double place = width > 0 ? static_cast<double>(all.input[i] - low) / width : 0;
    const std::size_t range = std::min(static_cast<std::size_t>(place), ranges - 1);
    target[range] += static_cast<double>(all.target[i]);
    model[range] += static_cast<double>(all.prediction[i]);
    ++count[range];
  }
  for (std::size_t r = 0; r < ranges; ++r) {
    at[r] = static_cast<double>(low) + width * (static_cast<double>(r) + 0.5);
    target[r] = count[r] > 0 ? target[r] / count[r] : std::nan("");
    model[r] = count[r] > 0 ? model[r] / count[r] : std::nan("");
  }
  LinePlot plot("Mean output for each input", "input", "output");
  plot.add("target", at, target);
  plot.add("model", at, model);
  return plot;
}

}  // namespace

std::vector<LinePlot> audio_plots(AudioTask& task, Tape& tape, std::span<const Index> clips) {
  const ClipSignals all = signals_of(task, tape, clips);
  if (all.target.empty()) return {};
  return {waveform(all, task.pairs().rate), spectrum(all, task.pairs().rate), curve(all)};
}

}  // namespace recur::tools
