#include <recur/framework/tensor/nearest_name.h>
#include <recur/layers/activation.h>
#include <recur/layers/config/config.h>
#include <recur/layers/config/dialect.h>
#include <recur/layers/config/json_check.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace recur {
namespace {

using Json = nlohmann::json;

// Keys beside class_name and config that Keras writes; the last three are those of a whole model.
const std::set<std::string> class_keys = {"class_name",      "config",        "module",
                                          "registered_name", "build_config",  "name",
                                          "compile_config",  "keras_version", "backend"};
// Keys of every Keras layer that have no effect: sizes are known when a layer is built.
const std::set<std::string> shape_keys = {"batch_input_shape", "batch_shape", "build_input_shape"};

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

template <class... Args>
[[noreturn]] void refuse(const std::string& path, fmt::format_string<Args...> message, Args&&... args) {
  fail<ValueError>("config: {}: {}", path, fmt::vformat(message, fmt::make_format_args(args...)));
}

[[noreturn]] void refuse_key(const std::string& path, const std::string& key, const std::set<std::string>& known) {
  const std::vector<std::string> names(known.begin(), known.end());
  refuse(path + "." + key, "the key is not known{} (known: {})", did_you_mean(key, names), joined(known));
}

// A class and its config, from {"class_name": …, "config": {…}} or from a name alone.
struct ClassConfig {
  std::string class_name;
  Json config;
};

ClassConfig class_config(const Json& json, const std::string& path) {
  if (json.is_string()) return {json.get<std::string>(), Json::object()};
  if (!json.is_object()) refuse(path, "{{\"class_name\": …, \"config\": {{…}}}} is expected, got {}", json.dump());
  for (const auto& [key, value] : json.items())
    if (!class_keys.contains(key)) refuse_key(path, key, class_keys);
  if (!json.contains("class_name") || !json["class_name"].is_string()) refuse(path, "there is no \"class_name\"");
  const std::string name = json["class_name"].get<std::string>();
  if (const auto at = json.find("registered_name"); at != json.end() && !at->is_null() && at->is_string()) {
    const std::string registered = at->get<std::string>();
    if (registered != name && !registered.ends_with(">" + name))
      refuse(path + ".registered_name", "'{}' is not the class '{}'", registered, name);
  }
  const Json config = json.value("config", Json::object());
  if (!config.is_object()) refuse(path + ".config", "an object is expected, got {}", config.dump());
  return {name, config};
}

void only_keys(const Json& config, const std::set<std::string>& known, const std::string& path) {
  for (const auto& [key, value] : config.items())
    if (!known.contains(key)) refuse_key(path, key, known);
}

double number(const Json& config, const char* key, double otherwise, const std::string& path) {
  const auto at = config.find(key);
  if (at == config.end()) return otherwise;
  if (!at->is_number()) refuse(path + "." + key, "a number is expected, got {}", at->dump());
  return at->get<double>();
}

// Reads a whole number. Refuses one that does not fit into T or is larger than 2^53: small multiples of a size must not
// overflow, and parsers of JSON agree on whole numbers up to 2^53.
template <class T>
T whole_number(const Json& value, const char* expected, const std::string& path) {
  if (!value.is_number_integer()) refuse(path, "{} is expected, got {}", expected, value.dump());
  constexpr std::int64_t most = std::min<std::int64_t>(std::numeric_limits<T>::max(), std::int64_t{1} << 53);
  const bool fits = value.is_number_unsigned()
                        ? std::cmp_less_equal(value.get<std::uint64_t>(), most)
                        : value.get<std::int64_t>() >= -most && value.get<std::int64_t>() <= most;
  if (!fits) refuse(path, "{} from {} to {} is expected, got {}", expected, -most, most, value.dump());
  return value.get<T>();
}

Initializer read_initializer(const Json& json, const std::string& path) {
  const ClassConfig found = class_config(json, path);
  Initializer::Config arguments;
  for (const auto& [key, value] : found.config.items()) {
    const std::string at = path + ".config." + key;
    if (key == "seed" && value.is_null()) continue;  // random numbers come from the builder's generator
    if (key != "dtype") {                            // that of the parameter
      if (value.is_number()) arguments.emplace_back(key, value.get<double>());
      else if (value.is_string()) arguments.emplace_back(key, value.get<std::string>());
      else refuse(at, "a number or a word is expected, got {}", value.dump());
    }
  }
  return Initializer::from_config(found.class_name, arguments);
}

Regularizer read_regularizer(const Json& json, const std::string& path) {
  if (json.is_null()) return {};
  const ClassConfig found = class_config(json, path);
  const std::string inside = path + ".config";
  const std::string& name = found.class_name;
  if (name == "L1L2" || name == "l1_l2") {
    only_keys(found.config, {"l1", "l2"}, inside);
    const double otherwise = json.is_string() ? 0.01 : 0;
    return {number(found.config, "l1", otherwise, inside), number(found.config, "l2", otherwise, inside)};
  }
  const bool l1 = name == "L1" || name == "l1";
  if (l1 || name == "L2" || name == "l2") {
    only_keys(found.config, {l1 ? "l1" : "l2"}, inside);
    const double strength = number(found.config, l1 ? "l1" : "l2", 0.01, inside);
    return l1 ? Regularizer{strength, 0} : Regularizer{0, strength};
  }
  refuse(path, "'{}' is not a known regularizer (known: L1, L2, L1L2)", name);
}

Constraint read_constraint(const Json& json, const std::string& path) {
  if (json.is_null()) return {};
  const ClassConfig found = class_config(json, path);
  const std::string inside = path + ".config";
  const std::string& name = found.class_name;
  const Json& c = found.config;
  const int axis = c.contains("axis") ? whole_number<int>(c["axis"], "an integer", inside + ".axis") : 0;
  if (name == "MaxNorm" || name == "max_norm") {
    only_keys(c, {"max_value", "axis"}, inside);
    return max_norm(number(c, "max_value", 2, inside), axis);
  }
  if (name == "MinMaxNorm" || name == "min_max_norm") {
    only_keys(c, {"min_value", "max_value", "rate", "axis"}, inside);
    return min_max_norm(number(c, "min_value", 0, inside), number(c, "max_value", 1, inside),
                        number(c, "rate", 1, inside), axis);
  }
  if (name == "UnitNorm" || name == "unit_norm") {
    only_keys(c, {"axis"}, inside);
    return unit_norm(axis);
  }
  if (name == "NonNeg" || name == "non_neg") {
    only_keys(c, {}, inside);
    return non_neg();
  }
  refuse(path, "'{}' is not a known constraint (known: MaxNorm, MinMaxNorm, NonNeg, UnitNorm)", name);
}

class LayerReader final : public Fields {
 public:
  LayerReader(const Json& config, std::string path, const Registry& registry, Dialect dialect = {})
      : config_(config), path_(std::move(path)), registry_(registry), dialect_(dialect) {}

  void operator()(const char* key, bool& value) override {
    const Json* const found = find(key);
    if (found != nullptr) value = checked(key, *found, found->is_boolean(), "true or false").get<bool>();
    else if (dialect_.before_reset_after && std::string_view(key) == "reset_after") value = false;
  }
  void operator()(const char* key, int& value) override {
    if (const Json* const found = find(key)) value = whole_number<int>(*found, "an integer", at(key));
  }
  void axis(const char* key, int& value) override {
    const Json* found = find(key);
    if (found == nullptr || found->is_null()) return;
    if (found->is_array() && found->size() == 1) found = &found->front();
    value = whole_number<int>(*found, "an integer, or a list of one", at(key));
  }
  void operator()(const char* key, Index& value) override {
    if (const Json* const found = find(key)) value = whole_number<Index>(*found, "an integer", at(key));
  }
  void operator()(const char* key, double& value) override {
    if (const Json* const found = find(key)) value = checked(key, *found, found->is_number(), "a number").get<double>();
  }
  void operator()(const char* key, std::string& value) override {
    if (const Json* const found = find(key))
      value = checked(key, *found, found->is_string(), "a string").get<std::string>();
  }
  void optional(const char* key, std::string& value) override {
    const Json* const found = find(key);
    if (found == nullptr) return;
    if (found->is_null()) value.clear();
    else value = checked(key, *found, found->is_string(), "a string or null").get<std::string>();
  }
  void operator()(const char* key, Activation& value) override {
    const Json* const found = find(key);
    if (found == nullptr) return;
    if (found->is_null()) value = Activation::linear;
    else
      named(key, [&] {
        value = Activation(checked(key, *found, found->is_string(), "a name").get<std::string>());
        if (dialect_.keras3 && value == Activation::hard_sigmoid) value = Activation::hard_sigmoid_v3;
      });
  }
  void operator()(const char* key, Initializer& value) override {
    if (const Json* const found = find(key)) named(key, [&] { value = read_initializer(*found, at(key)); });
  }
  void operator()(const char* key, Regularizer& value) override {
    if (const Json* const found = find(key)) value = read_regularizer(*found, at(key));
  }
  void operator()(const char* key, Constraint& value) override {
    if (const Json* const found = find(key)) named(key, [&] { value = read_constraint(*found, at(key)); });
  }
  void operator()(const char* key, AnyCell& value) override {
    const Json* const found = find(key);
    if (found == nullptr) return;
    if (found->is_array()) {  // RNN([cells…])
      Json stack = {{"class_name", "StackedRNNCells"}, {"config", {{"cells", *found}}}};
      value = read_cell(stack, at(key));
    } else {
      value = read_cell(*found, at(key));
    }
  }
  void operator()(const char* key, std::vector<AnyCell>& value) override {
    read_list(key, value, [&](const Json& json, const std::string& path) { return read_cell(json, path); });
  }
  void operator()(const char* key, AnyLayer& value) override {
    if (const Json* const found = find(key); found != nullptr && !found->is_null()) value = read_layer(*found, at(key));
  }
  void operator()(const char* key, std::vector<AnyLayer>& value) override {
    read_list(key, value, [&](const Json& json, const std::string& path) { return read_layer(json, path); });
  }
  void required(const char* key) override {
    known_.insert(key);
    if (!config_.contains(key)) refuse(path_, "the key \"{}\" is missing", key);
  }
  void only_null(const char* key) override {
    if (const Json* const found = find(key); found != nullptr && !found->is_null())
      refuse(at(key), "only null is supported, got {}", found->dump());
  }
  void without_meaning(const char* key) override { (void)find(key); }
  [[nodiscard]] bool reading() const override { return true; }

  AnyCell read_cell(const Json& json, const std::string& path) const {
    return read<AnyCell>(json, path, [&](const std::string& name, LayerReader& inner) {
      return registry_.make_cell(name, path, inner);
    });
  }
  AnyLayer read_layer(const Json& json, const std::string& path) const {
    return read<AnyLayer>(json, path, [&](const std::string& name, LayerReader& inner) {
      return registry_.make_layer(name, path, inner);
    });
  }

 private:
  template <class Any, class Make>
  Any read(const Json& json, const std::string& path, Make make) const {
    if (!json.is_object()) refuse(path, "{{\"class_name\": …, \"config\": {{…}}}} is expected, got {}", json.dump());
    const ClassConfig found = class_config(json, path);
    const bool module = json.contains("module") && json["module"].is_string();
    const std::string version = json.value("keras_version", Json()).is_string() ? json["keras_version"] : Json("");
    LayerReader inner(found.config, path.empty() ? "config" : path + ".config", registry_,
                      dialect_.of(version, module));
    CommonConfig common = inner.read_common();
    Any result;
    try {
      result = make(found.class_name, inner);
    } catch (const ValueError& error) {
      if (std::string_view(error.what()).starts_with("config: ")) throw;
      refuse(inner.path_, "{}", error.what());
    }
    // Every class may have an activity_regularizer; for some it is one of their own options.
    if (!inner.known_.contains("activity_regularizer")) inner("activity_regularizer", result->activity_regularizer);
    inner.finish();
    result.common = std::move(common);
    return result;
  }
  CommonConfig read_common() {
    CommonConfig common;
    (*this)("name", common.name);
    (*this)("trainable", common.trainable);
    for (const std::string& key : shape_keys) known_.insert(key);
    const Json* dtype = find("dtype");
    if (dtype != nullptr && dtype->is_object()) dtype = &policy_name(*dtype);
    if (dtype == nullptr || dtype->is_null()) return common;
    if (*dtype == "float32") common.dtype = DType::float32;
    else if (*dtype == "float64") common.dtype = DType::float64;
    else refuse(at("dtype"), "float32, float64 or null is expected, got {}", dtype->dump());
    return common;
  }
  // Returns the name in a DTypePolicy of Keras 3.
  [[nodiscard]] const Json& policy_name(const Json& policy) const {
    const auto config = policy.find("config");
    const bool named = config != policy.end() && config->is_object() && config->contains("name");
    if (!named) refuse(at("dtype"), "a name, or {{\"config\": {{\"name\": …}}}}, is expected, got {}", policy.dump());
    return config->at("name");
  }
  void finish() const { only_keys(config_, known_, path_); }

  template <class Any, class Read>
  void read_list(const char* key, std::vector<Any>& value, Read read_one) {
    const Json* const found = find(key);
    if (found == nullptr) return;
    checked(key, *found, found->is_array(), "a list");
    value.clear();
    for (std::size_t i = 0; i < found->size(); ++i) {
      const Json& element = (*found)[i];
      // An InputLayer only states sizes, which are known when the model is built.
      if (element.is_object() && element.contains("class_name") && element["class_name"] == "InputLayer") continue;
      value.push_back(read_one(element, fmt::format("{}[{}]", at(key), i)));
    }
  }

  const Json* find(const std::string& key) {
    known_.insert(key);
    const auto found = config_.find(key);
    return found == config_.end() ? nullptr : &*found;
  }
  const Json& checked(const char* key, const Json& value, bool right, const char* expected) const {
    if (!right) refuse(at(key), "{} is expected, got {}", expected, value.dump());
    return value;
  }
  // Runs `body`, and puts the path of the key in front of its errors.
  template <class Body>
  void named(const char* key, Body body) const {
    try {
      body();
    } catch (const ValueError& error) {
      if (std::string_view(error.what()).starts_with("config: ")) throw;
      refuse(at(key), "{}", error.what());
    }
  }
  [[nodiscard]] std::string at(const char* key) const { return path_ + "." + key; }

  const Json& config_;
  std::string path_;
  const Registry& registry_;
  Dialect dialect_;
  std::set<std::string> known_;
};

Json parsed(std::string_view text) {
  check_json(text, "config: ");
  return Json::parse(text);
}

}  // namespace

AnyCell cell_from_config(std::string_view json, const Registry& registry) {
  const Json whole = parsed(json);
  return LayerReader(whole, "", registry).read_cell(whole, "");
}

AnyLayer layer_from_config(std::string_view json, const Registry& registry) {
  const Json whole = parsed(json);
  return LayerReader(whole, "", registry).read_layer(whole, "");
}

}  // namespace recur
