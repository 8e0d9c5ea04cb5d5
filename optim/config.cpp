#include <recur/framework/tensor/nearest_name.h>
#include <recur/optim/config.h>
#include <recur/optim/optimizer_kinds.h>
#include <recur/optim/schedule_config.h>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <vector>

namespace recur::optim {
namespace {

using nlohmann::json;
using namespace detail;

/// Reads the members of an options struct from an object.
class OptimizerReader {
 public:
  OptimizerReader(std::string class_name, const json& config) : class_name_(std::move(class_name)), config_(config) {}

  void operator()(const char* key, double& value) { read(key, value, &json::is_number, "a number"); }
  void operator()(const char* key, bool& value) { read(key, value, &json::is_boolean, "true or false"); }
  /// A schedule, or an optional one: a number or a config of its own.
  template <class T>
    requires std::assignable_from<T&, Schedule>
  void operator()(const char* key, T& value) {
    known_.emplace_back(key);
    if (const auto at = config_.find(key); at != config_.end() && !at->is_null()) {
      require<ValueError>(at->is_number() || at->is_object(),
                          "from_config: {}: {} = {}, must be a number or a schedule", class_name_, key, at->dump());
      value = schedule_from_config(at->dump());
    }
  }
  template <class T>
    requires(std::assignable_from<T&, double> && !std::assignable_from<T&, Schedule>)
  void operator()(const char* key, T& value) {
    double number = 0;
    if (read(key, number, &json::is_number, "a number")) value = number;
  }
  void operator()(const char* key, Index& value) {
    if (const auto at = config_.find(key); at != config_.end() && at->is_number() && at->get<double>() > 0x1p53)
      fail<ValueError>("from_config: {}: {} is too large", class_name_, key);
    read(key, value, &json::is_number_integer, "a whole number");
  }
  void operator()(const char* key, std::vector<std::string>& value) {
    read(key, value, &json::is_array, "a list of texts");
  }
  void operator()(const char* key, double& first, double& second) {
    std::vector<double> both{first, second};
    read(key, both, &json::is_array, "two numbers");
    require<ValueError>(both.size() == 2, "from_config: {}: {} has {} numbers, must have 2", class_name_, key,
                        both.size());
    first = both[0];
    second = both[1];
  }
  /// A member of which 0 means that there is none.
  template <class T>
  void extra(const char* key, T& value) {
    (*this)(key, value);
  }
  /// A moving average of the values, which Keras switches on by `use_ema`; here its momentum alone does, too.
  void average(const char* key, double& momentum) {
    const bool stated = config_.contains("use_ema");
    bool wanted = !stated && config_.contains(key);
    (*this)("use_ema", wanted);
    if (wanted) momentum = 0.99;
    double given = momentum;
    (*this)(key, given);
    if (wanted) momentum = given;
  }
  /// Another name for a member.
  template <class T>
  void alias(const char* key, T& value) {
    (*this)(key, value);
  }
  /// A key that may be there when it asks for nothing.
  void inactive(const char* key) {
    known_.emplace_back(key);
    const auto at = config_.find(key);
    require<ValueError>(at == config_.end() || at->is_null() || *at == false,
                        "from_config: {}: {} = {} is not supported", class_name_, key,
                        at == config_.end() ? "" : at->dump());
  }
  /// A key that has no effect whatever it holds.
  void ignored(const char* key) { known_.emplace_back(key); }

  void finish() const {
    for (const auto& [key, value] : config_.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      std::string all;
      for (const std::string& known : known_) all += " " + known;
      fail<ValueError>("from_config: {} has no argument {}{}; it has{}", class_name_, key, did_you_mean(key, known_),
                       all);
    }
  }

 private:
  /// Whether there was one that is not null.
  template <class T>
  bool read(const char* key, T& value, bool (json::*is)() const noexcept, const char* kind) {
    known_.emplace_back(key);
    const auto at = config_.find(key);
    if (at == config_.end() || at->is_null()) return false;
    try {
      if (((*at).*is)()) {
        at->get_to(value);
        return true;
      }
    } catch (const json::exception&) {  // an array of something else
    }
    fail<ValueError>("from_config: {}: {} = {}, must be {}", class_name_, key, at->dump(), kind);
  }

  std::string class_name_;
  const json& config_;
  std::vector<std::string> known_;
};

/// Writes options as a config, field by field.
class OptimizerWriter {
 public:
  void operator()(const char* key, double value) { config_[key] = value; }
  void operator()(const char* key, bool value) { config_[key] = value; }
  void operator()(const char* key, const std::optional<double>& value) { config_[key] = value.value(); }
  void operator()(const char* key, const std::optional<Schedule>& value) { (*this)(key, value.value()); }
  void operator()(const char* key, const Schedule& value) { config_[key] = json::parse(get_config(value)); }
  void operator()(const char* key, double first, double second) { config_[key] = {first, second}; }
  void extra(const char* key, double value) {
    if (value != 0) config_[key] = value;
  }
  void extra(const char* key, Index value) {
    if (value != 1) config_[key] = value;
  }
  void extra(const char* key, const std::vector<std::string>& value) {
    if (!value.empty()) config_[key] = value;
  }
  void extra(const char* key, const std::optional<double>& value) { (*this)(key, value); }
  void average(const char* key, double momentum) { extra(key, momentum); }
  template <class T>
  void alias(const char* /*key*/, const T& /*value*/) {}
  void inactive(const char* /*key*/) {}
  void ignored(const char* /*key*/) {}
  [[nodiscard]] std::string text() const { return config_.dump(); }

 private:
  json config_ = json::object();
};

bool is_torch(const auto& options) {
  if constexpr (requires { options.convention; }) return options.convention == Convention::torch;
  else return false;
}

/// What all optimizers have.
template <class Archive, class Options>
void describe_common(Archive& archive, Options& o) {
  archive(is_torch(o) ? "lr" : "learning_rate", o.learning_rate);
  archive.extra("weight_decay", o.weight_decay);
  archive.extra("clipnorm", o.clip.norm);
  archive.extra("global_clipnorm", o.clip.global_norm);
  archive.extra("clipvalue", o.clip.value);
  archive.extra("exclude_from_weight_decay", o.extra.exclude_from_weight_decay);
  archive.extra("gradient_accumulation_steps", o.extra.gradient_accumulation_steps);
  archive.average("ema_momentum", o.extra.ema_momentum);
  if constexpr (requires { o.decay; }) archive.extra("decay", o.decay);
  if (is_torch(o)) {
    if constexpr (requires { o.maximize; }) archive("maximize", o.maximize);
    for (const char* key : {"differentiable", "capturable"}) archive.inactive(key);
    for (const char* key : {"foreach", "fused"}) archive.ignored(key);  // how torch computes, not what
  } else {
    archive.alias("lr", o.learning_rate);
    archive.ignored("name");
    for (const char* key : {"loss_scale_factor", "ema_overwrite_frequency"}) archive.inactive(key);
  }
}

/// Options that name their own members: `void fields(auto& f)`.
template <class Archive, class Options>
  requires requires(Archive& archive, Options& o) { o.fields(archive); }
void describe(Archive& archive, Options& o) { o.fields(archive); }

template <class Archive, class Options>
void describe_epsilon(Archive& archive, Options& o) {
  archive(is_torch(o) ? "eps" : "epsilon", o.epsilon);
}

template <class Archive, class Options>
void describe_betas(Archive& archive, Options& o) {
  if (is_torch(o)) {
    archive("betas", o.beta_1, o.beta_2);
  } else {
    archive("beta_1", o.beta_1);
    archive("beta_2", o.beta_2);
  }
}

template <class Archive>
void describe(Archive& archive, SgdOptions& o) {
  archive("momentum", o.momentum);
  archive("nesterov", o.nesterov);
  if (is_torch(o)) archive("dampening", o.dampening);
}

template <class Archive>
void describe(Archive& archive, RmspropOptions& o) {
  archive(is_torch(o) ? "alpha" : "rho", o.rho);
  archive("momentum", o.momentum);
  archive("centered", o.centered);
  describe_epsilon(archive, o);
}

template <class Archive>
void describe(Archive& archive, AdagradOptions& o) {
  archive("initial_accumulator_value", o.initial_accumulator_value);
  if (is_torch(o)) archive.alias("lr_decay", o.decay);
  describe_epsilon(archive, o);
}

template <class Archive>
void describe(Archive& archive, AdadeltaOptions& o) {
  archive("rho", o.rho);
  describe_epsilon(archive, o);
}

/// Adam, AdamW, Adamax and Lion, as far as they have these.
template <class Archive, class Options>
  requires(
      requires(Options o) { o.beta_1; } && !requires(Archive & archive, Options& o) { o.fields(archive); })
void describe(Archive& archive, Options& o) {
  describe_betas(archive, o);
  if constexpr (requires { o.epsilon; }) describe_epsilon(archive, o);
  if constexpr (requires { o.amsgrad; }) archive("amsgrad", o.amsgrad);
}

template <class Archive>
void describe(Archive& archive, NadamOptions& o) {
  describe_betas(archive, o);
  describe_epsilon(archive, o);
  if (is_torch(o)) {
    archive("momentum_decay", o.momentum_decay);
    archive.inactive("decoupled_weight_decay");
  } else {
    archive("schedule_decay", o.momentum_decay);
    if (o.convention == Convention::keras) archive.alias("decay", o.momentum_decay);
  }
}

template <class Archive>
void describe(Archive& archive, FtrlOptions& o) {
  archive("learning_rate_power", o.learning_rate_power);
  archive("initial_accumulator_value", o.initial_accumulator_value);
  archive("l1_regularization_strength", o.l1);
  archive("l2_regularization_strength", o.l2);
  archive("l2_shrinkage_regularization_strength", o.l2_shrinkage);
  archive("beta", o.beta);
}

template <class K>
Optimizer make(const K& kind, Convention convention, std::string_view class_name, const json& config) {
  typename K::Options options;
  if constexpr (requires { options.convention; }) options.convention = convention;
  OptimizerReader reader{std::string(class_name), config};
  describe_common(reader, options);
  describe(reader, options);
  reader.finish();
  return kind.make(std::move(options));
}

}  // namespace

Optimizer from_config(std::string_view given_name, std::string_view config) {
  const std::string class_name = with_prefix(given_name);
  const json object = json::parse(config, nullptr, false);
  require<ValueError>(object.is_object(), "from_config: {}: the config is not a JSON object: {}", class_name,
                      config.substr(0, 80));
  std::optional<Optimizer> made;
  for (const auto& [text, convention] : prefixes) {
    if (!class_name.starts_with(text)) continue;
    const std::string_view rest = std::string_view(class_name).substr(text.size());
    const auto attempt = [&, convention = convention](const auto& kind) {
      const std::string_view name = convention == Convention::torch ? kind.torch : kind.keras;
      if (!made && !name.empty() && name == rest) made = make(kind, convention, class_name, object);
    };
    std::apply([&](const auto&... kind) { (attempt(kind), ...); }, kinds);
  }
  require<ValueError>(made.has_value(), "from_config: no optimizer {}{}; there are {}", class_name,
                      did_you_mean(class_name, all_names()), fmt::join(class_names(), ", "));
  return std::move(*made);
}

Optimizer by_name(std::string_view name, Schedule learning_rate, const ClipOptions& clip) {
  const json config = {{"clipnorm", clip.norm}, {"global_clipnorm", clip.global_norm}, {"clipvalue", clip.value}};
  Optimizer optimizer = from_config(name, config.dump());
  optimizer.set_learning_rate(std::move(learning_rate));
  return optimizer;
}

OptimizerConfig get_config(const Optimizer& optimizer) {
  OptimizerConfig result;
  const auto describe_if_made_with = [&](const auto& kind) {
    using Options = typename std::remove_cvref_t<decltype(kind)>::Options;
    const auto* given = optimizer.options().get_if<Options>();
    if (!given) return;
    Options options = *given;
    options.learning_rate = optimizer.schedule();
    Convention convention = Convention::keras3;
    if constexpr (requires { options.convention; }) convention = options.convention;
    const auto* prefix = std::find_if(std::begin(prefixes), std::end(prefixes),
                                      [&](const Prefix& p) { return p.convention == convention; });
    OptimizerWriter writer;
    describe_common(writer, options);
    describe(writer, options);
    result.class_name = std::string(prefix->text) + (convention == Convention::torch ? kind.torch : kind.keras);
    result.config = writer.text();
  };
  std::apply([&](const auto&... kind) { (describe_if_made_with(kind), ...); }, kinds);
  require<StateError>(!result.class_name.empty(), "get_config: a chain of links has no config");
  return result;
}

}  // namespace recur::optim
