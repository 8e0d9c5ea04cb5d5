#pragma once

#include <recur/framework/autodiff/tape.h>
#include <recur/train/callbacks/callback.h>
#include <recur/train/data/share.h>
#include <recur/train/loop/batch_scores.h>
#include <recur/train/loop/checkpoint.h>
#include <recur/train/loop/training.h>
#include <recur/train/loop/world.h>
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

/// Options of a training besides data and loss.
struct TrainerOptions {
  Index epochs = 10;
  /// Shows a line with the progress on standard error while training, if standard error is a terminal.
  bool progress = true;
  /// Where checkpoints are written. A checkpoint holds parameters, optimizer, random numbers, the position in the
  /// training, the states of callbacks, and what `Trainer::save_state` adds. A run that is killed and resumed ends with
  /// the same bits as an uninterrupted one.
  CheckpointOptions checkpoint{};
  /// Number of items in a batch, for the reported items a second. 0: the first axis of the inputs, if the batch has
  /// one.
  double items_per_batch = 0;
  std::string items = "samples";  ///< What is counted, in the plural.
  /// Measures the norm of all gradients at every step. A norm that is not finite is refused before a parameter changes.
  bool gradient_norm = true;
  /// Called once in a training with each likely mistake: parameters that learn nothing, gradients that were never used
  /// in an update. By default it prints to standard error.
  std::function<void(const std::string&)> warn = print_warning;
  /// The ranks that train together; must outlive the trainer. Null if this process trains alone. A batch is divided
  /// among the ranks (`share_of`), so that steps, schedules and learning rates do not depend on the number of ranks.
  World* world = nullptr;
  ExchangeOptions exchange{};  ///< How ranks exchange gradients.
};

/// A source of batches by number, such as `Batches` or `StreamBatches`. If it has `start_epoch(epoch)`, the trainer
/// calls it at the start of each epoch.
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

/// The training loop. In each epoch it computes the loss of every batch, runs backwards and calls the optimizer, and
/// then validates. Ctrl-C, SIGTERM and SIGHUP end it after the present step: a checkpoint is written, validation runs
/// once more, and the report of the epoch is marked `interrupted` and never counts as the best.
///
/// If the optimizer keeps moving averages of the parameters, the parameters hold the averages from validation to the
/// end of the epoch, so callbacks save and restore the weights that were validated.
///
/// With a world, all ranks call `fit` with equal arguments. Parameters begin with the values of rank 0. Gradients are
/// summed in the order of ranks before their norm is measured, so that all ranks make the same update. Reported losses
/// are means over the rows of all ranks. Only rank 0 reads and writes checkpoints and calls `on_best` and callbacks
/// that write; all ranks call the other callbacks, with equal numbers. An exception on one rank ends the training of
/// all ranks, with RankError on the others. A loss by batch number computes the rows of `world->share()` and calls
/// `weigh` with their weight.
///
/// The inner loop by hand is
/// `Var loss = …; tape.backward(loss); optimizer.step(parameters); tape.reset();`.
class Trainer {
 public:
  /// Computes the loss of batch number `index` on `tape`.
  using Loss = std::function<Var(Tape& tape, Index index)>;
  /// Computes the validation loss.
  using Validation = std::function<double()>;

  /// Throws ValueError if the list of parameters is empty, as for a model that was not built.
  Trainer(std::vector<NamedParameter> parameters, optim::Optimizer optimizer, TrainerOptions options = {});

  /// Adds a callback and returns it; the trainer owns it. Callbacks are called in the order in which they were added.
  template <class C>
  C& add(C callback) {
    static_assert(!detail::HasOtherHook<C>,
                  "not a callback: a hook has one parameter, Training&, as in `bool on_epoch_end(Training& training)`");
    static_assert(detail::HasOtherHook<C> || Callback<C>,
                  "not a callback: it has no hook such as `void on_epoch_end(Training& training)`");
    if constexpr (Callback<C>) {
      auto model = std::make_unique<detail::CallbackModel<C>>(std::move(callback));
      C& kept = model->callback();
      callbacks_.push_back(std::move(model));
      return kept;
    }
  }

  // Functions of the program; each may be empty.
  /// Called at the start of each epoch, for example to shuffle.
  std::function<void(Index epoch)> on_epoch_begin;
  /// Returns numbers to add to the report of an epoch. Called after validation and before callbacks.
  std::function<NamedNumbers(const EpochReport&)> metrics;
  /// Called when an epoch is the best so far, for example to save the model.
  std::function<void(const EpochReport&)> on_best;
  /// Called with the report of each epoch, after the callbacks.
  std::function<void(const EpochReport&)> on_epoch_end;
  /// Adds to a checkpoint what the program keeps between steps.
  std::function<void(TrainingState&)> save_state;
  /// Restores it. Called before `on_epoch_begin` if training resumes with a new epoch, and after it if training resumes
  /// within an epoch.
  std::function<void(const TrainingState&)> load_state;

  /// Trains on `batches` batches in each epoch and returns the reports of all epochs. Sets the gradients to zero first.
  /// A second call continues the numbers of epochs and steps, so orders, random changes and schedules continue.
  /// Throws StateError if a loss or gradient is not finite. The message names epoch, batch, the first operation with
  /// such a result and the first parameter with such a gradient; the parameters then are those of the step before, the
  /// gradients are zero and the tape is empty. Throws StateError if another training uses the directory of the
  /// checkpoints. Throws FormatError, and changes nothing, if the checkpoint to resume from has another identity
  /// (`CheckpointOptions::identity`) or does not fit model, optimizer and callbacks. Throws ValueError if the training
  /// has fewer batches than one update accumulates.
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
      return run(tape, static_cast<Index>(data.size()), loss_over(data, loss, true), validation, start);
  }
  /// Trains on a source of batches and validates by the mean loss over another source.
  template <BatchSource Data, class F, BatchSource Other>
  std::vector<EpochReport> fit(Tape& tape, Data&& data, F loss, Other&& validation) {
    return fit(tape, data, loss, Validation([&] { return evaluate(tape, validation, loss); }));
  }

  /// Sets the weight of the present batch in means over batches. Call it inside `loss` if the loss is a mean over
  /// something else than the samples of the batch, such as the steps that a mask leaves. By default a batch has the
  /// weight of its samples, or 1 if their number is unknown. Throws ValueError if `weight` is negative.
  void weigh(double weight);

  /// Returns the mean loss over the batches without training. Batches have the weights that `weigh` describes. `loss`
  /// may also update metrics. With a world, every rank computes all batches. Throws ValueError if there are no batches.
  double evaluate(Tape& tape, Index batches, const Loss& loss);
  template <BatchSource Data, class F>
  double evaluate(Tape& tape, Data&& data, F loss) {
    return evaluate(tape, static_cast<Index>(data.size()), loss_over(data, loss, false));
  }
  /// Returns the mean loss over the batches. `measured` are the metrics that `loss` updates. With a world, the ranks
  /// may take batches in turn, as `batches` says; that is not possible if states are carried from batch to batch. Loss
  /// and metrics have the bits that one process gets. Throws ValueError if there are no batches.
  template <BatchSource Data, class F>
  double evaluate(Tape& tape, Data&& data, F loss, MetricList measured, BatchesInTurn batches) {
    return evaluate(tape, static_cast<Index>(data.size()), loss_over(data, loss, false), measured, batches);
  }

  /// Returns `output` of each batch, without training. The order is that of the data, also for `Batches` that shuffle.
  /// A view that shuffles does not compile; pass the data that it is a view of.
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

  /// Whether carried states continue from epoch to epoch.
  enum class EachEpoch { goes_on, begins_with_zeros };
  /// Names stateful RNNs whose states continue from batch to batch in training:
  /// `trainer.carry_states(recurrent_layers(model))`. Checkpoints hold their states. Validation begins with zeros and
  /// restores the states afterwards.
  void carry_states(std::vector<RNN*> rnns, EachEpoch epoch = EachEpoch::goes_on) {
    carrying_ = std::move(rnns);
    each_epoch_ = epoch;
  }
  /// Names states that `TruncatedBPTT` or your own loop carries from batch to batch in training:
  /// `trainer.carry(truncated.carried())`. Checkpoints hold them. `state` must outlive the trainer.
  void carry(CarriedState& state, EachEpoch epoch = EachEpoch::begins_with_zeros) {
    carried_ = &state;
    each_epoch_ = epoch;
  }

  /// Returns the optimizer.
  [[nodiscard]] optim::Optimizer& optimizer() { return optimizer_; }
  /// Returns the signal that interrupted the last `fit`; 0 if none did.
  [[nodiscard]] int interrupted_by() const { return interrupted_by_; }
  /// Returns the world of the options; null: this process alone.
  [[nodiscard]] World* world() const { return options_.world; }

 private:
  /// Sums over the present epoch, and what is kept over all epochs, besides the members of `Training`.
  struct Totals {
    double loss = 0;            ///< Sum of the losses, each times its weight.
    double weight = 0;          ///< Sum of the weights.
    double gradient_norm = 0;   ///< Sum of the norms of all updates.
    double updates = 0;         ///< Number of updates.
    double items = 0;           ///< Number of items trained on.
    double seconds_before = 0;  ///< Seconds of training before this epoch.
    double best = std::numeric_limits<double>::infinity();
    bool ended = false;  ///< A callback ended the training.
  };

  template <class Data, class F>
  [[nodiscard]] Loss loss_over(Data& data, F& loss, bool divided) {
    return [this, &data, &loss, divided](Tape& tape, Index index) -> Var {
      if (divided && ranks() > 1) return loss_of_share(data, index, tape, loss);
      decltype(auto) batch = data[index];
      if constexpr (requires { batch.inputs.shape()[0]; }) samples_ = static_cast<double>(batch.inputs.shape()[0]);
      else samples_ = 0;
      return loss(tape, batch);
    };
  }
  // Undefined if the batch has fewer rows than ranks, and none for this rank.
  template <class Data, class F>
  [[nodiscard]] Var loss_of_share(Data& data, Index index, Tape& tape, F& loss) {
    using Whole = views::Element<Data>;
    const auto own = [&](const auto& batch) -> Var {
      const Index rows = batch_rows(batch);
      no_rows_ = rows == 0;
      samples_ = static_cast<double>(rows);
      return no_rows_ ? Var() : loss(tape, batch);
    };
    if constexpr (requires { data.share(index, Share()); }) return own(data.share(index, options_.world->share()));
    else if constexpr (DivisibleBatch<Whole>) return own(share_of(data[index], options_.world->share()));
    else refuse_batches(detail::type_name(detail::type_text<Whole>()));
  }
  [[noreturn]] static void refuse_batches(const std::string& batch);

  using Hook = bool (detail::AnyCallback::*)(Training&);
  void call(Hook hook, Training& training);
  void call_step_end(Training& training);
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
  [[nodiscard]] double evaluate(Tape& tape, Index batches, const Loss& loss, MetricList measured, BatchesInTurn turn);
  // In trainer_ranks.cpp:
  [[nodiscard]] Index ranks() const { return options_.world == nullptr ? 1 : options_.world->size(); }
  [[nodiscard]] bool leads() const { return options_.world == nullptr || options_.world->leads(); }
  [[nodiscard]] int interrupt() const;
  void begin_ranks(Training& training);
  void begin_step_of_rank(Training& training);
  [[nodiscard]] double agree_on_step(Training& training, double own_loss);
  void exchange_gradients();
  void end_step_of_rank(Training& training);
  void average_over_ranks(bool with_slots);
  void refuse_gradients(Training& training, Var loss);
  void agree_on_end();
  void agree_on_report(EpochReport& report);
  void require_equal_parameters();
  void average_statistics();
  void prepare_ranks_to_save();
  void keep_accumulated_once();
  void gather_states(TrainingState& state);
  void tell_failure() noexcept;
  [[nodiscard]] std::optional<TrainingState> state_of_rank_0(std::optional<TrainingState> state);
  // In trainer_state.cpp:
  void save(const Training& training);
  void write_checkpoint(const Training& training, TrainingState state);
  [[nodiscard]] std::optional<TrainingState> newest_state(Training& training);
  [[nodiscard]] std::optional<TrainingState> read_newest();
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
  double samples_ = 0;              // of the present batch; 0 if unknown
  std::optional<double> weight_{};  // of the present batch, if the loss called weigh
  bool no_rows_ = false;            // whether this rank has no rows of the present batch
  int agreed_interrupt_ = 0;        // the signal that all ranks know of
  Generator::State masks_{};        // the tape's generator, from which steps and ranks fork theirs
  bool checked_ = false;            // whether the list of parameters was compared with the tape
  Index epochs_before_ = 0;         // of earlier calls of fit
  Index steps_before_ = 0;
  double seconds_before_ = 0;
  int interrupted_by_ = 0;
  std::string given_rate_;     // learning rate of the optimizer before callbacks change it
  bool changed_rate_ = false;  // whether given_rate_ differs from that of the resumed run
};

}  // namespace recur
