#pragma once

#include <recur/layers/recurrent/states_aside.h>
#include <recur/layers/sequential.h>
#include <recur/train/data/example.h>
#include <recur/train/loop/label_error.h>
#include <recur/train/loop/metrics.h>
#include <recur/train/loop/trainer.h>
#include <recur/train/model/loss_function.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace recur {

/// What a model scores on data, by loss and metrics.
struct Scores {
  double loss = 0;
  NamedNumbers metrics;

  /// A metric by its name, or `loss`. @throws ValueError, with the names there are, for another.
  [[nodiscard]] double operator[](std::string_view name) const;
};

/// Ids of a batch and the ids that are wanted, with the shape of the first and a weight for each of the second (empty:
/// all 1).
struct IdsView {
  std::span<const std::int32_t> inputs;
  Shape shape{0};
  std::span<const std::int32_t> targets;
  std::span<const float> weights;
};

namespace detail {

// Batches of ids: of samples `[batch, time]`, of streams `[time, batch]`.
template <class B>
concept IdBatch = requires(const B& b) {
  std::span<const std::int32_t>(b.inputs);
  std::span<const std::int32_t>(b.targets);
  b.batch;
};

template <IdBatch B>
[[nodiscard]] IdsView ids_view(const B& batch) {
  IdsView view{.inputs = batch.inputs, .targets = batch.targets, .weights = {}};
  require<ValueError>(batch.batch >= 1, "ModelTrainer: a batch of {} sequences", batch.batch);
  if constexpr (requires { batch.time; }) view.shape = {batch.batch, batch.time};
  else view.shape = {static_cast<Index>(batch.inputs.size()) / batch.batch, batch.batch};
  if constexpr (requires { batch.weights; }) view.weights = batch.weights;
  return view;
}

}  // namespace detail

/// A `Trainer` that knows model and loss, so that data is all that `fit` needs:
///
///     Sequential model{LSTM(64), Dense(1)};
///     model.build(features, seed);
///     ModelTrainer trainer(model, "mse", optim::adam(1e-3), {.epochs = 20});
///     trainer.fit(Batches(train, {.batch = 32}), validation);
///     double mse = trainer.evaluate(test).loss;
///
/// Data is a source of `Batch`, `PaddedBatch` (padding does not count), or batches of ids: `StreamWindow`,
/// `samples::IdSequences`. The states of stateful layers go on from batch to batch of an epoch, are part of
/// checkpoints, and begin with zeros in each epoch and in each evaluation. The tape is the trainer's own. The model
/// must outlive the trainer.
class ModelTrainer : public Trainer {
  // The loss of a batch, as the loop wants it. Above its uses, as its type is deduced.
  [[nodiscard]] auto step() {
    return [this]<class B>(Tape& tape, const B& batch) {
      if constexpr (detail::IdBatch<B>) return loss_of(tape, detail::ids_view(batch));
      else return loss_of(tape, batch);
    };
  }

 public:
  /// @param seed of dropout masks @throws ValueError for a model that was not built
  ModelTrainer(Sequential& model, LossFunction loss, optim::Optimizer optimizer, TrainerOptions options = {},
               std::uint64_t seed = 0);
  ModelTrainer(const ModelTrainer&) = delete;
  ModelTrainer& operator=(const ModelTrainer&) = delete;
  ~ModelTrainer() = default;

  /// Adds a metric (`make_metric`), for the reports of epochs with validation and for `evaluate`. With a loss of label
  /// lists it is `label_error`, of the labels that `ctc_greedy` reads. @throws ValueError for an unknown name or a
  /// metric of classes where the loss is one of numbers.
  ModelTrainer& measure(std::string_view metric);

  /// Trains; throws what `Trainer::fit` throws.
  template <BatchSource Data>
  std::vector<EpochReport> fit(Data&& data) {
    return Trainer::fit(tape_, data, step());
  }
  /// Trains, and validates after each epoch by loss and metrics over other data.
  template <BatchSource Data, BatchSource Other>
  std::vector<EpochReport> fit(Data&& data, Other&& validation) {
    return Trainer::fit(tape_, data, step(), Validation([&] { return judge(validation); }));
  }
  /// The mean loss and the metrics over data, without training.
  template <BatchSource Data>
  [[nodiscard]] Scores evaluate(Data&& data) {
    const StatesAside aside(stateful_);
    const double loss = judge(data);
    return {loss, results()};
  }
  [[nodiscard]] Tape& tape() { return tape_; }

 private:
  template <class Data>
  [[nodiscard]] double judge(Data& data) {
    if (label_error_) label_error_->reset();
    // Label errors are not summed over ranks: each rank evaluates all batches then.
    const bool in_turn = stateful_.empty() && !label_error_;
    const auto turn = in_turn ? BatchesInTurn::yes : BatchesInTurn::no;
    return Trainer::evaluate(tape_, data, step(), measured_, turn);
  }
  [[nodiscard]] Var loss_of(Tape& tape, const Batch& batch);
  [[nodiscard]] Var loss_of(Tape& tape, const PaddedBatch& batch);
  [[nodiscard]] Var loss_of(Tape& tape, const IdsView& batch);
  [[nodiscard]] Var loss_of_label_lists(const LayerValue& output, const Tensor<float>& targets);
  void measure_batch(Var prediction, const Tensor<float>& targets, std::span<const float> weights);
  void measure_batch(Var prediction, std::span<const std::int32_t> targets, std::span<const float> weights);
  [[nodiscard]] NamedNumbers results() const;

  Sequential& model_;
  LossFunction loss_;
  std::vector<NamedParameter> parameters_;
  Tape tape_;
  std::vector<RNN*> stateful_;
  std::vector<std::unique_ptr<Metric>> measured_;
  std::optional<LabelError> label_error_;
};

}  // namespace recur
