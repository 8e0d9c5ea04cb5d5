#pragma once

#include <recur/train/callbacks/callback.h>
#include <recur/train/loop/checkpoint.h>
#include <recur/train/loop/training.h>
#include <recur/train/views/view.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace recur {

class CarriedState;
class RNN;

/// What training may be told besides data and loss.
struct TrainerOptions {
  Index epochs = 10;
  /// A line on standard error while training, if that is a terminal.
  bool progress = true;
  /// Checkpoints hold all of the training: parameters, optimizer, random numbers, how far it is, callbacks, and what
  /// `Trainer::save_state` adds. A run that was killed and resumed ends with the same bits as one that was not.
  CheckpointOptions checkpoint{};
  /// What a batch has of `items`, to report how many are trained on in a second; 0: the samples that data counts, if it
  /// does.
  double items_per_batch = 0;
  std::string items = "samples";
  /// Measure the norm of all gradients at every step, and refuse one that is not finite before it reaches a parameter.
  bool gradient_norm = true;
  /// Told, once a training, of what is no error but likely a mistake: parameters that learn nothing, gradients of which
  /// no update was made.
  std::function<void(const std::string&)> warn = print_warning;
};

/// Batches by number: `StreamBatches`, `Batches`. With a `start_epoch(epoch)` they are told of every epoch.
template <class D>
concept BatchSource = requires(D& data, Index index) {
  { data.size() } -> std::convertible_to<Index>;
  data[index];
};

namespace detail {
template <class D>
concept TakesEpochs = requires(D& data, Index epoch) {
  data.start_epoch(epoch);
};
template <class F, class D>
inline constexpr bool is_loss_of =
    std::is_invocable_r_v<Var, F&, Tape&, decltype(std::declval<std::remove_reference_t<D>&>()[Index{}])>;
// A source that takes epochs and is const would show the order of its first epoch in all of them.
template <class D>
concept ConstSource = !TakesEpochs<D> && TakesEpochs<std::remove_const_t<D>>;
}  // namespace detail

/// The training loop: for each epoch every batch's loss is computed, run backwards and followed by one step of the
/// optimizer; then validation. Ctrl-C, SIGTERM and SIGHUP end it after the step at hand, with a checkpoint, a last
/// validation and a report that is `interrupted` and never the best.
///
/// If the optimizer keeps moving averages, the parameters hold them during validation, `metrics`, `on_best` and what is
/// called at the end of an epoch: what is judged is what callbacks save and restore.
///
/// Nothing in it is hidden; by hand the inner loop is
/// `Var loss = …; tape.backward(loss); optimizer.step(parameters); tape.reset();`.
class Trainer {
 public:
  /// The loss of batch `index` of `count`, on the tape given.
  using Loss = std::function<Var(Tape& tape, Index index)>;
  /// The validation loss.
  using Validation = std::function<double()>;

  /// @throws ValueError for an empty list: of a model that was not built, or whose `visit` names nothing.
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

  /// Begins with gradients of zero, whatever a backward pass before has left in them. A second call counts epochs and
  /// steps on, so that orders, random changes and schedules by epochs go on.
  /// @returns the reports of all epochs. @throws StateError for a loss or gradient that is not finite, naming epoch,
  /// batch, the first operation with such a result and the first parameter with such a gradient; the parameters are
  /// then those of the step before, gradients zero and the tape empty; and if another training holds the directory of
  /// the checkpoints. FormatError when the checkpoint to resume from is of another run (`CheckpointOptions::identity`)
  /// or does not fit this model, optimizer and callbacks, in which case nothing has changed. ValueError where the
  /// training has fewer batches than an update accumulates.
  std::vector<EpochReport> fit(Tape& tape, Index batches, const Loss& loss, const Validation& validation = {}) {
    return run(tape, batches, loss, validation, {});
  }

  /// Trains on a source of batches. `loss(tape, batch)` computes the loss of a batch. Throws as the function above
  /// does.
  template <BatchSource Data, class F>
  std::vector<EpochReport> fit(Tape& tape, Data&& data, F loss, const Validation& validation = {}) {
    static_assert(!detail::ConstSource<std::remove_reference_t<Data>>,
                  "the source of batches is const, so that start_epoch cannot shuffle it: declare it without const");
    static_assert(detail::is_loss_of<F, Data>,
                  "the loss is a function of a tape and a batch: [&](Tape& t, const Batch& batch) { return …; }");
    const auto start = [&data](Index epoch) { views::start_epoch(data, epoch); };
    if constexpr (detail::is_loss_of<F, Data>)
      return run(tape, static_cast<Index>(data.size()), loss_over(data, loss), validation, start);
  }
  /// Trains on a source of batches and validates by the mean loss over another source.
  template <BatchSource Data, class F, BatchSource Other>
  std::vector<EpochReport> fit(Tape& tape, Data&& data, F loss, Other&& validation) {
    return fit(tape, data, loss, Validation([&] { return evaluate(tape, validation, loss); }));
  }

  /// To be called inside `loss` where it is a mean over something else than the samples of the batch, such as the steps
  /// that a mask leaves: the batch then counts by `weight` in the means over batches. Without it a batch counts by its
  /// samples, where these are known. @throws ValueError for a negative weight.
  void weigh(double weight);

  /// The mean loss over the batches without training, weighted as `weigh` says. Metrics may be gathered inside `loss`.
  /// @throws ValueError without batches.
  double evaluate(Tape& tape, Index batches, const Loss& loss);
  template <BatchSource Data, class F>
  double evaluate(Tape& tape, Data&& data, F loss) {
    return evaluate(tape, static_cast<Index>(data.size()), loss_over(data, loss));
  }

  /// What `output` is for each batch, without training, in the order of the data also where the source shuffles
  /// (`Batches`). A view that shuffles is refused: give the data beneath it.
  [[nodiscard]] static std::vector<Array> predict(Tape& tape, Index batches, const Loss& output);
  template <BatchSource Data, class F>
  [[nodiscard]] static std::vector<Array> predict(Tape& tape, Data&& data, F output) {
    static_assert(!views::reorders_elements<Data>,
                  "predictions of a view that shuffles would come in its order: predict over the data beneath it");
    if constexpr (requires { data.in_order(); }) {
      const auto ordered = data.in_order();
      return predict(tape, static_cast<Index>(ordered.size()), [&](Tape& t, Index i) { return output(t, ordered[i]); });
    } else {
      return predict(tape, static_cast<Index>(data.size()), [&](Tape& t, Index i) { return output(t, data[i]); });
    }
  }

  /// What an epoch does to carried states.
  enum class EachEpoch { goes_on, begins_with_zeros };
  /// Stateful RNNs whose states go from batch to batch in training: `trainer.carry_states(recurrent_layers(model))`.
  /// Checkpoints hold their states, validation begins with zeros and leaves them as they were.
  void carry_states(std::vector<RNN*> rnns, EachEpoch epoch = EachEpoch::goes_on) {
    carrying_ = std::move(rnns);
    each_epoch_ = epoch;
  }
  /// States that `TruncatedBPTT` or a loop of one's own carries from batch to batch in training:
  /// `trainer.carry(truncated.carried())`. Checkpoints hold them. They must outlive the trainer.
  void carry(CarriedState& state, EachEpoch epoch = EachEpoch::begins_with_zeros) {
    carried_ = &state;
    each_epoch_ = epoch;
  }

  /// Returns the optimizer.
  [[nodiscard]] optim::Optimizer& optimizer() { return optimizer_; }
  /// The signal that ended the last `fit` before its last epoch was over; 0: none.
  [[nodiscard]] int interrupted_by() const { return interrupted_by_; }

 private:
  /// Of the present epoch and of all, besides what `Training` shows.
  struct Totals {
    double loss = 0;           ///< Weighted.
    double weight = 0;         ///< Of the batches in `loss`.
    double gradient_norm = 0;  ///< Of the updates,
    double updates = 0;        ///< and how many these are.
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
      else samples_ = 0;
      return loss(tape, batch);
    };
  }

  using Hook = bool (detail::AnyCallback::*)(Training&);
  void call(Hook hook, Training& training);
  using EpochStart = std::function<void(Index epoch)>;
  std::vector<EpochReport> run(Tape& tape, Index batches, const Loss& loss, const Validation& validation,
                               const EpochStart& start_epoch);
  void begin_training(Training& training);
  std::vector<EpochReport> train(Training& training, const Loss& loss, const Validation& validation,
                                 const EpochStart& start_epoch);
  void begin_states();
  void begin_epoch(Training& training, const EpochStart& start_epoch);
  [[nodiscard]] bool end_epoch(Training& training, const Validation& validation);
  void train_epoch(Training& training, const Loss& loss);
  void train_step(Training& training, const Loss& loss);
  void measure_gradients(Training& training, Var loss);
  void check_parameters(const Tape& tape);
  void end_training(Training& training);
  [[nodiscard]] double weight_of_batch() const;
  [[nodiscard]] EpochReport finish_epoch(const Training& training, const Validation& validation);
  // In trainer_state.cpp:
  void save(const Training& training);
  [[nodiscard]] std::optional<TrainingState> newest_state(Training& training);
  void restore(Training& training, const TrainingState& state);
  void require_arrays(const TrainingState& state);
  void take_position(Training& training, const TrainingState& state);
  [[nodiscard]] Metadata identity();
  [[nodiscard]] Metadata circumstances(const Training& training) const;
  [[nodiscard]] std::string callback_names() const;

  std::vector<NamedParameter> parameters_;
  optim::Optimizer optimizer_;
  TrainerOptions options_;
  std::optional<CheckpointFolder> checkpoints_;
  std::vector<std::unique_ptr<detail::AnyCallback>> callbacks_;
  std::vector<RNN*> carrying_;
  CarriedState* carried_ = nullptr;
  EachEpoch each_epoch_ = EachEpoch::goes_on;
  Totals totals_;
  double samples_ = 0;              // of the batch at hand, where data tells
  std::optional<double> weight_{};  // of the batch at hand, where the loss tells
  bool checked_ = false;            // the parameters, against what is on the tape
  Index epochs_before_ = 0;         // done by earlier calls of fit
  Index steps_before_ = 0;
  double seconds_before_ = 0;
  int interrupted_by_ = 0;
  std::string given_rate_;     // the optimizer's, before callbacks change it
  bool changed_rate_ = false;  // the one given is not the one the run was begun with
};

}  // namespace recur
