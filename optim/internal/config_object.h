#pragma once

#include <recur/framework/tensor/config_key.h>
#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/nearest_name.h>
#include <recur/optim/schedule_config.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// `describe(archive, options)` calls an archive with each key of an optimizer or schedule and the member of the
// options. There are three archives: one reads a config, one writes it, one lists its keys.
namespace recur::optim::detail {

/// Reads options from a JSON object. Keys that are not there, or null, leave their members as they are. Throws
/// ValueError, beginning with `function` and `class_name`, for a value of another kind or out of range.
class ObjectReader {
 public:
  using Json = nlohmann::json;

  ObjectReader(const char* function, std::string class_name, const Json& object)
      : function_(function), class_name_(std::move(class_name)), object_(object) {}

  template <class T>
  void operator()(const char* key, T& value) {
    if (const Json* const given = find(key)) read(key, *given, value);
  }
  /// Two members that the config has as a list.
  void operator()(const char* key, double& first, double& second) {
    std::vector<double> both{first, second};
    (*this)(key, both);
    require<ValueError>(both.size() == 2, "{}: {}: {} has {} numbers, must have 2", function_, class_name_, key,
                        both.size());
    first = both[0];
    second = both[1];
  }
  template <class T>
  void required(const char* key, T& value) {
    require<ValueError>(object_.contains(key), "{}: {} needs {}", function_, class_name_, key);
    (*this)(key, value);
  }
  /// A member that is not written while it has no effect.
  template <class T>
  void extra(const char* key, T& value) {
    (*this)(key, value);
  }
  /// Another name for a member.
  template <class T>
  void alias(const char* key, T& value) {
    (*this)(key, value);
  }
  /// Momentum of a moving average, which Keras switches on by `use_ema`; here the momentum alone does, too.
  void average(const char* key, double& momentum) {
    const bool stated = object_.contains("use_ema");
    bool wanted = !stated && object_.contains(key);
    (*this)("use_ema", wanted);
    if (wanted) momentum = 0.99;
    double given = momentum;
    (*this)(key, given);
    if (wanted) momentum = given;
  }
  /// A key that may be there if it requests nothing.
  void inactive(const char* key) {
    const Json* const given = find(key);
    require<ValueError>(given == nullptr || *given == false, "{}: {}: {} = {} is not supported", function_, class_name_,
                        key, given == nullptr ? "" : given->dump());
  }
  /// A key that has no effect.
  void ignored(const char* key) { known_.emplace_back(key); }

  /// Throws ValueError if the object has another key than those that were read.
  void finish() const {
    std::string all;
    for (const std::string& known : known_) all += " " + known;
    for (const auto& [key, value] : object_.items())
      require<ValueError>(std::find(known_.begin(), known_.end(), key) != known_.end(),
                          "{}: {} has no argument {}{}; it has{}", function_, class_name_, key,
                          did_you_mean(key, known_), all);
  }

 private:
  const Json* find(const char* key) {
    known_.emplace_back(key);
    const auto at = object_.find(key);
    return at == object_.end() || at->is_null() ? nullptr : &*at;
  }
  void check(bool holds, const char* key, const Json& value, const char* kind) const {
    require<ValueError>(holds, "{}: {}: {} = {}, must be {}", function_, class_name_, key, value.dump(), kind);
  }
  void read(const char* key, const Json& value, double& to) const {
    check(value.is_number(), key, value, "a number");
    to = value.get<double>();
  }
  void read(const char* key, const Json& value, bool& to) const {
    check(value.is_boolean(), key, value, "true or false");
    to = value.get<bool>();
  }
  void read(const char* key, const Json& value, Index& to) const {
    // Keras writes a whole number as it was given, 1000.0 perhaps.
    const double number = value.is_number() ? value.get<double>() : 0.5;
    check(std::floor(number) == number, key, value, "a whole number");
    check(std::abs(number) <= 0x1p53, key, value, "a whole number of at most 2^53");
    to = static_cast<Index>(number);
  }
  void read(const char* key, const Json& value, Schedule& to) const {
    check(value.is_number() || value.is_object(), key, value, "a number or a schedule");
    to = schedule_from_config(value.dump());
  }
  template <class T>
  void read(const char* key, const Json& value, std::optional<T>& to) const {
    T found(0);
    read(key, value, found);
    to = found;
  }
  void read(const char* key, const Json& value, std::vector<std::string>& to) const {
    const auto is_text = [](const Json& element) { return element.is_string(); };
    check(value.is_array() && std::ranges::all_of(value, is_text), key, value, "a list of texts");
    to = value.get<std::vector<std::string>>();
  }
  template <class T>
  void read(const char* key, const Json& value, std::vector<T>& to) const {
    check(value.is_array(), key, value, "a list");
    to.resize(value.size());
    for (std::size_t i = 0; i < to.size(); ++i) read(key, value[i], to[i]);
  }

  const char* function_;
  std::string class_name_;
  const Json& object_;
  std::vector<std::string> known_;
};

/// Writes options as a JSON object.
class ObjectWriter {
 public:
  template <class T>
  void operator()(const char* key, const T& value) {
    object[key] = value;
  }
  template <class T>
  void operator()(const char* key, const std::optional<T>& value) {
    (*this)(key, value.value());
  }
  void operator()(const char* key, const Schedule& value) { object[key] = nlohmann::json::parse(get_config(value)); }
  void operator()(const char* key, double first, double second) { object[key] = {first, second}; }
  template <class T>
  void required(const char* key, const T& value) {
    (*this)(key, value);
  }
  void extra(const char* key, double value) {
    if (value != 0) object[key] = value;
  }
  void extra(const char* key, Index value) {
    if (value != 1) object[key] = value;
  }
  void extra(const char* key, const std::vector<std::string>& value) {
    if (!value.empty()) object[key] = value;
  }
  void extra(const char* key, const std::optional<double>& value) { (*this)(key, value); }
  void average(const char* key, double momentum) { extra(key, momentum); }
  template <class T>
  void alias(const char* /*key*/, const T& /*value*/) {}
  void inactive(const char* /*key*/) {}
  void ignored(const char* /*key*/) {}

  nlohmann::json object = nlohmann::json::object();
};

/// Lists the keys of options, with their values as defaults. Other names of a key are left out.
class KeyLister {
 public:
  template <class T>
  void operator()(const char* key, const T& value) {
    ObjectWriter writer;
    writer(key, value);
    keys.push_back({key, kind_of(value), writer.object[key].dump()});
  }
  void operator()(const char* key, double first, double second) {
    keys.push_back({key, "two numbers", nlohmann::json{first, second}.dump()});
  }
  template <class T>
  void required(const char* key, const T& value) {
    keys.push_back({key, kind_of(value), "", true});
  }
  template <class T>
  void extra(const char* key, const T& value) {
    (*this)(key, value);
  }
  void average(const char* key, double momentum) {
    (*this)("use_ema", momentum != 0);
    (*this)(key, momentum);
  }
  /// Another name replaces a key of this name: `decay` of tf.keras's Nadam is its `schedule_decay`.
  template <class T>
  void alias(const char* key, const T& /*value*/) {
    std::erase_if(keys, [&](const ConfigKey& listed) { return listed.name == key; });
  }
  void inactive(const char* key) { keys.push_back({key, "null or false", "null"}); }
  void ignored(const char* key) { keys.push_back({key, "ignored", ""}); }

  std::vector<ConfigKey> keys;

 private:
  static const char* kind_of(double /*value*/) { return "a number"; }
  static const char* kind_of(bool /*value*/) { return "true or false"; }
  static const char* kind_of(Index /*value*/) { return "a whole number"; }
  static const char* kind_of(const std::optional<double>& /*value*/) { return "a number"; }
  static const char* kind_of(const std::optional<Schedule>& /*value*/) { return "a number or a schedule"; }
  static const char* kind_of(const Schedule& /*value*/) { return "a number or a schedule"; }
  static const char* kind_of(const std::vector<std::string>& /*value*/) { return "a list of texts"; }
  static const char* kind_of(const std::vector<double>& /*value*/) { return "a list of numbers"; }
  static const char* kind_of(const std::vector<Index>& /*value*/) { return "a list of whole numbers"; }
};

}  // namespace recur::optim::detail
