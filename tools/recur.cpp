// Trains, judges and looks into models that a JSON file describes: docs/command-line.md.

#include <recur/distributed/connect.h>
#include <recur/framework/gemm/gemm.h>
#include <recur/framework/threads/parallel.h>
#include <recur/io/standard_streams.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <memory>
#include <new>

#include "commands.h"
#include "export.h"
#include "recur_main.h"
#include "settings.h"

namespace {

using namespace recur;
using namespace recur::tools;

// Exit statuses.
constexpr int failure = 1;
constexpr int usage = 2;
constexpr int by_signal = 128;  // and its number

struct Command {
  const char* name;
  const char* description;
  const char* file;
  void (*run)(const Flags&);
};
constexpr const char* any_model = "CONFIG|MODEL|RUN";
constexpr Command commands[] = {
    {"train", "Train a model", "CONFIG", train},
    {"eval", "Loss and metrics of a trained model on the validation data", any_model, evaluate},
    {"predict", "Outputs of a trained model for the validation data, or text that it writes", any_model, predict},
    {"export", "Write a trained model in the format of another program", any_model, export_model},
    {"init", "Write a first config: KIND is rainfall, remaining_life, forecast, audio or classification", "KIND", init},
    {"sample", "Write made-up data: NAME is gestures (CSV) or overdrive (WAV)", "NAME", sample_files},
    {"inspect", "List what is in a model or checkpoint", "FILE|RUN", inspect},
    {"import", "Read a model of another program", "FILE", import_model},
    {"grad-check", "Compare the model's gradients with finite differences", "CONFIG", check_gradients},
    {"keys", "List the classes that configs may name and their keys, in Markdown; CLASS: of one class", "CLASS",
     list_keys},
};

// CLI11's own check writes the bounds of double out.
std::string above_zero(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool fine = error == std::errc() && end == text.data() + text.size() && std::isfinite(value) && value > 0;
  return fine ? "" : "'" + text + "' is not a number above 0";
}

void add_export_options(CLI::App& app, Flags& flags) {
  app.add_option("--to", flags.to, "The file to write; its ending says the format")->required();
  app.add_option("--as", flags.as, "The format, where the ending does not say it:\n" + list_of_formats());
  app.add_flag("--int8", flags.int8, "Weights as int8, for formats that have them (c)");
}

void add_rank_options(CLI::App& app, Flags& flags) {
  CLI::Option* const ranks = app.add_option("--ranks", flags.ranks, "Processes that train together, started by mpirun")
                                 ->check(CLI::Range(1, 4096));
  app.add_option("--hosts", flags.hosts, "Machines to start them on: a:1,b:1")->needs(ranks);
  app.add_option("--local-steps", flags.local_steps,
                 "Steps of a rank before parameters are averaged; 1: gradients are summed")
      ->check(CLI::Range(1, 1000000));
  app.add_flag("--bf16", flags.bf16, "Send gradients between ranks in half the bytes");
}

void add_options(CLI::App& app, const std::string& name, Flags& flags) {
  if (name == "init") {
    app.add_option("FILE", flags.files,
                   "Tables; rainfall: forcing, runoff, attributes; remaining_life: training, test, truth;\n"
                   "audio: recordings or folders, input and target; classification: a table or a folder of recordings")
        ->required();
    app.add_option("--output", flags.output, "The config; default: config.json");
    app.add_option("--target", flags.target, "The column to predict, for rainfall and forecast; default: a guess");
    return;
  }
  if (name == "sample") {
    app.add_option("--output", flags.output, "The file (gestures) or folder (overdrive)");
    app.add_option("--seed", flags.seed, "Of the random numbers; default: 0")->check(CLI::Range(0, 2147483647));
    return;
  }
  app.add_flag("--json", flags.json, "One JSON object a line on standard output");
  if (name == "keys") return;
  app.add_option("--threads", flags.threads, "At most so many")->check(CLI::Range(1, 1024));
  if (name == "inspect") return;
  if (name == "import") {
    app.add_option("--to", flags.to, "The model file to write")->required();
    app.add_option("--config", flags.config, "The architecture as Keras's JSON, for files with weights only");
    app.add_option("--module", flags.module, "A text file with what PyTorch's print(model) says");
    app.add_option("--then", flags.then, "PyTorch: a function of the output that is no module, such as log_softmax");
    app.add_flag("--last-step", flags.last_step,
                 "PyTorch: only the last step goes on to the layers after the recurrent ones");
    return;
  }
  app.add_option("--seed", flags.seed, "In place of the config's")->check(CLI::Range(0, 2147483647));
  app.add_option("--set", flags.set, "/optimizer/config/learning_rate=0.01: a value in place of the config's")
      ->allow_extra_args(false);
  if (name == "train") {
    CLI::Option* const resume = app.add_flag("--resume", flags.resume, "Go on from the newest checkpoint");
    app.add_flag("--overwrite", flags.overwrite, "Replace the run that the folder holds")->excludes(resume);
    add_rank_options(app, flags);
  }
  if (name == "export") add_export_options(app, flags);
  if (name != "eval" && name != "predict" && name != "export") return;
  app.add_option("--model", flags.model, "A model file in place of the run's");
  if (name == "export") return;
  app.add_option("--part", flags.part,
                 "Of tables: the rows to take, by default the last of each series (predict) or the test part (eval)")
      ->check(CLI::IsMember({"last", "all", "training", "validation", "test"}));
  CLI::Option* const data = app.add_option("--data", flags.data, "A file to use in place of the validation data");
  if (name != "predict") return;
  CLI::Option* const output = app.add_option(
      "--output", flags.output,
      "An .npy file; of tables and recordings a CSV file, of audio .wav or .flac; default: predictions.npy, "
      "predictions.csv, out.wav");
  CLI::Option* const sample = app.add_option("--sample", flags.sample.count, "Characters to write, for models of text")
                                  ->check(CLI::Range(1, 1 << 30))
                                  ->excludes(data)
                                  ->excludes(output);
  app.add_option("--temperature", flags.sample.temperature, "Of the sample, default 1; lower is safer")
      ->check(CLI::Validator(above_zero, "POSITIVE"))
      ->needs(sample);
  app.add_option("--prompt", flags.sample.prompt, "What the sample begins with")->needs(sample);
}

// To a closed standard error nothing can be said, and that is no error of its own.
int complain(const std::string& line, int status) {
  std::fputs((line + '\n').c_str(), stderr);
  return status;
}

// Calls a command; tells the other ranks of a job if it fails.
int call(const Command& command, Flags flags, std::unique_ptr<World>& world) {
  const auto complain = [&](const char* what, int status, bool own = true) {
    if (world && own) world->fail(what);
    if (world && !world->leads()) return status;  // rank 0 says it
    return ::complain(fmt::format("recur {}: {}", command.name, what), status);
  };
  try {
    (void)best_gemm_target();  // a wrong RECUR_KERNELS is told before anything else
    if (flags.threads > 0) set_threads(flags.threads);
    if (command.run == train) {
      start_ranks(flags);
      world = distributed::connect();
      flags.world = world.get();
    }
    command.run(flags);
  } catch (const UsageError& error) {
    return complain(error.what(), usage);
  } catch (const Interrupted& error) {
    return complain(error.what(), by_signal + error.signal(), false);
  } catch (const RankError& error) {
    return complain(error.what(), failure, false);
  } catch (const std::bad_alloc&) {
    return complain("not enough memory for these sizes", failure);
  } catch (const std::exception& error) {
    return complain(error.what(), failure);
  }
  return 0;
}

int run(const Command& command, const Flags& flags) {
  std::unique_ptr<World> world;  // ends after what was thrown is told
  return call(command, flags, world);
}

int run_command_line(int argc, char** argv, const Registry* registry) {
  CLI::App app("Trains, judges and looks into recurrent networks that a JSON file describes.", "recur");
  app.footer(
      "Exit status: 0 done, 1 failed, 2 wrong command line or config, 128 and a signal's number: interrupted by it.");
  app.require_subcommand(1);
  Flags flags;
  flags.registry = registry;
  flags.arguments.assign(argv + std::min(argc, 1), argv + argc);
  for (const Command& command : commands) {
    CLI::App* const sub = app.add_subcommand(command.name, command.description);
    sub->add_option(command.file, flags.file)->required(command.run != list_keys);
    add_options(*sub, command.name, flags);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    const auto chosen = app.get_subcommands();
    const std::string name = chosen.empty() ? "recur" : "recur " + chosen.front()->get_name();
    return complain(fmt::format("{}: {} (see {} --help)", name, error.what(), name), usage);
  }
  for (const Command& command : commands)
    if (app.got_subcommand(command.name)) return run(command, flags);
  return usage;
}

// @param registry null: the library's classes, made where they are needed
int run_tool(int argc, char** argv, const Registry* registry) {
  guard_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of writing, with a message
  int status = failure;
  try {
    status = run_command_line(argc, argv, registry);
  } catch (const std::bad_alloc&) {  // while the command line was read
    std::fputs("recur: not enough memory\n", stderr);
  }
  if (flush_standard_output()) return status;
  return complain("recur: standard output cannot be written", status == 0 ? failure : status);
}

}  // namespace

int recur::recur_main(int argc, char** argv) { return run_tool(argc, argv, nullptr); }
int recur::recur_main(int argc, char** argv, const Registry& registry) { return run_tool(argc, argv, &registry); }
