#include <recur/optim/config.h>
#include <recur/optim/internal/config_object.h>
#include <recur/optim/optimizer_kinds.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace recur::optim {
namespace {

using nlohmann::json;
using namespace detail;

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
  archive.extra("exclude_from_weight_decay", o.common.exclude_from_weight_decay);
  archive.extra("gradient_accumulation_steps", o.common.gradient_accumulation_steps);
  archive.average("ema_momentum", o.common.ema_momentum);
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
  ObjectReader reader("from_config", std::string(class_name), config);
  describe_common(reader, options);
  describe(reader, options);
  reader.finish();
  return kind.make(std::move(options));
}

/// Calls `visit(kind, options)` with a copy of what an optimizer was made with, the present learning rate included.
void with_options_of(const Optimizer& optimizer, auto visit) {
  const auto attempt = [&](const auto& kind) {
    using Options = typename std::remove_cvref_t<decltype(kind)>::Options;
    const auto* given = optimizer.options().get_if<Options>();
    if (!given) return;
    Options options = *given;
    options.learning_rate = optimizer.schedule();
    visit(kind, options);
  };
  std::apply([&](const auto&... kind) { (attempt(kind), ...); }, kinds);
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
  with_options_of(optimizer, [&](const auto& kind, auto& options) {
    ObjectWriter writer;
    describe_common(writer, options);
    describe(writer, options);
    Convention convention = Convention::keras3;
    if constexpr (requires { options.convention; }) convention = options.convention;
    const auto* prefix = std::find_if(std::begin(prefixes), std::end(prefixes),
                                      [&](const Prefix& p) { return p.convention == convention; });
    result.class_name = std::string(prefix->text) + (convention == Convention::torch ? kind.torch : kind.keras);
    result.config = writer.object.dump();
  });
  require<StateError>(!result.class_name.empty(), "get_config: a chain of links has no config");
  return result;
}

std::vector<std::string> config_names() { return class_names(); }

std::vector<ConfigKey> config_keys(std::string_view class_name) {
  KeyLister lister;
  with_options_of(from_config(class_name, "{}"), [&](const auto& /*kind*/, auto& options) {
    describe_common(lister, options);
    describe(lister, options);
  });
  return std::move(lister.keys);
}

}  // namespace recur::optim
