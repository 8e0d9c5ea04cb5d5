#include "step_options.h"

#include "fma_peak.h"
#include "timing.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace recur::bench {
namespace {

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Milliseconds of every step. The first ones, while memory and clocks settle, are not counted.
std::vector<double> time_steps(const StepOptions& options, const std::function<void()>& step) {
  const auto begin = Clock::now();
  for (int warm_up = 0; warm_up < 3 && options.steps == 0; ++warm_up)
    if (step(); seconds_since(begin) > options.seconds) break;
  std::vector<double> times;
  const auto start = Clock::now();
  const auto more = [&] {
    if (options.steps > 0) return static_cast<long>(times.size()) < options.steps;
    return times.size() < 3 || seconds_since(start) < options.seconds;
  };
  while (more()) times.push_back(1e3 * seconds_of(step));
  return times;
}

}  // namespace

double StepOptions::flops() const {
  const auto of_layer = [&](long in) { return static_cast<double>((in + hidden) * gates() * hidden); };
  return 6.0 * static_cast<double>(batch * time) *
         (of_layer(features()) + static_cast<double>(layers - 1) * of_layer(hidden));
}

void StepOptions::add_to(CLI::App& app, const std::vector<std::string>& cells) {
  app.add_option("--cell", cell, "Kind of cell")->check(CLI::IsMember(cells))->capture_default_str();
  app.add_option("--layers", layers, "Cells in the stack")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--hidden", hidden, "Units of each cell")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--batch", batch, "Sequences at once")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--time", time, "Steps of a sequence")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--input", input, "Features (default: as many as units)")->check(CLI::PositiveNumber);
  app.add_option("--threads", threads, "Threads")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seconds", seconds, "How long to measure")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--steps", steps, "Measure exactly so many steps instead")->check(CLI::PositiveNumber);
  app.add_flag("--json", json, "Print one JSON object");
}

void StepOptions::add_weights_to(CLI::App& app) {
  app.add_option("--weights", weights, "changed at every step, as in training, and packed again; or kept")
      ->check(CLI::IsMember({"changed", "kept"}))
      ->capture_default_str();
}

void run_step_benchmark(const std::string& program, const StepOptions& options, const std::function<void()>& step) {
  const double before = fma_peak(options.threads);
  const std::vector<double> times = time_steps(options, step);
  const double peak = std::max(before, fma_peak(options.threads));
  const double ms = median(times);
  const double least = *std::min_element(times.begin(), times.end());
  const double rate = options.flops() / ms * 1e-6;
  if (options.json) {
    const nlohmann::ordered_json line{{"program", program},
                                      {"cell", options.cell},
                                      {"layers", options.layers},
                                      {"hidden", options.hidden},
                                      {"batch", options.batch},
                                      {"time", options.time},
                                      {"input", options.features()},
                                      {"threads", options.threads},
                                      {"steps", times.size()},
                                      {"ms_median", ms},
                                      {"ms_min", least},
                                      {"gflops", rate},
                                      {"peak_gflops", peak},
                                      {"percent_of_peak", 100 * rate / peak},
                                      {"weights", options.weights},
                                      {"checkpoint", options.checkpoint},
                                      {"peak_memory_mb", peak_memory_mb()}};
    fmt::print("{}\n", line.dump());
    return;
  }
  fmt::print(
      "{} {} {}x{}, batch {}, time {}, {} thread{}: {:.4g} ms (min {:.4g}), {:.1f} GFLOP/s, {:.0f} % of {:.0f}, {:.0f} "
      "MB\n",
      program, options.cell, options.layers, options.hidden, options.batch, options.time, options.threads,
      options.threads == 1 ? "" : "s", ms, least, rate, 100 * rate / peak, peak, peak_memory_mb());
}

}  // namespace recur::bench
