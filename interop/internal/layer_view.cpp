#include <recur/interop/internal/layer_view.h>

#include <recur/layers/config/config.h>

#include <algorithm>

namespace recur::interop {

const Array& LayerView::weight(const std::string& wanted) const {
  for (const NamedTensor& tensor : weights)
    if (tensor.name == wanted) return tensor.value;
  fail<ValueError>("export: layer '{}' ({}) has no {}", name, class_name, wanted);
}

bool LayerView::has(const std::string& wanted) const {
  return std::any_of(weights.begin(), weights.end(), [&](const NamedTensor& tensor) { return tensor.name == wanted; });
}

std::string LayerView::text(const char* key, const char* otherwise) const {
  const auto at = config.find(key);
  return at != config.end() && at->is_string() ? at->get<std::string>() : otherwise;
}

bool LayerView::flag(const char* key, bool otherwise) const {
  const auto at = config.find(key);
  return at != config.end() && at->is_boolean() ? at->get<bool>() : otherwise;
}

namespace {

// Class and config of a layer.
Json description_of(const AnyLayer& layer, bool own) {
  try {
    return parse_json(get_config(layer), "config");
  } catch (const ValueError&) {
    if (!own) throw;
    return {{"class_name", layer->class_name()}, {"config", Json::object()}};
  }
}

}  // namespace

std::vector<LayerView> view_layers(Sequential& model, bool drop, bool own) {
  std::vector<LayerView> views;
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    AnyLayer& layer = model.layers()[i];
    const Json json = description_of(layer, own);
    LayerView view{model.names()[i], json.at("class_name").get<std::string>(), json.at("config"), {}, i};
    if (drop && (view.class_name == "Dropout" || view.class_name == "SpatialDropout1D")) continue;
    ParameterVisitor visitor;
    layer.visit(visitor);
    for (const auto& [path, parameter] : visitor.take()) view.weights.push_back({path, parameter->value().clone()});
    views.push_back(std::move(view));
  }
  return views;
}

void check_plugin_layer(const LayerView& layer, const char* where) {
  const std::string& kind = layer.class_name;
  require<ValueError>(kind == "LSTM" || kind == "GRU" || kind == "SimpleRNN",
                      "{}: layer '{}' is a {}; LSTM, GRU and SimpleRNN can be written", where, layer.name, kind);
  require<ValueError>(
      layer.text("activation", "tanh") == "tanh" && layer.text("recurrent_activation", "sigmoid") == "sigmoid",
      "{}: layer '{}' must have tanh and sigmoid, which plugins have compiled in", where, layer.name);
  require<ValueError>(kind != "GRU" || layer.flag("reset_after", true),
                      "{}: layer '{}' is a GRU without reset_after, which plugins do not have", where, layer.name);
  require<ValueError>(layer.flag("return_sequences", false) && !layer.flag("go_backwards", false),
                      "{}: layer '{}' must return every step, forwards: a plugin runs sample by sample", where,
                      layer.name);
  const auto clip = layer.config.find("cell_clip");
  require<ValueError>(clip == layer.config.end() || *clip == 0.0, "{}: layer '{}' has a cell_clip", where, layer.name);
}

}  // namespace recur::interop
