#include "task.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/framework/ops/cross_entropy.h>
#include <recur/io/csv.h>
#include <recur/io/idx.h>
#include <recur/io/npz.h>
#include <recur/layers/config.h>
#include <recur/layers/losses.h>
#include <recur/layers/regularizers.h>
#include <recur/train/text.h>
#include <recur/train/vocabulary.h>
#include <recur/train/windows.h>

#include <algorithm>
#include <cmath>

namespace recur::tools {
namespace {

constexpr const char* losses[] = {"mean_squared_error",  "mean_absolute_error",      "huber",
                                  "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"};

std::vector<std::int32_t> ids_of(const Tensor<float>& numbers, const char* what) {
  std::vector<std::int32_t> ids;
  ids.reserve(static_cast<std::size_t>(numbers.size()));
  for (const float x : numbers.values()) {
    require<ValueError>(x >= 0 && x < 1e9F && std::floor(x) == x, "{}: {}, must be a class, a whole number from 0",
                        what, x);
    ids.push_back(static_cast<std::int32_t>(x));
  }
  return ids;
}

Tensor<float> part_of(const Tensor<float>& all, Index first, Index count) {
  std::vector<Index> sizes;
  for (int axis = 0; axis < all.shape().rank(); ++axis) sizes.push_back(axis == 0 ? count : all.shape()[axis]);
  const Index row = all.size() / all.shape()[0];
  return {Shape(std::span<const Index>(sizes)),
          all.values().subspan(static_cast<std::size_t>(first * row), static_cast<std::size_t>(count * row))};
}

/// Characters and, for each, the one that follows.
Batch text_windows(const std::string& path, Index time) {
  const std::string text = read_text_file(path);
  const auto ids = Vocabulary(text).encode(text);
  const Index count = (static_cast<Index>(ids.size()) - 1) / time;
  require<ValueError>(count >= 2, "{} characters are too few for windows of {}", ids.size(), time);
  Batch all{Tensor<float>({count, time}), Tensor<float>({count, time})};
  for (std::size_t i = 0; i < static_cast<std::size_t>(count * time); ++i) {
    all.inputs.values()[i] = static_cast<float>(ids[i]);
    all.targets.values()[i] = static_cast<float>(ids[i + 1]);
  }
  return all;
}

Batch csv_windows(const std::string& path, std::vector<std::string> names, const WindowOptions& options) {
  const CsvTable table(path);
  if (names.empty()) names = table.names();
  Tensor<float> series({static_cast<Index>(table.rows()), static_cast<Index>(names.size())});
  for (std::size_t c = 0; c < names.size(); ++c) {
    const auto column = table.column(names[c]);
    for (std::size_t r = 0; r < column.size(); ++r)
      series.values()[r * names.size() + c] = static_cast<float>(column[r]);
  }
  const Windows windows(std::move(series), options);
  std::vector<Example> examples;
  for (Index i = 0; i < windows.size(); ++i) examples.push_back(windows[i]);
  Batch all = stack(examples);
  const Shape shape = all.targets.shape();
  all.targets.reshape({shape[0], shape.count() / shape[0]});
  return all;
}

}  // namespace

void Task::split(Tensor<float> inputs, Tensor<float> targets, double fraction) {
  require<ValueError>(fraction > 0 && fraction < 1, "validation {}, must be between 0 and 1", fraction);
  require(inputs.shape().rank() > 0 && targets.shape().rank() > 0 && inputs.shape()[0] == targets.shape()[0],
          "inputs {} and targets {} must have as many rows", inputs.shape(), targets.shape());
  const Index all = inputs.shape()[0];
  const auto held = static_cast<Index>(std::ceil(fraction * static_cast<double>(all)));
  require<ValueError>(held > 0 && held < all, "{} examples cannot be split", all);
  training_.emplace(part_of(inputs, 0, all - held), part_of(targets, 0, all - held));
  validation_.emplace(part_of(inputs, all - held, held), part_of(targets, all - held, held));
}

void Task::read_data(Settings data) {
  const std::string kind = data.text("kind");
  const double fraction = data.number("validation", 0.1);
  const auto scale = static_cast<float>(data.number("scale", 1));
  Batch all;
  if (kind == "text") {
    const std::string path = data.text("path");
    const Index time = data.integer("time", 64, 1);
    all = data.about("path", [&] { return text_windows(path, time); });
  } else if (kind == "csv") {
    const std::string path = data.text("path");
    const auto columns = data.texts("columns");
    const WindowOptions windows{.length = data.integer("length", 32, 1), .horizon = data.integer("horizon", 1, 1)};
    all = data.about("path", [&] { return csv_windows(path, columns, windows); });
  } else if (kind == "npz") {
    const std::string path = data.text("path"), inputs = data.text("inputs"), targets = data.text("targets");
    const auto file = data.about("path", [&] { return NpzFile(path); });
    all.inputs = data.about("inputs", [&] { return file.load<float>(inputs); });
    all.targets = data.about("targets", [&] { return file.load<float>(targets); });
  } else if (kind == "npy" || kind == "idx") {
    const auto read = [&](const std::string& key) {
      const std::string path = data.text(key);
      return data.about(key, [&] { return kind == "npy" ? load_npy<float>(path) : load_idx<float>(path); });
    };
    all.inputs = read("inputs");
    all.targets = read("targets");
  } else {
    data.refuse("kind", "'" + kind + "' is not known; there are text, csv, npz, npy, idx");
  }
  data.finish();
  if (kind == "csv")
    for (float& x : all.targets.values()) x *= scale;
  for (float& x : all.inputs.values()) x *= kind == "text" ? 1 : scale;
  data.about("validation", [&] { split(std::move(all.inputs), std::move(all.targets), fraction); });
}

Task::Task(Settings& settings, std::uint64_t seed, DType dtype) {
  loss_name_ = settings.text("loss");
  if (std::find(std::begin(losses), std::end(losses), loss_name_) == std::end(losses)) {
    std::string known;
    for (const char* name : losses) known += std::string(" ") + name;
    settings.refuse("loss", "'" + loss_name_ + "' is not known; there are" + known);
  }
  classes_ = loss_name_ == "sparse_categorical_crossentropy";
  batch_ = settings.integer("batch", 32, 1);
  for (const std::string& name : settings.texts("metrics")) {
    metrics_.push_back(settings.about("metrics", [&] { return make_metric(name); }));
    if (metrics_.back()->takes_ids() != classes_)
      settings.refuse("metrics",
                      name + (classes_ ? " needs numbers as targets, not classes" : " needs classes as targets"));
  }
  read_data(settings.object("data"));
  const std::string model = settings.value("model").dump();
  model_ = settings.about("model", [&] { return layer_from_config(model); });
  if (model_->class_name() != Sequential::class_name) settings.refuse("model", "must be a Sequential");
  ids_ = model_.as<Sequential>().layers().front()->class_name() == "Embedding";
  settings.about("model", [&] {
    const Shape& shape = (*training_)[0].inputs.shape();
    require<ShapeError>(ids_ || shape.rank() >= 2, "an example has shape {}, [time, features] is needed", shape);
    Builder builder(ids_ ? 1 : shape.cols(), dtype, Generator(seed));
    model_.build(builder);
    ParameterVisitor visitor;
    model_.visit(visitor);
    parameters_ = visitor.take();
    // A first batch shows whether data, model and loss fit.
    Tape tape(dtype);
    const NoGradient inference(tape);
    const Index first = 0;
    (void)loss(tape, training_->gather(std::span(&first, 1)));
    model_->reset_states();
  });
}

Var Task::penalized(Tape& tape, Var loss, Var activity) {
  const bool weights = std::any_of(parameters_.begin(), parameters_.end(), [](const NamedParameter& p) {
    return p.parameter->l1 != 0 || p.parameter->l2 != 0;
  });
  if (weights) loss = loss + penalty(tape, parameters_);
  if (activity.defined()) loss = loss + activity;
  return loss;
}

Var Task::loss_of(Var prediction, const Batch& batch) {
  if (classes_) {
    target_ids_ = ids_of(batch.targets, "targets");
    return sparse_softmax_cross_entropy(prediction, target_ids_);
  }
  const Var target = prediction.tape().constant(batch.targets);
  if (loss_name_ == "categorical_crossentropy") return softmax_cross_entropy(prediction, target);
  if (loss_name_ == "binary_crossentropy") return binary_cross_entropy(prediction, target);
  if (loss_name_ == "mean_absolute_error") return mean_absolute_error(prediction, target);
  if (loss_name_ == "huber") return huber(prediction, target);
  return mean_squared_error(prediction, target);
}

LayerValue Task::call(Tape& tape, const Batch& batch) {
  LayerValue input;
  if (ids_) {
    input_ids_ = ids_of(batch.inputs, "inputs");
    input.ids = input_ids_;
    input.ids_shape = batch.inputs.shape();
    input.tape = &tape;
  } else {
    input.value = tape.constant(batch.inputs);
  }
  return model_->call(input);
}

Var Task::predict(Tape& tape, const Batch& batch) { return call(tape, batch).value; }

Var Task::loss(Tape& tape, const Batch& batch) {
  const LayerValue output = call(tape, batch);
  return penalized(tape, loss_of(output.value, batch), output.penalty);
}

std::vector<std::pair<std::string, double>> Task::evaluate(Tape& tape, const TensorDataset& data) {
  const NoGradient inference(tape);
  MeanMetric mean("loss");
  for (const auto& metric : metrics_) metric->reset();
  const Batches batches(data, {.batch = batch_, .shuffle = false});
  for (Index i = 0; i < batches.size(); ++i) {
    const Batch batch = batches[i];
    const Var prediction = predict(tape, batch);
    mean.update(loss_of(prediction, batch).item(), static_cast<double>(batch.inputs.shape()[0]));
    for (const auto& metric : metrics_) {
      if (classes_) metric->update(prediction, ids_of(batch.targets, "targets"));
      else metric->update(prediction, tape.constant(batch.targets));
    }
    tape.reset();
  }
  std::vector<std::pair<std::string, double>> results{{mean.name(), mean.result()}};
  for (const auto& metric : metrics_) results.emplace_back(metric->name(), metric->result());
  return results;
}

}  // namespace recur::tools
