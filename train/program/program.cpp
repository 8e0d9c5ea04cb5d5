#include <recur/train/program/program.h>

#include <recur/framework/threads/parallel.h>
#include <recur/train/callbacks/epoch_printer.h>
#include <recur/train/callbacks/run_folder.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <new>
#include <set>

namespace recur {
namespace {

constexpr int bad_input = 2;
// Options that change how a run is shown or computed, not what it computes.
const std::set<std::string> not_of_the_run = {"threads",          "json", "run", "checkpoint",
                                              "checkpoint-every", "save", "help"};

// CLI11's own checks write their bounds out, 309 digits of them.
CLI::Validator at_least(double least, bool whole) {
  return {[=](const std::string& text) {
            double value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            const bool number = error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
            const bool holds = number && value >= least && (!whole || std::floor(value) == value);
            return holds ? std::string()
                         : fmt::format("'{}' is not a {} from {} up", text, whole ? "whole number" : "number", least);
          },
          fmt::format("{} >= {}", whole ? "INT" : "NUMBER", least)};
}

// Options and flags with their values, numbers as numbers.
nlohmann::ordered_json to_json(const CLI::App& app) {
  nlohmann::ordered_json config;
  for (const CLI::Option* option : app.get_options([](const CLI::Option* o) { return o->get_configurable(); })) {
    const std::string name = option->get_single_name();
    if (option->get_expected_min() == 0) {
      config[name] = option->count() > 0;
      continue;
    }
    const std::string text = option->count() > 0 ? option->results().back() : option->get_default_str();
    const auto value = nlohmann::ordered_json::parse(text, nullptr, false);
    if (value.is_number()) config[name] = value;
    else config[name] = text;
  }
  return config;
}

}  // namespace

struct Program::CommandLine {
  CLI::App app;
  explicit CommandLine(const std::string& description) : app(description) {}

  template <class T>
  CLI::Option* add(const std::string& name, T& value, const std::string& help) {
    return app.add_option("--" + name, value, help)
        ->capture_default_str()
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
};

Program::Program(const std::string& description, JoinJob join)
    : command_line_(std::make_unique<CommandLine>(description)), join_(std::move(join)) {}
Program::~Program() = default;

Program& Program::option(const std::string& name, Index& value, const std::string& help, Index least) {
  command_line_->add(name, value, help)->check(at_least(static_cast<double>(least), true));
  return *this;
}
Program& Program::option(const std::string& name, double& value, const std::string& help, double least) {
  command_line_->add(name, value, help)->check(at_least(least, false));
  return *this;
}
Program& Program::option(const std::string& name, std::string& value, const std::string& help,
                         const std::vector<std::string>& words) {
  CLI::Option* const added = command_line_->add(name, value, help);
  if (!words.empty()) added->check(CLI::IsMember(words));
  return *this;
}
Program& Program::flag(const std::string& name, bool& value, const std::string& help) {
  command_line_->app.add_flag("--" + name, value, help);
  return *this;
}

int Program::run(int argc, char** argv, const std::function<void()>& body) {
  CLI::App& app = command_line_->app;
  const std::string path = argc > 0 ? argv[0] : "program";
  app.name(path.substr(path.find_last_of('/') + 1));
  Index threads = 1;
  command_line_->add("seed", seed_, "of weights and data")->check(at_least(0, true));
  option("threads", threads, "threads of large operations");
  flag("json", json_, "one JSON object a line");
  option("run", run_directory_, "folder for logs, curves and a page about the training");
  option("checkpoint", checkpoint_directory_, "folder for checkpoints, to go on from the newest");
  option("checkpoint-every", checkpoint_every_, "steps between them; 0: one after each epoch", 0);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    return refuse(fmt::format("{} (see {} --help)", error.what(), app.get_name()));
  }
  const int status = run_body([&] {
    set_threads(static_cast<int>(threads));
    if (join_) world_ = join_();
    body();
  });
  world_.reset();
  return status;
}

int Program::refuse(const std::string& what) const {
  if (leads()) fmt::print(stderr, "{}: {}\n", command_line_->app.get_name(), what);
  return bad_input;
}

int Program::run_body(const std::function<void()>& body) {
  const auto end = [&](const std::string& what) {
    if (world_) world_->fail(what);
    return refuse(what);
  };
  try {
    body();
  } catch (const std::bad_alloc&) {
    return end("not enough memory for these sizes");
  } catch (const RankError& error) {
    return refuse(error.what());
  } catch (const std::exception& error) {
    return end(error.what());
  }
  return 0;
}

bool Program::leads() const { return world_ == nullptr || world_->leads(); }

TrainerOptions Program::training(Index epochs) const {
  TrainerOptions options{.epochs = epochs};
  options.world = world_.get();
  options.checkpoint = {.directory = checkpoint_directory_, .every = checkpoint_every_, .resume = true};
  const auto config = to_json(command_line_->app);
  for (const auto& [name, value] : config.items())
    if (!not_of_the_run.contains(name)) options.checkpoint.identity["--" + name] = value.dump();
  return options;
}

void Program::follow(Trainer& trainer) {
  if (!run_directory_.empty())
    folder_ = &trainer.add(RunFolder({.directory = run_directory_, .config = to_json(command_line_->app).dump()}));
  trainer.add(EpochPrinter(json_));
}

void Program::report(const NamedNumbers& numbers) {
  if (json_) print_json_line(numbers);
  for (const auto& [name, value] : numbers) {
    const std::string text = fmt::format("{:.5g}", value);
    if (!json_) fmt::print("{:<28} {}\n", name, text);
    if (folder_ != nullptr) folder_->add_result(name, text);
  }
  if (folder_ != nullptr && leads()) folder_->write();
}

void Program::show(const std::string& title, const std::string& text) {
  if (!leads()) return;
  fmt::print(json_ ? stderr : stdout, "\n{}\n", text);
  if (folder_ == nullptr) return;
  folder_->add_sample(title, text);
  folder_->write();
}

}  // namespace recur
