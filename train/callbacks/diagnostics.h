#pragma once

#include <recur/layers/cells/step_observer.h>

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// Statistics of the values of a state, over all steps and sequences of a pass.
struct StateStatistics {
  double mean = 0;
  double deviation = 0;
  double saturated = 0;  ///< Part of the numbers whose magnitude is above the threshold.
};

/// How often a gate is open and closed, over all steps and sequences of a pass (Karpathy et al. 2015). A forget gate
/// that is often open remembers. A gate that is seldom open and seldom closed does not work as a gate.
struct GateStatistics {
  std::string gate;   ///< `input`, `forget`, `output`; `update`, `reset`.
  double closed = 0;  ///< Part of the activations below 0.1.
  double open = 0;    ///< Part of the activations above 0.9.
};

/// Measures states and gradients at each time step, in the last training pass of an RNN:
///
///   SequenceDiagnostics diagnostics;
///   rnn.observe(&diagnostics);
///   … a step of training …
///   diagnostics.gradient_norms(0);           // |dL/dh_t| of the first cell by step: does it vanish or explode?
///   diagnostics.gates(0);                    // how often its gates are open and closed
///   diagnostics.save_plot("gradients.svg");
///
/// Passes on a tape that is not training are not measured.
class SequenceDiagnostics : public StepObserver {
 public:
  /// @param threshold magnitude above which a value of a state counts as saturated; results of tanh are below 1
  explicit SequenceDiagnostics(double threshold = 0.95) : threshold_(threshold) {}
  // Operations on the tape and RNNs point to it.
  SequenceDiagnostics(const SequenceDiagnostics&) = delete;
  SequenceDiagnostics& operator=(const SequenceDiagnostics&) = delete;

  void begin(const Tape& tape) override;
  void gate(std::string_view name, Var values) override;
  void step(Index layer, Index t, std::span<Var> states) override;

  /// Returns the number of cells that were observed.
  [[nodiscard]] Index layers() const { return static_cast<Index>(layers_.size()); }
  /// Returns |dL/ds_t| over batch and units for each step t, of state number `state` (0 is h). It is 0 where no
  /// gradient arrived. Throws ValueError if the layer or state was not observed.
  [[nodiscard]] std::vector<double> gradient_norms(Index layer, Index state = 0) const;
  /// Returns the statistics of a state of a cell. Throws ValueError if the layer or state was not observed.
  [[nodiscard]] StateStatistics statistics(Index layer, Index state = 0) const;
  /// Returns the statistics of all gates of a cell. Empty for a cell without gates, or a user's cell that does not call
  /// `observe_gates`. Throws ValueError if the layer was not observed.
  [[nodiscard]] std::vector<GateStatistics> gates(Index layer) const;

  /// Writes an SVG plot of the gradient norms of all layers' first states by step, on a logarithmic scale. Throws
  /// StateError if nothing was observed, FormatError if the file cannot be written.
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
  struct Gate {
    std::string name;
    double count = 0;
    double closed = 0;
    double open = 0;
  };
  struct Layer {
    std::vector<State> states;
    std::vector<Gate> gates;
  };
  void add(Sums& sums, Var state) const;
  [[nodiscard]] const Layer& at(Index layer) const;
  [[nodiscard]] const State& at(Index layer, Index state) const;

  double threshold_;
  std::vector<Layer> layers_;
  std::vector<Gate> told_;  // of the step that comes next
  Index pass_ = 0;
};

/// A callback that saves the plot of the last step after each epoch.
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
