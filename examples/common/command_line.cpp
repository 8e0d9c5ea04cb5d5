#include "command_line.h"

#include <recur/framework/tensor/error.h>

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <new>

namespace recur::examples {
namespace {

// CLI11's own checks write their bounds out, 309 digits of them.
CLI::Validator number_check(std::string description, std::function<bool(double)> holds, std::string message) {
  return CLI::Validator(
      [=](const std::string& text) {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool number = error == std::errc() && end == text.data() + text.size();
        return number && holds(value) ? std::string() : fmt::format("'{}' is not {}", text, message);
      },
      std::move(description));
}

}  // namespace

CLI::Validator positive() {
  return number_check(
      "POSITIVE", [](double value) { return std::isfinite(value) && value > 0; }, "a number above 0");
}

CLI::Validator not_negative() {
  return number_check(
      "NONNEGATIVE", [](double value) { return std::isfinite(value) && value >= 0; }, "a number from 0 up");
}

void add_run_options(CLI::App& app, RunOptions& options) {
  app.add_option("--seed", options.seed, "of weights and data")->check(not_negative())->capture_default_str();
  add_positive(app, "--threads", options.threads, "threads of large operations");
  app.add_flag("--json", options.json, "one JSON object a line");
}

void add_run_folder(CLI::App& app, RunOptions& options) {
  app.add_option("--run", options.folder, "folder for logs, curves and a page about the training");
  app.parse_complete_callback([&] { options.config = to_json(app); });
}

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

int run(CLI::App& app, int argc, char** argv, const std::function<void()>& program) {
  constexpr int bad_input = 2;
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
