// What a task's model is judged by.

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/framework/ops/cross_entropy.h>
#include <recur/framework/ops/ctc_loss.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/softmax.h>
#include <recur/layers/counted_steps.h>
#include <recur/layers/ctc_decoding.h>
#include <recur/layers/losses.h>
#include <recur/layers/regularizers.h>
#include <recur/layers/sliding_steps.h>
#include <recur/train/data/label_lists.h>
#include <recur/train/loop/label_error.h>

#include <algorithm>
#include <cmath>

#include "task.h"

namespace recur::tools {
namespace {

std::vector<std::int32_t> ids_of(std::span<const float> numbers, const char* what) {
  std::vector<std::int32_t> ids;
  ids.reserve(numbers.size());
  for (const float x : numbers) {
    require<ValueError>(x >= 0 && x < 1e9F && std::floor(x) == x, "{}: {}, must be a class, a whole number from 0",
                        what, x);
    ids.push_back(static_cast<std::int32_t>(x));
  }
  return ids;
}

/// Whether values of this shape are of all steps of the batch.
bool of_steps(const PaddedBatch& batch, const Shape& shape) {
  return shape.rank() >= 2 && batch.inputs.shape().rank() >= 2 && shape[0] == batch.inputs.shape()[0] &&
         shape[1] == batch.inputs.shape()[1];
}

}  // namespace

Var Task::loss_of(const Judged& judged) {
  const LossConfig& loss = outputs_.loss();
  const CrossEntropyOptions options{.label_smoothing = loss.smoothing};
  if (classes_) return sparse_softmax_cross_entropy(outputs_.logits(judged.raw), target_ids_, options);
  if (loss.of_label_lists()) {
    const LabelLists lists = label_lists(judged.targets);
    return ctc_loss(outputs_.logits(judged.raw), {lists.labels, lists.counts},
                    {.lengths = judged.lengths, .skip_impossible = loss.skip_impossible});
  }
  const Var target = judged.raw.tape().constant(judged.targets);
  if (loss.name == "categorical_crossentropy")
    return softmax_cross_entropy(outputs_.logits(judged.raw), target, options);
  if (loss.name == "binary_crossentropy") return binary_cross_entropy(outputs_.logits(judged.raw), target, options);
  if (loss.name == "mean_absolute_error") return mean_absolute_error(outputs_.values(judged.raw), target);
  if (loss.name == "huber") return huber(outputs_.values(judged.raw), target, loss.delta);
  return mean_squared_error(outputs_.values(judged.raw), target);
}

LayerValue Task::call(Tape& tape, const PaddedBatch& batch) {
  LayerValue input;
  input.lengths = batch.lengths;
  if (ids_) {
    input_ids_ = ids_of(batch.inputs.values(), "inputs");
    input.ids = input_ids_;
    input.ids_shape = batch.inputs.shape();
    input.tape = &tape;
  } else {
    input.value = interop::enter(path_, tape.constant(batch.inputs));
  }
  LayerValue output = model_->call(input);
  if (!ids_ && !path_.plain()) output.value = interop::leave(path_, output.value, input.value);
  if (reads_labels()) return output;
  output.lengths =
      of_steps(batch, output.value.shape()) ? std::span<const Index>(batch.lengths) : std::span<const Index>();
  return output;
}

Task::Judged Task::judge(Tape& tape, const PaddedBatch& batch) {
  const LayerValue output = call(tape, batch);
  if (reads_labels()) {
    const auto count = static_cast<double>(batch.inputs.shape()[0]);
    return {output.value, batch.targets.clone(), output.penalty, count, lengths_of("ctc", output)};
  }
  const CountedSteps steps(output);
  Judged judged{
      steps.count() > 0 ? steps.of(output.value) : Var(), {}, output.penalty, static_cast<double>(steps.count())};
  const bool by_step = !batch.labels && of_steps(batch, batch.targets.shape());
  judged.targets = by_step ? steps.of(batch.targets) : batch.targets.clone();
  if (classes_) target_ids_ = ids_of(judged.targets.values(), "targets");
  // What no step counts in has no loss, but penalties of weights have gradients.
  if (!judged.raw.defined()) judged.raw = output.value;
  return judged;
}

Var Task::predict(Tape& tape, const PaddedBatch& batch) {
  LayerValue output = call(tape, batch);
  output.mask = Var();  // its steps are told, too
  return outputs_.predictions(CountedSteps(output).of(output.value));
}

std::vector<std::vector<std::int32_t>> Task::read(Tape& tape, const PaddedBatch& batch) {
  const LayerValue output = call(tape, batch);
  std::vector<std::vector<std::int32_t>> labels;
  for (CtcReading& reading :
       ctc_greedy(outputs_.logits(output.value).to_array(), {.lengths = lengths_of("ctc", output)}))
    labels.push_back(std::move(reading.labels));
  return labels;
}

std::vector<Task::Alignment> Task::align(Tape& tape, const PaddedBatch& batch) {
  const NoGradient inference(tape);
  const LayerValue output = call(tape, batch);
  const Var logits = outputs_.logits(output.value);
  const Shape shape = logits.shape();
  const auto lengths = lengths_of("ctc", output);
  const std::vector<double> probabilities = softmax(logits).to_array().to_doubles();
  auto readings = ctc_greedy(logits.to_array(), {.lengths = lengths});
  auto wanted = label_lists(batch.targets).lists();
  std::vector<Alignment> all;
  for (Index i = 0; i < shape[0]; ++i) {
    const auto at = static_cast<std::size_t>(i);
    Alignment one{.frames = lengths.empty() ? shape[1] : lengths[at], .classes = shape[2]};
    const auto first = probabilities.begin() + i * shape[1] * shape[2];
    one.probabilities.assign(first, first + one.frames * one.classes);
    one.reading = std::move(readings[at]);
    one.wanted = std::move(wanted[at]);
    all.push_back(std::move(one));
  }
  return all;
}

Var Task::logits(Tape& tape, const PaddedBatch& batch) { return outputs_.logits(call(tape, batch).value); }

Task::Loss Task::loss(Tape& tape, const PaddedBatch& batch) {
  const Judged judged = judge(tape, batch);
  const Var own = judged.count > 0 ? loss_of(judged) : Var(sum(judged.raw) * 0.0);
  return {with_penalties(own, parameters_, judged.penalty), judged.count};
}

void Task::measure(Metric& metric, const Judged& judged) {
  if (!reads_labels()) {
    const Var said = metric.takes_logits() ? outputs_.logits(judged.raw) : outputs_.values(judged.raw);
    if (classes_) metric.update(said, target_ids_);
    else metric.update(said, judged.raw.tape().constant(judged.targets));
    return;
  }
  const auto readings = ctc_greedy(outputs_.logits(judged.raw).to_array(), {.lengths = judged.lengths});
  const auto wanted = label_lists(judged.targets).lists();
  double errors = 0, labels = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    errors += static_cast<double>(edit_distance(readings[i].labels, wanted[i]));
    labels += static_cast<double>(wanted[i].size());
  }
  metric.update({.prediction = {&errors, 1},
                 .target = {&labels, 1},
                 .target_ids = {},
                 .weights = {&labels, 1},
                 .rows = 1,
                 .columns = 1});
}

std::vector<std::pair<std::string, double>> Task::evaluate(Tape& tape, const Source& data, World* world) {
  const NoGradient inference(tape);
  reset_states();
  const auto turn = data.continues() ? BatchesInTurn::no : BatchesInTurn::yes;
  const double mean = mean_score(world, data.size(), metrics_, turn, [&](Index i) {
    const PaddedBatch batch = data[i];
    const Judged judged = judge(tape, batch);
    BatchScore score{0, judged.count};
    if (judged.count > 0) {
      score.loss = with_penalties(loss_of(judged), parameters_, judged.penalty).item();
      for (const auto& metric : metrics_) measure(*metric, judged);
    }
    tape.reset();
    return score;
  });
  reset_states();
  std::vector<std::pair<std::string, double>> results{{"loss", mean}};
  for (const auto& metric : metrics_) results.emplace_back(metric->name(), metric->result());
  return results;
}

}  // namespace recur::tools
