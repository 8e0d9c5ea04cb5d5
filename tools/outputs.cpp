#include "outputs.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/framework/ops/softmax.h>
#include <recur/interop/keras/keras_config.h>
#include <recur/layers/activation_layer.h>
#include <recur/layers/config/config.h>
#include <recur/layers/dense.h>

#include <algorithm>
#include <map>

namespace recur::tools {
namespace {

const std::vector<std::string> known_losses = {"mean_squared_error",
                                               "mean_absolute_error",
                                               "huber",
                                               "binary_crossentropy",
                                               "categorical_crossentropy",
                                               "sparse_categorical_crossentropy",
                                               "ctc"};

// Keras's class names and short names.
const std::map<std::string, std::string> aliases_of_losses = {
    {"mse", "mean_squared_error"},
    {"MSE", "mean_squared_error"},
    {"mae", "mean_absolute_error"},
    {"MAE", "mean_absolute_error"},
    {"huber_loss", "huber"},
    {"MeanSquaredError", "mean_squared_error"},
    {"MeanAbsoluteError", "mean_absolute_error"},
    {"Huber", "huber"},
    {"CTC", "ctc"},
    {"BinaryCrossentropy", "binary_crossentropy"},
    {"CategoricalCrossentropy", "categorical_crossentropy"},
    {"SparseCategoricalCrossentropy", "sparse_categorical_crossentropy"}};

// The layer whose output is the model's.
AnyLayer& last_layer(AnyLayer& model) {
  AnyLayer* layer = &model;
  for (auto parts = model->parts(); !parts.empty() && (*layer)->class_name() != "Bidirectional";
       parts = (*layer)->parts())
    layer = parts.back();
  return *layer;
}

Activation activation_of(AnyLayer& layer) {
  if (layer->type() == detail::TypeId::of<Dense>()) return layer.as<Dense>().options().activation;
  if (layer->type() == detail::TypeId::of<ActivationLayer>()) return layer.as<ActivationLayer>().activation();
  return Activation::linear;
}

void set_activation(AnyLayer& layer, Activation activation) {
  if (layer->type() == detail::TypeId::of<Dense>()) layer.as<Dense>().set_activation(activation);
  else layer.as<ActivationLayer>().set_activation(activation);
}

// A penalty on the output is one on what the activation gives.
bool has_penalty(AnyLayer& layer) {
  if (layer->activity_regularizer) return true;
  return layer->type() == detail::TypeId::of<Dense>() &&
         static_cast<bool>(layer.as<Dense>().options().activity_regularizer);
}

// As Keras's losses, so that no logarithm is infinite.
Var clipped(Var probabilities) {
  constexpr double epsilon = 1e-7;
  return max(min(probabilities, 1 - epsilon), epsilon);
}

Var logit(Var probabilities) {
  return fuse([](auto p) { return log(p) - log(1.0 - p); }, clipped(probabilities));
}

// A functional graph of Keras that is a chain of layers, as a Sequential; another config as it is.
Settings::Json sequential_of(const Settings::Json& json) {
  if (!json.is_object() || !json.contains("class_name")) return json;
  if (json["class_name"] != "Functional" && json["class_name"] != "Model") return json;
  Settings::Json layers = Settings::Json::array();
  for (const interop::KerasLayer& layer : interop::read_keras_config(json.dump(), "", "model").layers)
    layers.push_back({{"class_name", layer.class_name}, {"config", Settings::Json::parse(layer.config)}});
  return {{"class_name", "Sequential"}, {"config", {{"layers", std::move(layers)}}}};
}

}  // namespace

AnyLayer layer_of(const Settings::Json& json, const Registry* registry) {
  const std::string config = sequential_of(json).dump();
  return registry == nullptr ? layer_from_config(config) : layer_from_config(config, *registry);
}

LossConfig LossConfig::read(Settings& settings) {
  if (!settings.has_object("loss")) {
    const auto alias = aliases_of_losses.find(settings.text("loss"));
    return {.name = alias == aliases_of_losses.end() ? settings.choice("loss", known_losses) : alias->second};
  }
  Settings given = settings.object("loss");
  for (const char* key : {"module", "registered_name"})
    if (given.has(key)) (void)given.value(key);
  const std::string name = given.text("class_name");
  const auto at = aliases_of_losses.find(name);
  std::vector<std::string> names = known_losses;
  for (const auto& [class_name, function] : aliases_of_losses) names.push_back(class_name);
  if (at == aliases_of_losses.end() && std::ranges::find(known_losses, name) == known_losses.end())
    given.refuse_name("class_name", name, names);
  LossConfig loss{.name = at == aliases_of_losses.end() ? name : at->second};
  if (given.has("config")) {
    Settings config = given.object("config");
    if (config.has("name")) (void)config.value("name");
    for (const char* key : {"dtype", "ignore_class"})
      if (config.has(key) && !config.value(key).is_null()) config.refuse(key, "only null is supported");
    if (config.has("reduction")) (void)config.choice("reduction", {"sum_over_batch_size", "auto", "mean"});
    if (config.has("axis") && config.value("axis") != -1) config.refuse("axis", "only the last axis, -1, is supported");
    if (loss.of_probabilities() && config.has("from_logits")) loss.from_logits = config.flag("from_logits") ? 1 : 0;
    if (loss.of_probabilities()) loss.smoothing = config.number("label_smoothing", 0);
    if (loss.of_label_lists()) loss.skip_impossible = config.flag("skip_impossible");
    if (loss.name == "huber") loss.delta = config.number("delta", 1);
    config.finish();
  }
  given.finish();
  return loss;
}

Outputs::Outputs(const Settings& settings, AnyLayer& model, LossConfig loss) : loss_(std::move(loss)) {
  AnyLayer& last = last_layer(model);
  const Activation activation = activation_of(last);
  if (activation == Activation::softmax) end_ = End::softmax;
  if (activation == Activation::sigmoid) end_ = End::sigmoid;
  if (!loss_.of_probabilities()) return;
  if (end_ == End::linear) {
    probabilities_ = loss_.from_logits == 0;
    return;
  }
  if (loss_.from_logits == 1)
    settings.refuse("loss/config/from_logits",
                    fmt::format("the model ends in {}, whose values are probabilities, not logits", activation.name()));
  fused_ = !has_penalty(last) && !(end_ == End::softmax && loss_.name == "binary_crossentropy");
  if (fused_) set_activation(last, Activation::linear);
}

Var Outputs::values(Var raw) const {
  if (!fused_) return raw;
  return end_ == End::softmax ? softmax(raw) : Var(sigmoid(raw));
}

Var Outputs::logits(Var raw) const {
  const bool binary = loss_.name == "binary_crossentropy";
  if (fused_) return end_ == End::sigmoid && !binary ? Var(0.0 - softplus(0.0 - raw)) : raw;
  if (end_ == End::linear && !probabilities_) return raw;
  if (loss_.of_probabilities() ? binary : end_ == End::sigmoid) return logit(raw);
  return log(clipped(raw));
}

Var Outputs::predictions(Var raw) const {
  if (!loss_.of_probabilities() || end_ != End::linear || probabilities_) return values(raw);
  return loss_.name == "binary_crossentropy" ? Var(sigmoid(raw)) : softmax(raw);
}

std::string Outputs::config(AnyLayer& model) const {
  if (!fused_) return get_config(model);
  AnyLayer& last = last_layer(model);
  set_activation(last, end_ == End::softmax ? Activation::softmax : Activation::sigmoid);
  std::string text = get_config(model);
  set_activation(last, Activation::linear);
  return text;
}

}  // namespace recur::tools
