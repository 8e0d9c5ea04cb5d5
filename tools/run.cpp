#include "run.h"

#include <recur/optim/config.h>

#include "audio_settings.h"
#include "class_task.h"
#include "data_kind.h"
#include "table_task.h"
#include "task.h"

namespace recur::tools {
namespace {

optim::Optimizer optimizer_from(const Settings::Json& json) {
  if (json.is_string()) return optim::from_config(json.get<std::string>(), "{}");
  const Settings::Json config = json.value("config", Settings::Json::object());
  std::string name = json.at("class_name").get<std::string>();
  // Keras 3 writes "module": "keras.optimizers" beside "class_name": "Adam".
  if (const auto module = json.find("module");
      module != json.end() && module->is_string() && name.find('.') == std::string::npos)
    name = module->get<std::string>() + "." + name;
  return optim::from_config(name, config.dump());
}

/// What can be watched: a loss, or one of the metrics.
struct Monitors {
  std::vector<std::string> names = {"valid_loss", "train_loss"};
  std::vector<std::string> growing;  // those that should

  explicit Monitors(Settings& settings) {
    const DataKind kind = data_kind(settings);
    if (kind == DataKind::audio) {
      for (const std::string& name : read_audio_scores(settings)) names.push_back("valid_" + name);
      return;
    }
    if (kind == DataKind::classification) {
      for (const std::string& name : read_class_scores(settings)) {
        names.push_back("valid_" + name);
        if (name != "nll") growing.push_back(names.back());
      }
      return;
    }
    if (kind == DataKind::table) {
      for (const std::string& name : read_scores(settings)) {
        names.push_back("valid_" + name);
        if (larger_score_is_better(name)) growing.push_back(names.back());
      }
      return;
    }
    for (const auto& metric : read_metrics(settings)) {
      names.push_back("valid_" + metric->name());
      if (metric->larger_is_better()) growing.push_back(names.back());
    }
  }
  /// @param maximize whether it should grow
  [[nodiscard]] std::string read(Settings& settings, bool& maximize) const {
    if (!settings.has("monitor")) return "";
    std::string name = settings.text("monitor");
    if (name == "loss") name = "train_loss";  // Keras's names
    if (name.starts_with("val_")) name.replace(0, 3, "valid");
    if (std::ranges::find(names, name) == names.end()) settings.refuse_name("monitor", name, names);
    maximize = std::find(growing.begin(), growing.end(), name) != growing.end();
    return name;
  }
};

double not_negative(Settings& settings, const std::string& key, double otherwise) {
  const double number = settings.number(key, otherwise);
  if (!(number >= 0)) settings.refuse(key, fmt::format("must not be negative, got {}", number));
  return number;
}

}  // namespace

Run::Run(Settings& settings, const std::string& name)
    : folder(settings.text("run", "runs/" + name)),
      epochs(settings.integer("epochs", 10, 1)),
      every(settings.integer("checkpoint_every", 0, 0)),
      keep(settings.integer("checkpoint_keep", 2, 1)) {
  if (!settings.has("optimizer") || !settings.value("optimizer").is_string()) {
    Settings optimizer = settings.object("optimizer");
    (void)optimizer.text("class_name");
    for (const char* key : {"module", "registered_name"})
      if (optimizer.has(key)) (void)optimizer.value(key);
    if (optimizer.has("config")) (void)optimizer.object("config");
    optimizer.finish();
  }
  (void)settings.build("optimizer", optimizer_from);
  optimizer_ = settings.value("optimizer").dump();
  read_callbacks(settings);
}

void Run::read_callbacks(Settings& settings) {
  const Monitors monitors(settings);
  if (settings.has("early_stopping")) {
    Settings given = settings.object("early_stopping");
    EarlyStoppingOptions& options = early_stopping.emplace();
    options.monitor = monitors.read(given, options.maximize);
    options.patience = given.integer("patience", 1, 1);
    options.min_delta = not_negative(given, "min_delta", 0);
    given.finish();
  }
  if (settings.has("reduce_on_plateau")) {
    Settings given = settings.object("reduce_on_plateau");
    optim::ReduceOnPlateauOptions options;
    std::string monitor = monitors.read(given, options.maximize);
    options.factor = given.number("factor", options.factor);
    if (!(options.factor > 0 && options.factor < 1))
      given.refuse("factor", fmt::format("must be between 0 and 1, got {}", options.factor));
    options.patience = given.integer("patience", options.patience, 0);
    options.min_delta = not_negative(given, "min_delta", options.min_delta);
    options.cooldown = given.integer("cooldown", options.cooldown, 0);
    options.minimum = not_negative(given, "min_lr", options.minimum);
    given.finish();
    plateau = Plateau{options, std::move(monitor)};
  }
}

optim::Optimizer Run::make_optimizer() const { return optimizer_from(Settings::Json::parse(optimizer_)); }

}  // namespace recur::tools
