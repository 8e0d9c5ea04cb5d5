#include <recur/optim/internal/config_object.h>
#include <recur/optim/schedule_config.h>

#include <fmt/ranges.h>

namespace recur::optim {
namespace {

using nlohmann::json;

using namespace detail;

Schedule from_json(const json& config);

void describe(auto& archive, PiecewiseConstantOptions& o) {
  archive.required("boundaries", o.boundaries);
  archive.required("values", o.values);
}
void describe(auto& archive, StepDecayOptions& o) {
  archive.required("initial_learning_rate", o.initial);
  archive.required("every", o.every);
  archive("factor", o.factor);
}
template <class Options>
  requires(std::same_as<Options, ExponentialDecayOptions> || std::same_as<Options, InverseTimeDecayOptions>)
void describe(auto& archive, Options& o) {
  archive.required("initial_learning_rate", o.initial);
  archive.required("decay_steps", o.decay_steps);
  archive.required("decay_rate", o.decay_rate);
  archive("staircase", o.staircase);
}
void describe(auto& archive, PolynomialDecayOptions& o) {
  archive.required("initial_learning_rate", o.initial);
  archive.required("decay_steps", o.decay_steps);
  archive("end_learning_rate", o.end);
  archive("power", o.power);
  archive("cycle", o.cycle);
}
void describe(auto& archive, CosineDecayOptions& o) {
  archive.required("initial_learning_rate", o.initial);
  archive.required("decay_steps", o.decay_steps);
  archive("alpha", o.alpha);
}
void describe(auto& archive, CosineRestartsOptions& o) {
  archive.required("initial_learning_rate", o.initial);
  archive.required("first_decay_steps", o.first_decay_steps);
  archive("t_mul", o.t_mul);
  archive("m_mul", o.m_mul);
  archive("alpha", o.alpha);
}
template <class Options>
  requires(std::same_as<Options, LinearCosineDecayOptions> || std::same_as<Options, NoisyLinearCosineDecayOptions>)
void describe(auto& archive, Options& o) {
  archive.required("initial_learning_rate", o.initial);
  archive.required("decay_steps", o.decay_steps);
  if constexpr (requires { o.seed; }) {
    archive("initial_variance", o.initial_variance);
    archive("variance_decay", o.variance_decay);
    archive("seed", o.seed);
  }
  archive("num_periods", o.periods);
  archive("alpha", o.alpha);
  archive("beta", o.beta);
}
void describe(auto& archive, WarmUpSource& o) {
  archive.required("steps", o.options.steps);
  archive("start", o.options.start);
  archive.required("then", o.then);
}
void describe(auto& archive, OneCycleOptions& o) {
  archive.required("maximum", o.maximum);
  archive.required("total_steps", o.total_steps);
  archive("rising", o.rising);
  archive("initial_divisor", o.initial_divisor);
  archive("final_divisor", o.final_divisor);
}
void describe(auto& archive, InverseSquareRootOptions& o) {
  archive.required("peak", o.peak);
  archive.required("warm_up_steps", o.warm_up_steps);
}

/// One schedule: its class name and the function that makes it.
template <class Options_, class Make>
struct ScheduleKind {
  using Options = Options_;
  const char* name;
  Options_ empty;
  Make make;
};
template <class Options, class Make>
ScheduleKind<Options, Make> schedule_kind(const char* name, Options empty, Make make) {
  return {name, std::move(empty), make};
}

/// Calls `visit` with every kind.
void for_each_kind(auto visit) {
  visit(schedule_kind("PiecewiseConstantDecay", PiecewiseConstantOptions{}, [](PiecewiseConstantOptions o) {
    return piecewise_constant(std::move(o.boundaries), std::move(o.values));
  }));
  visit(schedule_kind("StepDecay", StepDecayOptions{0, 1}, step_decay));
  visit(schedule_kind("ExponentialDecay", ExponentialDecayOptions{0, 1, 1}, exponential_decay));
  visit(schedule_kind("PolynomialDecay", PolynomialDecayOptions{0, 1}, polynomial_decay));
  visit(schedule_kind("InverseTimeDecay", InverseTimeDecayOptions{0, 1, 1}, inverse_time_decay));
  visit(schedule_kind("CosineDecay", CosineDecayOptions{0, 1}, cosine_decay));
  visit(schedule_kind("CosineDecayRestarts", CosineRestartsOptions{0, 1}, cosine_restarts));
  visit(schedule_kind("LinearCosineDecay", LinearCosineDecayOptions{0, 1}, linear_cosine_decay));
  visit(schedule_kind("NoisyLinearCosineDecay", NoisyLinearCosineDecayOptions{0, 1}, noisy_linear_cosine_decay));
  visit(schedule_kind("WarmUp", WarmUpSource{{1}, 0.0},
                      [](WarmUpSource o) { return warm_up(o.options, std::move(o.then)); }));
  visit(schedule_kind("OneCycle", OneCycleOptions{0, 1}, one_cycle));
  visit(schedule_kind("InverseSquareRoot", InverseSquareRootOptions{0, 1}, inverse_square_root));
}

/// Keras 3's warm-up, part of its cosine decay: rises to `warmup_target`, at which the cosine then begins.
Schedule warmed_up(json config) {
  const auto take = [&](const char* key) {
    const json value = config.contains(key) ? config[key] : json();
    config.erase(key);
    return value;
  };
  const json steps = take("warmup_steps"), target = take("warmup_target");
  if (target.is_null()) return from_json({{"class_name", "CosineDecay"}, {"config", config}});
  const json start = config.value("initial_learning_rate", json());
  config["initial_learning_rate"] = target;
  const json then{{"class_name", "CosineDecay"}, {"config", config}};
  return from_json({{"class_name", "WarmUp"}, {"config", {{"steps", steps}, {"start", start}, {"then", then}}}});
}

Schedule from_json(const json& config) {
  if (config.is_number()) return config.get<double>();
  require<ValueError>(config.is_object() && config.contains("class_name") && config["class_name"].is_string(),
                      "schedule_from_config: {}, must be a number or {{\"class_name\": …, \"config\": {{…}}}}",
                      config.dump().substr(0, 80));
  const auto name = config["class_name"].get<std::string>();
  const json arguments = config.value("config", json::object());
  require<ValueError>(arguments.is_object(), "schedule_from_config: {}: the config is not an object", name);
  for (const auto& [key, value] : config.items())
    require<ValueError>(key == "class_name" || key == "config" || key == "module" || key == "registered_name",
                        "schedule_from_config: {}: {} beside class_name and config", name, key);
  if (name == "CosineDecay" && (arguments.contains("warmup_steps") || arguments.contains("warmup_target")))
    return warmed_up(arguments);
  std::optional<Schedule> made;
  std::vector<std::string> known;
  for_each_kind([&](auto kind) {
    known.emplace_back(kind.name);
    if (name != kind.name) return;
    ObjectReader reader("schedule_from_config", name, arguments);
    auto options = kind.empty;
    describe(reader, options);
    reader.ignored("name");
    reader.finish();
    made = kind.make(std::move(options));
  });
  require<ValueError>(made.has_value(), "schedule_from_config: no schedule {}{}; there are {}", name,
                      did_you_mean(name, known), fmt::join(known, ", "));
  return *made;
}

json to_json(const Schedule& schedule) {
  if (const auto number = schedule.constant()) return *number;
  require<StateError>(schedule.source() != nullptr, "get_config: the schedule is a function, which has no config");
  json result;
  for_each_kind([&](auto kind) {
    using Options = typename decltype(kind)::Options;
    const auto* given = std::get_if<Options>(&schedule.source()->options);
    if (!given) return;
    Options options = *given;
    ObjectWriter writer;
    describe(writer, options);
    result = {{"class_name", kind.name}, {"config", writer.object}};
  });
  return result;
}

}  // namespace

Schedule schedule_from_config(std::string_view config) {
  const json parsed = json::parse(config, nullptr, false);
  require<ValueError>(!parsed.is_discarded(), "schedule_from_config: not JSON: {}", config.substr(0, 80));
  return from_json(parsed);
}

std::string get_config(const Schedule& schedule) { return to_json(schedule).dump(); }

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for_each_kind([&](const auto& kind) { names.emplace_back(kind.name); });
  return names;
}

std::vector<ConfigKey> schedule_keys(std::string_view class_name) {
  KeyLister lister;
  for_each_kind([&](auto kind) {
    if (class_name == kind.name) describe(lister, kind.empty);
  });
  require<ValueError>(!lister.keys.empty(), "schedule_keys: no schedule {}; there are {}", class_name,
                      fmt::join(schedule_names(), ", "));
  return std::move(lister.keys);
}

}  // namespace recur::optim
