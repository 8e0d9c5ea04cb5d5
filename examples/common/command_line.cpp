#include "command_line.h"

#include <recur/framework/tensor/error.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <new>

namespace recur::examples {
namespace {

// CLI11's own checks write their bounds out, 309 digits of them.
Check number_check(std::string description, std::function<bool(double)> holds, std::string message) {
  return std::make_shared<CLI::Validator>(
      [=](const std::string& text) {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool number = error == std::errc() && end == text.data() + text.size();
        return number && holds(value) ? std::string() : fmt::format("'{}' is not {}", text, message);
      },
      std::move(description));
}

// All options and flags with their values, numbers as numbers.
std::string to_json(const CLI::App& app) {
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
  return config.dump();
}

}  // namespace

Check positive() {
  return number_check(
      "POSITIVE", [](double value) { return std::isfinite(value) && value > 0; }, "a number above 0");
}

Check not_negative() {
  return number_check(
      "NONNEGATIVE", [](double value) { return std::isfinite(value) && value >= 0; }, "a number from 0 up");
}

Check between(Index low, Index high) { return std::make_shared<CLI::Range>(low, high); }
Check between(double low, double high) { return std::make_shared<CLI::Range>(low, high); }
Check one_of(std::initializer_list<const char*> words) {
  return std::make_shared<CLI::IsMember>(std::vector<std::string>(words.begin(), words.end()));
}

CommandLine::CommandLine(const std::string& description, const std::string& name)
    : app_(std::make_unique<CLI::App>(description, name)) {}
CommandLine::~CommandLine() = default;

CommandLine::Option CommandLine::add(const std::string& name, Target value, const std::string& description) {
  return std::visit([&](auto* to) { return Option(*app_->add_option(name, *to, description)); }, value);
}

CommandLine::Option CommandLine::add_flag(const std::string& name, bool& value, const std::string& description) {
  return Option(*app_->add_flag(name, value, description));
}

CommandLine::Option CommandLine::Option::check(const Check& check) {
  option_->check(*check);
  return *this;
}

CommandLine::Option CommandLine::Option::capture_default_str() {
  option_->capture_default_str();
  return *this;
}

CommandLine::Option CommandLine::Option::needs(const std::string& name) {
  option_->needs(name);
  return *this;
}

void add_run_options(CommandLine& app, RunOptions& options) {
  app.add_option("--seed", options.seed, "of weights and data").check(not_negative()).capture_default_str();
  add_positive(app, "--threads", options.threads, "threads of large operations");
  app.add_flag("--json", options.json, "one JSON object a line");
}

void add_run_folder(CommandLine& app, RunOptions& options) {
  app.add_option("--run", options.folder, "folder for logs, curves and a page about the training");
  app.app().parse_complete_callback([&] { options.config = to_json(app.app()); });
}

int run(CommandLine& command_line, int argc, char** argv, const std::function<void()>& program) {
  constexpr int bad_input = 2;
  CLI::App& app = command_line.app();
  for (CLI::Option* option : app.get_options())
    if (option->get_items_expected_max() == 1) option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    fmt::print(stderr, "{}: {} (see {} --help)\n", app.get_name(), error.what(), app.get_name());
    return bad_input;
  }
  try {
    program();
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "{}: not enough memory for these sizes\n", app.get_name());
    return bad_input;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", app.get_name(), error.what());
    return bad_input;
  }
  return 0;
}

long metadata_number(const std::map<std::string, std::string>& metadata, const std::string& key,
                     const std::string& file) {
  const auto found = metadata.find(key);
  require<FormatError>(found != metadata.end(), "{}: no '{}' in its metadata (was it saved by this program?)", file,
                       key);
  const std::string& text = found->second;
  long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  require<FormatError>(error == std::errc() && end == text.data() + text.size(), "{}: '{}' is '{}', not a number", file,
                       key, text);
  return number;
}

}  // namespace recur::examples
