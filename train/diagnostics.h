#pragma once

#include <recur/layers/step_observer.h>

#include <filesystem>
#include <span>
#include <vector>

namespace recur {

/// Of the numbers in a state, over all steps and sequences of a pass.
struct StateStatistics {
  double mean = 0;
  double deviation = 0;
  double saturated = 0;  ///< Part of the numbers whose magnitude is above the threshold.
};

/// Measures what becomes of states and gradients through time, in the last training pass of an RNN:
///
///   SequenceDiagnostics diagnostics;
///   rnn.observe(&diagnostics);
///   … a step of training …
///   diagnostics.gradient_norms(0);           // |dL/dh_t| of the first cell by step: does it vanish or explode?
///   diagnostics.save_plot("gradients.svg");
///
/// Passes of a tape that is not training are not looked at.
class SequenceDiagnostics : public StepObserver {
 public:
  /// A state is saturated where its magnitude is above `threshold`; what comes out of a tanh is below 1.
  explicit SequenceDiagnostics(double threshold = 0.95) : threshold_(threshold) {}
  // Operations on the tape and RNNs point to it.
  SequenceDiagnostics(const SequenceDiagnostics&) = delete;
  SequenceDiagnostics& operator=(const SequenceDiagnostics&) = delete;

  void step(Index layer, Index t, std::span<Var> states) override;

  /// Number of cells seen.
  [[nodiscard]] Index layers() const { return static_cast<Index>(layers_.size()); }
  /// |dL/ds_t| over batch and units for each step t, of state number `state` (0 is h); 0 where no gradient arrived.
  /// @throws ValueError for a layer or state that was not seen.
  [[nodiscard]] std::vector<double> gradient_norms(Index layer, Index state = 0) const;
  /// @throws ValueError likewise.
  [[nodiscard]] StateStatistics statistics(Index layer, Index state = 0) const;

  /// The norms of all layers' first states over the steps, on a logarithmic scale, as an SVG file.
  /// @throws StateError when nothing was seen; FormatError when the file cannot be written.
  void save_plot(const std::filesystem::path& path) const;

 private:
  struct Sums {
    double count = 0;
    double sum = 0;
    double squares = 0;
    double saturated = 0;
  };
  struct State {
    std::vector<double> norms;  // by step
    Sums sums;
  };
  void add(Sums& sums, Var state) const;
  [[nodiscard]] const State& at(Index layer, Index state) const;

  double threshold_;
  std::vector<std::vector<State>> layers_;  // by layer and state
};

/// A trainer's callback: after every epoch the plot of its last step is saved.
class DiagnosticsPlot {
 public:
  /// `diagnostics` must live as long as the training.
  DiagnosticsPlot(const SequenceDiagnostics& diagnostics, std::filesystem::path path)
      : diagnostics_(&diagnostics), path_(std::move(path)) {}

  template <class Training>
  void on_epoch_end(Training& /*training*/) const {
    if (diagnostics_->layers() > 0) diagnostics_->save_plot(path_);
  }

 private:
  const SequenceDiagnostics* diagnostics_;
  std::filesystem::path path_;
};

}  // namespace recur
