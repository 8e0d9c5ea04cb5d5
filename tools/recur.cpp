// Trains, judges and looks into models that a JSON file describes: docs/command-line.md.

#include <recur/framework/gradcheck.h>
#include <recur/framework/parallel.h>
#include <recur/io/model_file.h>
#include <recur/io/npy.h>
#include <recur/layers/config.h>
#include <recur/layers/summary.h>
#include <recur/optim/config.h>
#include <recur/train/early_stopping.h>
#include <recur/train/epoch_printer.h>
#include <recur/train/run_folder.h>
#include <recur/train/trainer.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <new>

#include "task.h"

namespace {

using namespace recur;
using namespace recur::tools;
using nlohmann::json;

struct Flags {
  std::string file;
  std::string model;
  std::string output = "predictions.npy";
  long seed = -1;
  int threads = 0;
  bool json = false;
  bool resume = false;
};

/// The settings that are about training, read before any work is done.
struct Run {
  std::filesystem::path folder;
  std::uint64_t seed;
  Index epochs, patience, every, keep;
  std::string optimizer_class, optimizer_config;

  Run(Settings& settings, const Flags& flags)
      : folder(settings.text("run", "runs/" + std::filesystem::path(flags.file).stem().string())),
        seed(static_cast<std::uint64_t>(settings.integer("seed", 0, 0))),
        epochs(settings.integer("epochs", 10, 1)),
        patience(settings.integer("patience", 0, 0)),
        every(settings.integer("checkpoint_every", 0, 0)),
        keep(settings.integer("checkpoint_keep", 2, 1)) {
    if (flags.seed >= 0) seed = static_cast<std::uint64_t>(flags.seed);
    Settings optimizer = settings.object("optimizer");
    optimizer_class = optimizer.text("class_name");
    if (optimizer.has("config")) optimizer_config = optimizer.value("config").dump();
    else optimizer_config = "{}";
    optimizer.finish();
    (void)settings.about("optimizer", [&] { return make_optimizer(); });
  }
  [[nodiscard]] optim::Optimizer make_optimizer() const {
    return optim::from_config(optimizer_class, std::string_view(optimizer_config));
  }
  [[nodiscard]] std::filesystem::path model_file() const { return folder / "model.safetensors"; }
};

void print(const std::vector<std::pair<std::string, double>>& numbers, bool as_json) {
  if (as_json) return print_json_line(numbers);
  for (const auto& [name, value] : numbers) fmt::print("{} {:.6g}\n", name, value);
}

void train(const Flags& flags) {
  Settings settings = Settings::load(flags.file);
  const Run run(settings, flags);
  Task task(settings, run.seed);
  settings.finish();
  Trainer trainer(
      task.parameters(), run.make_optimizer(),
      {.epochs = run.epochs,
       .checkpoint = {
           .directory = run.folder / "checkpoints", .every = run.every, .keep = run.keep, .resume = flags.resume}});
  trainer.add(RunFolder({.directory = run.folder, .config = settings.dump()}));
  if (run.patience > 0) trainer.add(EarlyStopping({.patience = run.patience}));
  trainer.add(EpochPrinter(flags.json));
  Tape tape(DType::float32, run.seed);
  std::vector<std::pair<std::string, double>> scores;
  trainer.metrics = [&](const EpochReport&) {
    NamedNumbers metrics;
    for (std::size_t i = 1; i < scores.size(); ++i) metrics.emplace_back("valid_" + scores[i].first, scores[i].second);
    return metrics;
  };
  trainer.on_best = [&](const EpochReport&) {
    save_parameters(run.model_file(), task.parameters(), {{"model", get_config(task.model())}});
  };
  Batches batches(task.training(), {.batch = task.batch(), .seed = run.seed});
  trainer.on_epoch_begin = [&](Index) { task.model()->reset_states(); };
  const Trainer::Validation validation = [&] {
    task.model()->reset_states();
    scores = task.evaluate(tape, task.validation());
    return scores[0].second;
  };
  (void)trainer.fit(
      tape, batches, [&](Tape& t, const Batch& batch) { return task.loss(t, batch); }, validation);
  if (!flags.json) fmt::print("{} holds the model of the best epoch\n", run.model_file().string());
}

/// A task with the parameters of a trained model.
Task trained(const Flags& flags) {
  Settings settings = Settings::load(flags.file);
  const Run run(settings, flags);
  Task task(settings, run.seed);
  settings.finish();
  (void)load_parameters(flags.model.empty() ? run.model_file() : std::filesystem::path(flags.model), task.parameters());
  return task;
}

void evaluate(const Flags& flags) {
  Task task = trained(flags);
  Tape tape;
  print(task.evaluate(tape, task.validation()), flags.json);
}

void predict(const Flags& flags) {
  Task task = trained(flags);
  Tape tape;
  const Batches batches(task.validation(), {.batch = task.batch(), .shuffle = false});
  std::vector<float> numbers;
  Shape shape;
  const NoGradient inference(tape);
  for (Index i = 0; i < batches.size(); ++i) {
    const Var prediction = task.predict(tape, batches[i]);
    shape = prediction.shape();
    for (const double x : prediction.to_doubles()) numbers.push_back(static_cast<float>(x));
    tape.reset();
  }
  shape = shape.with(0, static_cast<Index>(numbers.size()) * shape[0] / shape.count());
  save_npy(flags.output, Tensor<float>(shape, numbers));
  if (flags.json) fmt::print("{}\n", json{{"output", flags.output}, {"count", numbers.size()}}.dump());
  else fmt::print("{}: {}\n", flags.output, shape);
}

void inspect(const Flags& flags) {
  const SafetensorsFile file = load_safetensors(flags.file);
  json arrays = json::array();
  Index total = 0;
  for (const auto& [name, array] : file.arrays) {
    std::vector<Index> sizes;
    for (int axis = 0; axis < array.shape().rank(); ++axis) sizes.push_back(array.shape()[axis]);
    arrays.push_back({{"name", name}, {"dtype", recur::name(array.dtype())}, {"shape", sizes}});
    total += array.size();
    if (!flags.json) fmt::print("{:8} {:16} {}\n", recur::name(array.dtype()), fmt::format("{}", array.shape()), name);
  }
  if (flags.json) {
    fmt::print("{}\n", json{{"arrays", arrays}, {"numbers", total}, {"metadata", file.metadata}}.dump(
                           -1, ' ', false, json::error_handler_t::replace));
    return;
  }
  fmt::print("{} arrays, {} numbers\n", file.arrays.size(), total);
  for (const auto& [key, text] : file.metadata)
    fmt::print("{}: {}{}\n", key, text.substr(0, 200), text.size() > 200 ? " …" : "");
}

bool check_gradients(const Flags& flags) {
  Settings settings = Settings::load(flags.file);
  const Run run(settings, flags);
  Task task(settings, run.seed, DType::float64);
  settings.finish();
  const Batches batches(task.training(), {.batch = 2, .shuffle = false});
  const Batch batch = batches[0];
  std::vector<Parameter*> list;
  for (const NamedParameter& named : task.parameters()) list.push_back(named.parameter);
  const auto loss = [&](Tape& tape, std::span<const Var>) {
    task.model()->reset_states();
    return task.loss(tape, batch);
  };
  const GradcheckResult result = gradcheck(loss, {}, list, {.seed = run.seed + 1});
  if (flags.json) fmt::print("{}\n", json{{"passed", result.passed}, {"error", result.error}}.dump());
  else fmt::print("{}: largest error {:.2g}\n", result.passed ? "passed" : "failed", result.error);
  if (!result.passed) fmt::print(stderr, "recur grad-check: {}\n", result.message);
  return result.passed;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains, judges and looks into recurrent networks that a JSON file describes.", "recur");
  app.require_subcommand(1);
  Flags flags;
  const auto command = [&](const char* name, const char* what, const char* file) {
    CLI::App* sub = app.add_subcommand(name, what);
    sub->add_option(file, flags.file)->required();
    sub->add_flag("--json", flags.json, "One JSON object a line on standard output");
    sub->add_option("--seed", flags.seed, "In place of the config's")->check(CLI::Range(0, 2147483647));
    sub->add_option("--threads", flags.threads, "At most so many")->check(CLI::Range(1, 1024));
    return sub;
  };
  command("train", "Train a model", "CONFIG")->add_flag("--resume", flags.resume, "Go on from the newest checkpoint");
  command("eval", "Loss and metrics of a trained model on the validation data", "CONFIG")
      ->add_option("--model", flags.model, "Default: that of the config's run");
  CLI::App* predicting = command("predict", "Outputs of a trained model for the validation data", "CONFIG");
  predicting->add_option("--model", flags.model, "Default: that of the config's run");
  predicting->add_option("--output", flags.output, "An .npy file; default: predictions.npy");
  command("inspect", "List what is in a model or checkpoint", "FILE");
  command("grad-check", "Compare the model's gradients with finite differences", "CONFIG");
  CLI11_PARSE(app, argc, argv);
  const std::string name = app.get_subcommands().front()->get_name();
  try {
    if (flags.threads > 0) set_threads(flags.threads);
    if (name == "train") train(flags);
    else if (name == "eval") evaluate(flags);
    else if (name == "predict") predict(flags);
    else if (name == "inspect") inspect(flags);
    else if (!check_gradients(flags)) return 1;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "recur {}: not enough memory for these sizes\n", name);
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "recur {}: {}\n", name, error.what());
    return 2;
  }
  return 0;
}
