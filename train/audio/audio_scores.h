#pragma once

#include <recur/framework/tensor/shape.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// Scores of a device's model over many clips, from sums that do not depend on how clips are divided.
class AudioScores {
 public:
  /// @param pre_emphasis a of the filter y[t] = x[t] - a·x[t-1] for `esr_pre`
  explicit AudioScores(double pre_emphasis = 0.85) : pre_emphasis_(pre_emphasis) {}

  /// Takes a clip in, `[frames, channels]`. @throws ShapeError if the sizes differ or are no whole frames
  void add(std::span<const float> prediction, std::span<const float> target, Index channels = 1);

  /// Error-to-signal ratio: Σ(t - y)² / Σt² over all clips, a fraction.
  [[nodiscard]] double esr() const { return error_ / energy_; }
  /// The ratio of the filtered signals, in which high frequencies weigh more (Wright & Välimäki 2020).
  [[nodiscard]] double esr_pre() const { return filtered_error_ / filtered_energy_; }
  /// Energy of the difference of the means, clip by clip: Σ n·(mean t - mean y)² / Σt².
  [[nodiscard]] double dc() const { return offset_ / energy_; }
  [[nodiscard]] double mse() const { return error_ / count_; }
  [[nodiscard]] double mae() const { return absolute_ / count_; }
  /// A score by its name. @throws ValueError for an unknown name
  [[nodiscard]] double score(std::string_view name) const;
  /// esr, esr_pre, dc, mse, mae.
  [[nodiscard]] static const std::vector<std::string>& names();

 private:
  double pre_emphasis_;
  double error_ = 0, energy_ = 0, filtered_error_ = 0, filtered_energy_ = 0, offset_ = 0, absolute_ = 0, count_ = 0;
};

}  // namespace recur
