#include <recur/train/model/model_trainer.h>

#include <recur/layers/ctc_decoding.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/regularizers.h>
#include <recur/layers/sliding_steps.h>

#include <algorithm>
#include <numeric>

namespace recur {
namespace {

std::vector<NamedParameter> parameters_of_built(Sequential& model) {
  require<ValueError>(model.input_size() > 0,
                      "ModelTrainer: the model was not built; call model.build(features, seed)");
  return parameters(model);
}

LayerValue input_of(Tape& tape, const IdsView& batch) {
  LayerValue input;
  input.tape = &tape;
  input.ids = batch.inputs;
  input.ids_shape = batch.shape;
  return input;
}

}  // namespace

double Scores::operator[](std::string_view name) const {
  if (name == "loss") return loss;
  std::string names = "loss";
  for (const auto& [known, value] : metrics) {
    if (known == name) return value;
    names += ", " + known;
  }
  fail<ValueError>("Scores: there is no '{}'; there are {}", name, names);
}

ModelTrainer::ModelTrainer(Sequential& model, LossFunction loss, optim::Optimizer optimizer, TrainerOptions options,
                           std::uint64_t seed)
    : Trainer(parameters_of_built(model), std::move(optimizer), std::move(options)),
      model_(model),
      loss_(std::move(loss)),
      parameters_(parameters(model)),
      tape_(parameters_.front().parameter->dtype(), seed) {
  for (RNN* rnn : recurrent_layers(model))
    if (rnn->options().stateful) stateful_.push_back(rnn);
  carry_states(stateful_, EachEpoch::begins_with_zeros);
}

ModelTrainer& ModelTrainer::measure(std::string_view metric) {
  if (loss_.of_label_lists() || metric == "label_error") {
    require<ValueError>(
        loss_.of_label_lists() && metric == "label_error",
        "ModelTrainer::measure: label_error is the metric of a loss of label lists, such as ctc, and no "
        "other one is; got {}",
        metric);
    label_error_.emplace();
  } else {
    auto made = make_metric(metric);
    require<ValueError>(made->takes_ids() == loss_.of_classes(),
                        "ModelTrainer::measure: {} needs {} as targets; with this loss they are {}", metric,
                        made->takes_ids() ? "classes" : "numbers", loss_.of_classes() ? "classes" : "numbers");
    measured_.push_back(std::move(made));
  }
  metrics = [this](const EpochReport& report) { return report.validated ? results() : NamedNumbers(); };
  return *this;
}

NamedNumbers ModelTrainer::results() const {
  NamedNumbers numbers;
  for (const auto& metric : measured_) numbers.emplace_back(metric->name(), metric->result());
  if (label_error_) numbers.emplace_back("label_error", label_error_->result());
  return numbers;
}

Var ModelTrainer::loss_of(Tape& tape, const Batch& batch) {
  LayerValue input;
  input.value = tape.constant(batch.inputs);
  const LayerValue output = model_.call(input);
  if (loss_.of_label_lists()) return loss_of_label_lists(output, batch.targets);
  measure_batch(output.value, batch.targets, {});
  return with_penalties(loss_(output.value, batch.targets), parameters_, output.penalty);
}

Var ModelTrainer::loss_of(Tape& tape, const PaddedBatch& batch) {
  LayerValue input;
  input.value = tape.constant(batch.inputs);
  input.lengths = batch.lengths;
  const LayerValue output = model_.call(input);
  if (loss_.of_label_lists()) return loss_of_label_lists(output, batch.targets);
  // Labels of whole sequences have no padding, and batches of equal lengths need no weights.
  const Index steps = batch.steps();
  const Shape shape = batch.inputs.shape();
  const bool padded = !batch.labels && steps < shape[0] * shape[1];
  const Tensor<float> mask = padded ? batch.mask() : Tensor<float>({0});
  if (!batch.labels) weigh(static_cast<double>(steps));
  measure_batch(output.value, batch.targets, mask.values());
  return with_penalties(loss_(output.value, batch.targets, mask.values()), parameters_, output.penalty);
}

// The steps that a layer with strides leaves are in the lengths of the output.
Var ModelTrainer::loss_of_label_lists(const LayerValue& output, const Tensor<float>& targets) {
  const LabelLists wanted = label_lists(targets);
  const auto lengths = lengths_of("ModelTrainer", output);
  if (label_error_ && !tape_.recording()) {
    const auto readings = ctc_greedy(output.value.to_array(), {.lengths = lengths});
    const auto lists = wanted.lists();
    for (std::size_t i = 0; i < lists.size(); ++i) label_error_->update(readings[i].labels, lists[i]);
  }
  return with_penalties(loss_(output.value, wanted, lengths), parameters_, output.penalty);
}

Var ModelTrainer::loss_of(Tape& tape, const IdsView& batch) {
  const LayerValue output = model_.call(input_of(tape, batch));
  weigh(batch.weights.empty() ? static_cast<double>(batch.targets.size())
                              : std::accumulate(batch.weights.begin(), batch.weights.end(), 0.0));
  measure_batch(output.value, batch.targets, batch.weights);
  return with_penalties(loss_(output.value, batch.targets, batch.weights), parameters_, output.penalty);
}

void ModelTrainer::measure_batch(Var prediction, const Tensor<float>& targets, std::span<const float> weights) {
  if (tape_.recording() || measured_.empty()) return;
  if (loss_.of_classes()) return measure_batch(prediction, class_ids(targets.values()), weights);
  Var weight;
  if (!weights.empty()) weight = tape_.constant(prediction.shape().without(-1), weights);
  for (const auto& metric : measured_) metric->update(prediction, tape_.constant(targets), weight);
}

void ModelTrainer::measure_batch(Var prediction, std::span<const std::int32_t> targets,
                                 std::span<const float> weights) {
  if (tape_.recording()) return;
  const std::vector<double> rows(weights.begin(), weights.end());
  for (const auto& metric : measured_) metric->update(prediction, targets, rows);
}

}  // namespace recur
