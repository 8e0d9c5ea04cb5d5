#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace recur::examples {

/// Checks for options that are numbers: above 0, and 0 or above.
[[nodiscard]] CLI::Validator positive();
[[nodiscard]] CLI::Validator not_negative();

/// What every program may be told.
struct RunOptions {
  std::uint64_t seed = 1;
  int threads = 1;
  bool json = false;
  std::string folder;  ///< For logs, curves and a page about the training; empty: none.
  std::string config;  ///< All options as a JSON object, once the command line is parsed.
};
/// Adds `--seed`, `--threads` and `--json`.
void add_run_options(CLI::App& app, RunOptions& options);
/// Adds `--run`, for a program whose training `RunOutput` shows.
void add_run_folder(CLI::App& app, RunOptions& options);

/// Adds an option for a number above 0, with its default shown.
template <class T>
CLI::Option* add_positive(CLI::App& app, const std::string& name, T& value, const std::string& description) {
  return app.add_option(name, value, description)->check(positive())->capture_default_str();
}

/// All options and flags with their values, numbers as numbers.
[[nodiscard]] std::string to_json(const CLI::App& app);

/// Parses the command line and runs `program`. A wrong flag or value, and every exception, is one line on standard error that
/// begins with the program's name, and exit status 2; `--help` is 0. Of an option given several times the last counts.
int run(CLI::App& app, int argc, char** argv, const std::function<void()>& program);

/// The number of a metadata entry. @throws FormatError naming `file` when there is none.
[[nodiscard]] long metadata_number(const std::map<std::string, std::string>& metadata, const std::string& key,
                                   const std::string& file);

}  // namespace recur::examples
