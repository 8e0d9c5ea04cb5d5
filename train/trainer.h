#pragma once

#include <recur/framework/tape.h>
#include <recur/optim/optimizer.h>

#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace recur {

/// What one epoch came to.
struct EpochReport {
  Index epoch = 0;  ///< From 1.
  double train_loss = 0;
  double valid_loss = std::numeric_limits<double>::quiet_NaN();  ///< NaN without validation.
  double seconds = 0;  ///< Spent training since the start, validation not counted.
  bool best = false;   ///< The lowest validation loss so far (training loss without validation).
  bool interrupted = false;
  /// More numbers to report, by name: what `Trainer::on_validation` returned.
  std::vector<std::pair<std::string, double>> metrics;
};

/// What training may be told besides data and loss.
struct TrainerOptions {
  Index epochs = 10;
  /// Stop after so many epochs without a new best; 0 = never.
  Index patience = 0;
  /// A line on standard error while training, if that is a terminal.
  bool progress = true;
};

/// The training loop: for each epoch every batch's loss is computed, run backwards and followed by one step of the optimizer;
/// then validation. Ctrl-C ends it after the step at hand, with a last validation and report.
///
/// Nothing in it is hidden; by hand the inner loop is
/// `Var loss = …; tape.backward(loss); optimizer.step(parameters); tape.reset();`.
class Trainer {
 public:
  /// The loss of batch `index` of `count`, on the tape given.
  using Loss = std::function<Var(Tape& tape, Index index)>;
  /// The validation loss.
  using Validation = std::function<double()>;
  using Callback = std::function<void(const EpochReport&)>;
  using Metrics = std::function<std::vector<std::pair<std::string, double>>(const EpochReport&)>;

  Trainer(std::vector<NamedParameter> parameters, optim::Optimizer optimizer, TrainerOptions options = {});

  /// Called at the start of every epoch: shuffle, reset carried states.
  std::function<void(Index epoch)> on_epoch_begin;
  /// Numbers to add to the report of an epoch, after validation.
  Metrics metrics;
  /// Called with the report of every epoch.
  Callback on_epoch_end;
  /// Called when an epoch is the best so far: save the model here.
  Callback on_best;

  /// @returns the reports of all epochs. @throws StateError for a loss that is not finite, naming epoch, batch and the first
  /// parameter with such a gradient.
  std::vector<EpochReport> fit(Tape& tape, Index batches, const Loss& loss, const Validation& validation = {});

  [[nodiscard]] optim::Optimizer& optimizer() { return optimizer_; }

 private:
  double train_epoch(Tape& tape, Index epoch, Index batches, const Loss& loss);
  void refuse_non_finite(Index epoch, Index batch, double loss) const;

  std::vector<NamedParameter> parameters_;
  optim::Optimizer optimizer_;
  TrainerOptions options_;
};

}  // namespace recur
