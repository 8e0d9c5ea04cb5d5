#include "task.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/framework/ops/cross_entropy.h>
#include <recur/framework/ops/gather.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/tensor/nearest_name.h>
#include <recur/io/model_file.h>
#include <recur/layers/config/config.h>
#include <recur/layers/embedding.h>
#include <recur/layers/losses.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/regularizers.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace recur::tools {
namespace {

const std::vector<std::string> losses = {
    "mean_squared_error",  "mean_absolute_error",      "huber",
    "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"};

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

/// Places of the steps that count among those of all sequences, padded to `time` steps.
std::vector<std::int32_t> steps_that_count(std::span<const Index> lengths, Index time) {
  std::vector<std::int32_t> places;
  for (std::size_t i = 0; i < lengths.size(); ++i)
    for (Index t = 0; t < lengths[i]; ++t)
      places.push_back(static_cast<std::int32_t>(static_cast<Index>(i) * time + t));
  return places;
}

/// Whether the batch has steps that do not count, of which the values of this shape are.
bool has_padding(const PaddedBatch& batch, const Shape& shape) {
  return !batch.lengths.empty() && shape.rank() >= 2 && shape[0] == static_cast<Index>(batch.lengths.size()) &&
         shape[1] == batch.inputs.shape()[1];
}

/// The targets at the steps that count.
Tensor<float> targets_of(const PaddedBatch& batch) {
  const Shape& shape = batch.targets.shape();
  if (!has_padding(batch, shape)) return batch.targets.clone();
  const auto places = steps_that_count(batch.lengths, shape[1]);
  Tensor<float> result(shape.without(0).with(0, static_cast<Index>(places.size())));
  const Index row = shape.without(0).without(0).count();
  for (std::size_t i = 0; i < places.size(); ++i)
    std::copy_n(batch.targets.data() + places[i] * row, row, result.data() + static_cast<Index>(i) * row);
  return result;
}

}  // namespace

ModelNotes ModelNotes::load(const std::filesystem::path& file) {
  const Metadata notes = load_safetensors(file).metadata;
  for (const char* key : {"config", "features"})
    require<FormatError>(notes.contains(key), "'{}' has no {} in it: it was not written by recur train", file.string(),
                         key);
  ModelNotes result{.config = notes.at("config")};
  const std::string& number = notes.at("features");
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), result.features);
  require<FormatError>(error == std::errc() && end == number.data() + number.size() && result.features > 0,
                       "'{}': {} features", file.string(), number);
  if (const auto at = notes.find("vocabulary"); at != notes.end()) result.vocabulary = Vocabulary::from_hex(at->second);
  return result;
}

std::vector<std::unique_ptr<Metric>> read_metrics(Settings& settings) {
  std::vector<std::unique_ptr<Metric>> metrics;
  for (const std::string& name : settings.texts("metrics")) {
    const std::string key = fmt::format("metrics/{}", metrics.size());
    try {
      metrics.push_back(make_metric(name));
    } catch (const ValueError&) {
      settings.refuse_name(key, name, metric_names());
    }
  }
  return metrics;
}

Task::Task(Settings& settings, const Options& options) {
  loss_name_ = settings.choice("loss", losses);
  classes_ = loss_name_ == "sparse_categorical_crossentropy";
  metrics_ = read_metrics(settings);
  for (std::size_t i = 0; i < metrics_.size(); ++i)
    if (metrics_[i]->takes_ids() != classes_)
      settings.refuse(fmt::format("metrics/{}", i),
                      fmt::format("{} needs {} as targets; with the loss {} they are {}", metrics_[i]->name(),
                                  classes_ ? "numbers" : "classes", loss_name_, classes_ ? "classes" : "numbers"));
  const Index batch = settings.integer("batch", 32, 1);
  if (options.data) {
    data_ =
        read_data(settings.object("data"), {.batch = options.batch > 0 ? options.batch : batch,
                                            .seed = options.seed,
                                            .training = options.training,
                                            .one_stream = options.one_stream,
                                            .vocabulary = options.notes ? options.notes->vocabulary : std::nullopt});
  } else {
    (void)settings.value("data");
    data_.vocabulary = options.notes->vocabulary;
  }
  read_model(settings, options);
}

void Task::read_model(Settings& settings, const Options& options) {
  model_ = settings.build("model", [](const Settings::Json& json) { return layer_from_config(json.dump()); });
  if (model_->class_name() != Sequential::class_name) settings.refuse("model/class_name", "must be Sequential");
  ids_ = model_.as<Sequential>().layers().front()->class_name() == Embedding::class_name;
  check_sizes(settings);
  if (data_.validation.continues()) settings.about("model", [&] { carry_states("\"stream\": true"); });
  else
    for (const RNN* rnn : recurrent())
      if (rnn->options().stateful)
        settings.refuse("model", "a stateful layer needs data that goes on from batch to batch: \"stream\": true");
  settings.about("model", [&] {
    if (options.notes) features_ = options.notes->features;
    else if (!ids_) {
      const Shape shape = data_.validation[0].inputs.shape();
      require<ShapeError>(shape.rank() >= 3, "examples have the shape {}, [time, features] is needed{}",
                          shape.without(0), shape.rank() == 2 ? " (for ids, an Embedding as the first layer)" : "");
      features_ = shape.cols();
    }
    Builder builder(features_, options.dtype, Generator(options.seed));
    model_.build(builder);
    ParameterVisitor visitor;
    model_.visit(visitor);
    parameters_ = visitor.take();
  });
  if (options.data) check_batch(settings, options);
}

// Mistakes that are easily made, told before they lead to others.
void Task::check_sizes(Settings& settings) {
  if (!data_.vocabulary || !classes_) return;
  const Index characters = data_.vocabulary->size();
  auto& layers = model_.as<Sequential>().layers();
  const auto refuse = [&](std::size_t layer, const char* key, Index size) {
    settings.refuse(fmt::format("model/config/layers/{}/config/{}", layer, key),
                    fmt::format("the text has {} characters, got {}", characters, size));
  };
  if (ids_ && layers.front().as<Embedding>().input_dim() < characters)
    refuse(0, "input_dim", layers.front().as<Embedding>().input_dim());
  const Index outputs = layers.back()->output_size(0);
  if (layers.back()->class_name() == "Dense" && outputs < characters) refuse(layers.size() - 1, "units", outputs);
}

// A first batch shows whether data, model and loss fit.
void Task::check_batch(Settings& settings, const Options& options) {
  settings.about("model", [&] {
    Tape tape(options.dtype);
    const NoGradient inference(tape);
    (void)loss(tape, data_.validation[0]);
    reset_states();
  });
}

std::vector<RNN*> Task::recurrent() const {
  std::vector<RNN*> found;
  for (const AnyLayer& layer : model_.as<Sequential>().layers())
    if (RNN* const rnn = layer->rnn()) found.push_back(rnn);
  return found;
}

void Task::carry_states(const std::string& what) {
  for (const AnyLayer& layer : model_.as<Sequential>().layers()) {
    const std::string_view name = layer->class_name();
    const RNN* const rnn = layer->rnn();
    require<ValueError>(name != "Bidirectional" && name != "Attention" && name != "AdditiveAttention" &&
                            !(rnn && rnn->options().go_backwards),
                        "{} does not work with this model: its {} looks at later steps", what, name);
  }
  for (RNN* rnn : recurrent()) {
    RNNOptions options = rnn->options();
    options.stateful = true;
    rnn->set_options(options);
  }
}

void Task::reset_states() {
  model_->reset_states();
  for (RNN* rnn : recurrent()) rnn->set_options(rnn->options());
}

void Task::save_states(TrainingState& to) const {
  const auto layers = recurrent();
  for (std::size_t i = 0; i < layers.size(); ++i) to.put(fmt::format("states/{}", i), layers[i]->states());
}

void Task::load_states(const TrainingState& from) {
  const auto layers = recurrent();
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (const auto states = from.get(fmt::format("states/{}", i)); !states.empty()) layers[i]->reset_states(states);
}

void Task::save(const std::filesystem::path& file, const std::string& config) const {
  Metadata notes = {{"model", get_config(model_)}, {"config", config}, {"features", std::to_string(features_)}};
  if (data_.vocabulary) notes["vocabulary"] = data_.vocabulary->hex();
  save_parameters(file, parameters_, notes);
}

std::optional<double> Task::optimum() const {
  if (!data_.optimum || data_.optimum->loss != loss_name_) return std::nullopt;
  return data_.optimum->value;
}

Var Task::penalized(Tape& tape, Var loss, Var activity) {
  const bool weights = std::any_of(parameters_.begin(), parameters_.end(), [](const NamedParameter& p) {
    return p.parameter->l1 != 0 || p.parameter->l2 != 0;
  });
  if (weights) loss = loss + penalty(tape, parameters_);
  if (activity.defined()) loss = loss + activity;
  return loss;
}

Var Task::loss_of(Var prediction, const PaddedBatch& batch) {
  const Tensor<float> targets = targets_of(batch);
  if (classes_) {
    target_ids_ = ids_of(targets.values(), "targets");
    return sparse_softmax_cross_entropy(prediction, target_ids_);
  }
  const Var target = prediction.tape().constant(targets);
  if (loss_name_ == "categorical_crossentropy") return softmax_cross_entropy(prediction, target);
  if (loss_name_ == "binary_crossentropy") return binary_cross_entropy(prediction, target);
  if (loss_name_ == "mean_absolute_error") return mean_absolute_error(prediction, target);
  if (loss_name_ == "huber") return huber(prediction, target);
  return mean_squared_error(prediction, target);
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
    input.value = tape.constant(batch.inputs);
  }
  LayerValue output = model_->call(input);
  if (const Shape shape = output.value.shape(); shape.rank() >= 3 && has_padding(batch, shape)) {
    const auto places = steps_that_count(batch.lengths, shape[1]);
    const Var steps = reshape(output.value, {shape.rows(), shape.cols()});
    output.value = gather(steps, places, {static_cast<Index>(places.size())});
  }
  return output;
}

Var Task::predict(Tape& tape, const PaddedBatch& batch) { return call(tape, batch).value; }

Var Task::loss(Tape& tape, const PaddedBatch& batch) {
  const LayerValue output = call(tape, batch);
  return penalized(tape, loss_of(output.value, batch), output.penalty);
}

std::vector<std::pair<std::string, double>> Task::evaluate(Tape& tape, const Source& data) {
  const NoGradient inference(tape);
  reset_states();
  MeanMetric mean("loss");
  for (const auto& metric : metrics_) metric->reset();
  for (Index i = 0; i < data.size(); ++i) {
    const PaddedBatch batch = data[i];
    const Var prediction = predict(tape, batch);
    mean.update(loss_of(prediction, batch).item(), static_cast<double>(prediction.shape().rows()));
    for (const auto& metric : metrics_) {
      if (classes_) metric->update(prediction, target_ids_);
      else metric->update(prediction, tape.constant(targets_of(batch)));
    }
    tape.reset();
  }
  reset_states();
  std::vector<std::pair<std::string, double>> results{{mean.name(), mean.result()}};
  for (const auto& metric : metrics_) results.emplace_back(metric->name(), metric->result());
  return results;
}

}  // namespace recur::tools
