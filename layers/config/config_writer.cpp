#include <recur/layers/activation.h>
#include <recur/layers/config/config.h>

#include <nlohmann/json.hpp>

#include <set>

namespace recur {
namespace {

// Keeps keys in the order in which they are written.
using OrderedJson = nlohmann::ordered_json;

OrderedJson with_class(std::string_view name, OrderedJson config) {
  OrderedJson json;
  json["class_name"] = name;
  json["config"] = std::move(config);
  return json;
}

OrderedJson write_initializer(const Initializer& initializer) {
  OrderedJson arguments = OrderedJson::object();
  for (const auto& [key, value] : initializer.config())
    std::visit([&, k = key](const auto& argument) { arguments[k] = argument; }, value);
  if (const auto seed = arguments.find("seed"); seed != arguments.end()) *seed = seed->get<std::uint64_t>();
  return with_class(initializer.class_name(), std::move(arguments));
}

OrderedJson write_constraint(const Constraint& constraint) {
  OrderedJson c = OrderedJson::object();
  switch (constraint.kind()) {
    case Constraint::Kind::none:
      return nullptr;
    case Constraint::Kind::non_neg:
      break;
    case Constraint::Kind::min_max_norm:
      c["min_value"] = constraint.min_value();
      c["rate"] = constraint.rate();
      [[fallthrough]];
    case Constraint::Kind::max_norm:
      c["max_value"] = constraint.max_value();
      [[fallthrough]];
    case Constraint::Kind::unit_norm:
      c["axis"] = constraint.axis();
  }
  return with_class(constraint.class_name(), std::move(c));
}

class Writer final : public Fields {
 public:
  void operator()(const char* key, bool& value) override { json[key] = value; }
  void operator()(const char* key, int& value) override { json[key] = value; }
  void axis(const char* key, int& value) override { json[key] = value; }
  void operator()(const char* key, Index& value) override { json[key] = value; }
  void operator()(const char* key, double& value) override { json[key] = value; }
  void operator()(const char* key, std::string& value) override { json[key] = value; }
  void optional(const char* key, std::string& value) override {
    if (value.empty()) json[key] = nullptr;
    else json[key] = value;
  }
  void operator()(const char* key, Activation& value) override { json[key] = value.name(); }
  void operator()(const char* key, Initializer& value) override { json[key] = write_initializer(value); }
  void operator()(const char* key, Regularizer& value) override {
    if (value) json[key] = with_class("L1L2", {{"l1", value.l1}, {"l2", value.l2}});
    else json[key] = nullptr;
  }
  void operator()(const char* key, Constraint& value) override { json[key] = write_constraint(value); }
  void operator()(const char* key, AnyCell& value) override { json[key] = write("cell", value); }
  void operator()(const char* key, std::vector<AnyCell>& value) override { write_list(key, "cell", value); }
  void operator()(const char* key, AnyLayer& value) override { json[key] = write("layer", value); }
  void operator()(const char* key, std::vector<AnyLayer>& value) override { write_list(key, "layer", value); }
  void required(const char*) override {}
  void only_null(const char*) override {}
  void without_meaning(const char*) override {}
  [[nodiscard]] bool reading() const override { return false; }

  OrderedJson json = OrderedJson::object();

  template <class Any>
  static OrderedJson write(const char* kind, const Any& any) {
    require<ValueError>(!any.empty() && !any->class_name().empty(),
                        "get_config: a {} has no class_name and config(), so it has no config", kind);
    Writer inner;
    if (!any.common.name.empty()) inner.json["name"] = any.common.name;
    if (!any.common.trainable) inner.json["trainable"] = false;
    if (any.common.dtype) inner.json["dtype"] = name(*any.common.dtype);
    any->fields(inner);
    require<ValueError>(!any->activity_regularizer || inner.json["activity_regularizer"].is_null(),
                        "get_config: {} has two activity regularizers, its own and that of a layer", any->class_name());
    if (any->activity_regularizer) inner("activity_regularizer", any->activity_regularizer);
    return with_class(any->class_name(), std::move(inner.json));
  }

 private:
  template <class Any>
  void write_list(const char* key, const char* kind, const std::vector<Any>& list) {
    json[key] = OrderedJson::array();
    for (const Any& any : list) json[key].push_back(write(kind, any));
  }
};

// Lists keys with the values of their members as defaults.
class KeyLister final : public Fields {
 public:
  void operator()(const char* key, bool& value) override { add(key, "true or false", value); }
  void operator()(const char* key, int& value) override { add(key, "a whole number", value); }
  void axis(const char* key, int& value) override { add(key, "a whole number, or a list of one", value); }
  void operator()(const char* key, Index& value) override { add(key, "a whole number", value); }
  void operator()(const char* key, double& value) override { add(key, "a number", value); }
  void operator()(const char* key, std::string& value) override { add(key, "a text", value); }
  void optional(const char* key, std::string& value) override {
    add(key, "a text or null", value);
    if (value.empty()) keys.back().otherwise = "null";
  }
  void operator()(const char* key, Activation& value) override { add(key, "an activation", value); }
  void operator()(const char* key, Initializer& value) override { add(key, "an initializer", value); }
  void operator()(const char* key, Regularizer& value) override { add(key, "a regularizer", value); }
  void operator()(const char* key, Constraint& value) override { add(key, "a constraint", value); }
  void operator()(const char* key, AnyCell& /*value*/) override { add(key, "a cell"); }
  void operator()(const char* key, std::vector<AnyCell>& /*value*/) override { add(key, "a list of cells"); }
  void operator()(const char* key, AnyLayer& /*value*/) override { add(key, "a layer"); }
  void operator()(const char* key, std::vector<AnyLayer>& /*value*/) override { add(key, "a list of layers"); }
  void required(const char* key) override { required_.insert(key); }
  void only_null(const char* key) override { keys.push_back({key, "null", "null"}); }
  void without_meaning(const char* key) override { keys.push_back({key, "ignored", ""}); }
  [[nodiscard]] bool reading() const override { return false; }

  std::vector<ConfigKey> keys;

 private:
  void add(const char* key, const char* kind) { keys.push_back({key, kind, "", required_.contains(key)}); }
  template <class T>
  void add(const char* key, const char* kind, T& value) {
    add(key, kind);
    if (keys.back().required) return;
    Writer writer;
    writer(key, value);
    const OrderedJson& json = writer.json[key];
    // Of an initializer its name says enough.
    keys.back().otherwise = (json.is_object() ? json["class_name"] : json).dump();
  }

  std::set<std::string> required_;
};

}  // namespace

std::string get_config(const AnyCell& cell, int indent) { return Writer::write("cell", cell).dump(indent); }
std::string get_config(const AnyLayer& layer, int indent) { return Writer::write("layer", layer).dump(indent); }

std::vector<ConfigKey> cell_keys(const Registry& registry, const std::string& class_name) {
  KeyLister lister;
  registry.describe_cell(class_name, lister);
  return std::move(lister.keys);
}
std::vector<ConfigKey> layer_keys(const Registry& registry, const std::string& class_name) {
  KeyLister lister;
  registry.describe_layer(class_name, lister);
  return std::move(lister.keys);
}

}  // namespace recur
