#pragma once

#include <recur/train/callbacks/callback.h>
#include <recur/train/loop/checkpoint.h>
#include <recur/train/loop/training.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace recur {

/// What training may be told besides data and loss.
struct TrainerOptions {
  Index epochs = 10;
  /// A line on standard error while training, if that is a terminal.
  bool progress = true;
  /// Checkpoints hold all of the training: parameters, optimizer, random numbers, how far it is, callbacks, and what
  /// `Trainer::save_state` adds. A run that was killed and resumed ends with the same bits as one that was not.
  CheckpointOptions checkpoint{};
  /// What a batch has of `items`, to report how many are trained on in a second; 0: the samples that data counts, if it does.
  double items_per_batch = 0;
  std::string items = "samples";
  /// Measure the norm of all gradients at every step, and refuse one that is not finite before it reaches a parameter.
  bool gradient_norm = true;
};

/// Batches by number: `StreamBatches`, `Batches`. With a `start_epoch(epoch)` they are told of every epoch.
template <class D>
concept BatchSource = requires(D& data, Index index) {
  { data.size() } -> std::convertible_to<Index>;
  data[index];
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

  Trainer(std::vector<NamedParameter> parameters, optim::Optimizer optimizer, TrainerOptions options = {});

  /// Takes a callback; they are called in the order they were added. @returns the callback, which the trainer keeps
  template <Callback C>
  C& add(C callback) {
    auto model = std::make_unique<detail::CallbackModel<C>>(std::move(callback));
    C& kept = model->callback();
    callbacks_.push_back(std::move(model));
    return kept;
  }

  // What the program itself does, as functions; any may be empty.
  /// Called at the start of every epoch: shuffle, reset carried states.
  std::function<void(Index epoch)> on_epoch_begin;
  /// Numbers to add to the report of an epoch, after validation and before callbacks see it.
  std::function<NamedNumbers(const EpochReport&)> metrics;
  /// Called when an epoch is the best so far: save the model here.
  std::function<void(const EpochReport&)> on_best;
  /// Called with the report of every epoch, after the callbacks.
  std::function<void(const EpochReport&)> on_epoch_end;
  /// Adds to a checkpoint what the program itself keeps between steps, such as carried states.
  std::function<void(TrainingState&)> save_state;
  /// Takes it back: before `on_epoch_begin` if training goes on with a new epoch, after it within an epoch.
  std::function<void(const TrainingState&)> load_state;

  /// @returns the reports of all epochs. @throws StateError for a loss or gradient that is not finite, naming epoch, batch, the
  /// first operation with such a result and the first parameter with such a gradient. FormatError when the checkpoint to resume
  /// from does not fit this model, optimizer and callbacks, in which case nothing has changed, or has another number of batches.
  std::vector<EpochReport> fit(Tape& tape, Index batches, const Loss& loss, const Validation& validation = {}) {
    return run(tape, batches, loss, validation, {});
  }

  /// The same over a source of batches; `loss(tape, batch)`.
  template <BatchSource Data, class F>
  std::vector<EpochReport> fit(Tape& tape, Data& data, F loss, const Validation& validation = {}) {
    const auto start = [&data]([[maybe_unused]] Index epoch) {
      if constexpr (requires { data.start_epoch(epoch); }) data.start_epoch(epoch);
    };
    return run(tape, static_cast<Index>(data.size()), loss_over(data, loss), validation, start);
  }
  /// The same, validated by the mean loss over another source.
  template <BatchSource Data, class F, BatchSource Other>
  std::vector<EpochReport> fit(Tape& tape, Data& data, F loss, Other& validation) {
    return fit(tape, data, loss, Validation([&] { return evaluate(tape, validation, loss); }));
  }

  /// The mean loss over the batches without training, a batch counting by the samples it has where these are known. Metrics
  /// may be gathered inside `loss`. @throws ValueError without batches.
  double evaluate(Tape& tape, Index batches, const Loss& loss);
  template <BatchSource Data, class F>
  double evaluate(Tape& tape, Data& data, F loss) {
    return evaluate(tape, static_cast<Index>(data.size()), loss_over(data, loss));
  }

  /// What `output` is for each batch, without training.
  [[nodiscard]] static std::vector<Array> predict(Tape& tape, Index batches, const Loss& output);
  template <BatchSource Data, class F>
  [[nodiscard]] static std::vector<Array> predict(Tape& tape, Data& data, F output) {
    return predict(tape, static_cast<Index>(data.size()), [&](Tape& t, Index i) { return output(t, data[i]); });
  }

  [[nodiscard]] optim::Optimizer& optimizer() { return optimizer_; }

 private:
  /// Of the present epoch and of all, besides what `Training` shows.
  struct Totals {
    double loss = 0;
    double gradient_norm = 0;
    double items = 0;
    double seconds_before = 0;  ///< The epoch.
    double best = std::numeric_limits<double>::infinity();
    bool ended = false;  ///< A callback wanted it.
  };

  template <class Data, class F>
  [[nodiscard]] Loss loss_over(Data& data, F& loss) {
    return [this, &data, &loss](Tape& tape, Index index) -> Var {
      decltype(auto) batch = data[index];
      if constexpr (requires { batch.inputs.shape()[0]; }) samples_ = static_cast<double>(batch.inputs.shape()[0]);
      return loss(tape, batch);
    };
  }

  using Hook = bool (detail::AnyCallback::*)(Training&);
  void call(Hook hook, Training& training);
  using EpochStart = std::function<void(Index epoch)>;
  std::vector<EpochReport> run(Tape& tape, Index batches, const Loss& loss, const Validation& validation,
                               const EpochStart& start_epoch);
  void begin_epoch(Training& training, const EpochStart& start_epoch);
  [[nodiscard]] bool end_epoch(Training& training, const Validation& validation);
  void train_epoch(Training& training, const Loss& loss);
  void train_step(Training& training, const Loss& loss);
  [[nodiscard]] EpochReport finish_epoch(const Training& training, const Validation& validation);
  [[nodiscard]] double measure_gradients() const;
  // In trainer_state.cpp:
  void save(const Training& training);
  [[nodiscard]] std::optional<TrainingState> newest_state(Training& training);
  void restore(Training& training, const TrainingState& state);
  [[nodiscard]] std::string callback_names() const;

  std::vector<NamedParameter> parameters_;
  optim::Optimizer optimizer_;
  TrainerOptions options_;
  std::optional<CheckpointFolder> checkpoints_;
  std::vector<std::unique_ptr<detail::AnyCallback>> callbacks_;
  Totals totals_;
  double samples_ = 0;  // of the batch at hand, where data tells
};

}  // namespace recur
