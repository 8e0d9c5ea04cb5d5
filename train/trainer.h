#pragma once

#include <recur/framework/tape.h>
#include <recur/optim/optimizer.h>
#include <recur/train/checkpoint.h>

#include <functional>
#include <limits>
#include <optional>
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
  /// Checkpoints hold all of the training: parameters, optimizer, random numbers, how far it is, and what `Trainer::save_state`
  /// adds. A run that was killed and resumed ends with the same bits as one that was not.
  CheckpointOptions checkpoint{};
};

/// The training loop: for each epoch every batch's loss is computed, run backwards and followed by one step of the optimizer;
/// then validation. Ctrl-C ends it after the step at hand, with a checkpoint, a last validation and report.
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
  /// Adds to a checkpoint what the program itself keeps between steps, such as carried states.
  std::function<void(TrainingState&)> save_state;
  /// Takes it back: before `on_epoch_begin` if training goes on with a new epoch, after it within an epoch.
  std::function<void(const TrainingState&)> load_state;

  /// @returns the reports of all epochs. @throws StateError for a loss that is not finite, naming epoch, batch and the first
  /// parameter with such a gradient. FormatError when the checkpoint to resume from does not fit this model and optimizer, in
  /// which case neither has changed, or has another number of batches.
  std::vector<EpochReport> fit(Tape& tape, Index batches, const Loss& loss, const Validation& validation = {});

  [[nodiscard]] optim::Optimizer& optimizer() { return optimizer_; }

 private:
  /// How far training is.
  struct Position {
    Index epoch = 1;
    Index batch = 0;  ///< Of this epoch, done.
    Index step = 0;   ///< Batches done in all.
    double loss = 0;  ///< Of this epoch, summed.
    double seconds = 0;
    double best = std::numeric_limits<double>::infinity();
    Index since_best = 0;
  };

  void train_epoch(Tape& tape, Index batches, const Loss& loss);
  [[nodiscard]] EpochReport finish_epoch(const Validation& validation);
  void refuse_non_finite(Index epoch, Index batch, double loss) const;
  // In trainer_state.cpp:
  void save(Tape& tape, Index batches);
  [[nodiscard]] std::optional<TrainingState> newest_state(Index batches);
  void restore(Tape& tape, const TrainingState& state);

  std::vector<NamedParameter> parameters_;
  optim::Optimizer optimizer_;
  TrainerOptions options_;
  std::optional<CheckpointFolder> checkpoints_;
  Position position_;
};

}  // namespace recur
