#pragma once

#include <recur/framework/tensor/shape.h>

#include <chrono>
#include <string>

namespace recur {

/// A line on standard error that is rewritten as work goes on: epoch, a bar, per cent done, loss and time left. Shown
/// on a terminal only, at most ten times a second, and erased by the destructor.
class ProgressLine {
 public:
  explicit ProgressLine(bool enabled = true);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Shows that `done` of `total` steps of the work called `label` are done. `detail` is appended.
  void update(const std::string& label, Index done, Index total, const std::string& detail);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool shown_;
  std::string label_;
  Index first_ = 0;  // done before it started
  Clock::time_point started_{};
  Clock::time_point drawn_{};
};

/// Returns a number with three digits and a unit: `512`, `23.1k`, `4.56M`.
[[nodiscard]] std::string short_number(double number);
/// Returns a duration as `0:07`, `12:05` or `3:04:05`.
[[nodiscard]] std::string short_time(double seconds);

}  // namespace recur
