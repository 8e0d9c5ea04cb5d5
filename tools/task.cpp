#include "task.h"

#include <recur/framework/tensor/nearest_name.h>
#include <recur/io/model_file.h>
#include <recur/io/warning.h>
#include <recur/layers/config/config.h>
#include <recur/layers/embedding.h>
#include <recur/layers/recurrent/rnn.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace recur::tools {
namespace {

// The layer that the inputs go to.
AnyLayer& first_layer(AnyLayer& model) {
  AnyLayer* layer = &model;
  while ((*layer)->class_name() == Sequential::class_name) layer = &layer->as<Sequential>().layers().front();
  return *layer;
}

}  // namespace

ModelNotes ModelNotes::load(const std::filesystem::path& file) {
  const Metadata notes = load_model_file(file).metadata;
  for (const char* key : {"config", "features"})
    require<FormatError>(notes.contains(key), "'{}' has no {} in it: it was not written by recur train", file.string(),
                         key);
  ModelNotes result{.config = notes.at("config")};
  const std::string& number = notes.at("features");
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), result.features);
  require<FormatError>(error == std::errc() && end == number.data() + number.size() && result.features > 0,
                       "'{}': {} features", file.string(), number);
  if (const auto at = notes.find("vocabulary"); at != notes.end()) result.vocabulary = Vocabulary::from_hex(at->second);
  if (const auto at = notes.find("columns"); at != notes.end()) {
    const auto list = Settings::Json::parse(at->second, nullptr, false);
    require<FormatError>(
        list.is_array() && std::ranges::all_of(list, [](const auto& name) { return name.is_string(); }),
        "'{}': columns {}", file.string(), at->second);
    result.columns = list.get<std::vector<std::string>>();
  }
  const auto factor = [&](const char* key, double otherwise) {
    const auto at = notes.find(key);
    return at == notes.end() ? otherwise : std::strtod(at->second.c_str(), nullptr);
  };
  result.path.skip = static_cast<Index>(factor("skip", 0));
  result.path.input_gain = factor("input_gain", 1);
  result.path.output_gain = factor("output_gain", 1);
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
  const LossConfig loss = LossConfig::read(settings);
  classes_ = loss.of_classes();
  metrics_ = read_metrics(settings);
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    if ((metrics_[i]->name() == "label_error") != loss.of_label_lists())
      settings.refuse(fmt::format("metrics/{}", i),
                      fmt::format("{} with the loss {}: label_error is the metric of ctc, and its only one",
                                  metrics_[i]->name(), loss.name));
    if (metrics_[i]->takes_ids() != classes_)
      settings.refuse(fmt::format("metrics/{}", i),
                      fmt::format("{} needs {} as targets; with the loss {} they are {}", metrics_[i]->name(),
                                  classes_ ? "numbers" : "classes", loss.name, classes_ ? "classes" : "numbers"));
  }
  const Index batch = settings.integer("batch", 32, 1);
  if (options.data) {
    data_ = read_data(settings.object("data"),
                      {.batch = options.batch > 0 ? options.batch : batch,
                       .seed = options.seed,
                       .training = options.training,
                       .one_stream = options.one_stream,
                       .vocabulary = options.notes ? options.notes->vocabulary : std::nullopt,
                       .columns = options.notes ? options.notes->columns : std::vector<std::string>()});
  } else {
    (void)settings.value("data");
    data_.vocabulary = options.notes->vocabulary;
  }
  read_model(settings, options, loss);
}

void Task::read_model(Settings& settings, const Options& options, const LossConfig& loss) {
  model_ = settings.build("model", [&](const Settings::Json& json) { return layer_of(json, options.registry); });
  if (model_->class_name() != Sequential::class_name) settings.refuse("model/class_name", "must be Sequential");
  ids_ = first_layer(model_)->class_name() == Embedding::class_name;
  check_sizes(settings);
  outputs_ = Outputs(settings, model_, loss);
  check_order(settings);
  settings.about("model", [&] {
    if (options.notes) {
      features_ = options.notes->features;
      path_ = options.notes->path;
    } else if (!ids_) {
      const Shape shape = data_.validation[0].inputs.shape();
      require<ShapeError>(shape.rank() >= 3, "examples have the shape {}, [time, features] is needed{}",
                          shape.without(0), shape.rank() == 2 ? " (for ids, an Embedding as the first layer)" : "");
      features_ = shape.cols();
    }
  });
  build(settings, options);
  if (options.data) check_batch(settings, options);
}

void Task::build(Settings& settings, const Options& options) {
  auto& layers = model_.as<Sequential>().layers();
  const auto build_model = [&](AnyLayer& model) {
    Builder builder(features_, options.dtype, Generator(options.seed));
    model.build(builder);
  };
  try {
    build_model(model_);
  } catch (const std::exception& error) {
    // The first layer that cannot be built behind those before it, if one alone is to blame.
    const Settings::Json config = settings.value("model");
    for (std::size_t count = 1; count <= layers.size(); ++count) {
      Settings::Json part = config;
      Settings::Json& list = part["config"]["layers"];
      if (list.size() < count) break;
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(count), list.end());
      try {
        AnyLayer model = layer_of(part, options.registry);
        build_model(model);
      } catch (const std::exception& reason) {
        settings.refuse(fmt::format("model/config/layers/{}/config", count - 1), Settings::reason(reason));
      }
    }
    settings.refuse("model", Settings::reason(error));
  }
  ParameterVisitor visitor;
  model_.visit(visitor);
  parameters_ = visitor.take();
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

// Of steps: no layer may see those that it is to predict, and states go from batch to batch only where the data does.
void Task::check_order(Settings& settings) {
  if (data_.validation.predicts_next())
    settings.about("model", [&] {
      refuse_looking_ahead("each step is to be predicted from those before it, which does not work with this model");
    });
  if (data_.validation.continues()) return settings.about("model", [&] { carry_states("\"stream\": true"); });
  for (AnyLayer* layer : all_layers(model_))
    if (const RNN* const rnn = (*layer)->rnn(); rnn != nullptr && rnn->options().stateful)
      settings.refuse("model", "a stateful layer needs data that goes on from batch to batch: \"stream\": true");
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

void Task::refuse_looking_ahead(const std::string& why) {
  const AnyLayer* innermost = &model_;
  for (const AnyLayer* layer : sequence_layers(model_)) {
    if (!(*layer)->looks_ahead()) continue;
    innermost = layer;
    if ((*layer)->class_name() == "Bidirectional") break;
  }
  require<ValueError>(!model_->looks_ahead(), "{}: its {} looks at later steps", why, (*innermost)->class_name());
}

void Task::carry_states(const std::string& what) {
  refuse_looking_ahead(what + " does not work with this model");
  for (AnyLayer* layer : sequence_layers(model_))
    require<ValueError>(!(*layer)->takes_states() || (*layer)->rnn() != nullptr || !(*layer)->parts().empty(),
                        "{} does not work with this model: its {} does not carry states from batch to batch", what,
                        (*layer)->class_name());
  for (RNN* rnn : recurrent_layers(model_)) {
    RNNOptions options = rnn->options();
    options.stateful = true;
    rnn->set_options(options);
  }
}

void Task::reset_states() {
  model_->reset_states();
  for (RNN* rnn : recurrent_layers(model_)) rnn->set_options(rnn->options());
}

void Task::save_states(TrainingState& to) {
  const auto layers = recurrent_layers(model_);
  for (std::size_t i = 0; i < layers.size(); ++i) to.put_rows(fmt::format("states/{}", i), layers[i]->states());
}

void Task::load_states(const TrainingState& from, const Share& share) {
  const auto layers = recurrent_layers(model_);
  const Index batch = layers.empty() ? 0 : share.count(data_.training[0].inputs.shape()[0]);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto states = from.get(fmt::format("states/{}", i));
    if (states.empty()) continue;
    if (states[0].shape()[0] == batch) layers[i]->reset_states(states);
    else if (i == 0)
      warn("the states of {} streams do not fit a batch of {}; they begin with zeros", states[0].shape()[0], batch);
  }
}

void Task::save(const std::filesystem::path& file, const std::string& config) {
  Metadata notes = {{"model", outputs_.config(model_)}, {"config", config}, {"features", std::to_string(features_)}};
  if (data_.vocabulary) notes["vocabulary"] = data_.vocabulary->hex();
  if (!data_.columns.empty()) notes["columns"] = Settings::Json(data_.columns).dump();
  save_parameters(file, parameters_, notes);
}

Metadata Task::identity() const {
  std::string metrics;
  for (const auto& metric : metrics_) metrics += (metrics.empty() ? "" : ", ") + metric->name();
  return {{"model", get_config(model_)}, {"metrics", std::move(metrics)}};
}

std::optional<double> Task::optimum() const {
  if (!data_.optimum || data_.optimum->loss != outputs_.loss().name) return std::nullopt;
  return data_.optimum->value;
}

}  // namespace recur::tools
