#pragma once

#include <recur/layers/cells/step_observer.h>

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// Of the numbers in a state, over all steps and sequences of a pass.
struct StateStatistics {
  double mean = 0;
  double deviation = 0;
  double saturated = 0;  ///< Part of the numbers whose magnitude is above the threshold.
};

/// Of a gate's activations, over all steps and sequences of a pass (Karpathy et al. 2015): a forget gate that is often open
/// remembers, one that is neither often open nor closed does not work as a gate.
struct GateStatistics {
  std::string gate;   ///< `input`, `forget`, `output`; `update`, `reset`.
  double closed = 0;  ///< Part of the activations below 0.1.
  double open = 0;    ///< Part of the activations above 0.9.
};

/// Measures what becomes of states and gradients through time, in the last training pass of an RNN:
///
///   SequenceDiagnostics diagnostics;
///   rnn.observe(&diagnostics);
///   … a step of training …
///   diagnostics.gradient_norms(0);           // |dL/dh_t| of the first cell by step: does it vanish or explode?
///   diagnostics.gates(0);                    // how often its gates are open and closed
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

  void begin(const Tape& tape) override;
  void gate(std::string_view name, Var values) override;
  void step(Index layer, Index t, std::span<Var> states) override;

  /// Number of cells seen.
  [[nodiscard]] Index layers() const { return static_cast<Index>(layers_.size()); }
  /// |dL/ds_t| over batch and units for each step t, of state number `state` (0 is h); 0 where no gradient arrived.
  /// @throws ValueError for a layer or state that was not seen.
  [[nodiscard]] std::vector<double> gradient_norms(Index layer, Index state = 0) const;
  /// @throws ValueError likewise.
  [[nodiscard]] StateStatistics statistics(Index layer, Index state = 0) const;
  /// Those of all gates of a cell; none for a cell without, or one of one's own that does not tell (`observe_gates`).
  /// @throws ValueError for a layer that was not seen.
  [[nodiscard]] std::vector<GateStatistics> gates(Index layer) const;

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
