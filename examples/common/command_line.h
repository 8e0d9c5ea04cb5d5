#pragma once

#include <recur/framework/tensor/shape.h>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <variant>

namespace CLI {
class App;
class Option;
class Validator;
}  // namespace CLI

namespace recur::examples {

/// A condition that the text of an option must meet.
using Check = std::shared_ptr<const CLI::Validator>;
/// Accepts numbers above 0.
[[nodiscard]] Check positive();
/// Accepts numbers from 0 up.
[[nodiscard]] Check not_negative();
/// Accepts numbers from `low` to `high`, both included.
[[nodiscard]] Check between(Index low, Index high);
[[nodiscard]] Check between(double low, double high);
template <std::integral T>
[[nodiscard]] Check between(T low, T high) {
  return between(Index{low}, Index{high});
}
/// Accepts one of `words`.
[[nodiscard]] Check one_of(std::initializer_list<const char*> words);

/// The command line of a program. Wraps CLI11, which takes 4 s to include and is therefore included by command_line.cpp only.
class CommandLine {
 public:
  CommandLine(const std::string& description, const std::string& name);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// An option that was added; valid as long as the command line.
  class Option {
   public:
    explicit Option(CLI::Option& option) : option_(&option) {}
    Option check(const Check& check);
    /// Shows the present value of the variable as the default in `--help`.
    Option capture_default_str();
    /// Rejects the option unless option `name` is given, too.
    Option needs(const std::string& name);

   private:
    CLI::Option* option_;
  };

  /// Adds an option that writes its argument to `value`.
  template <class T>
  Option add_option(const std::string& name, T& value, const std::string& description = "") {
    return add(name, Target(&value), description);
  }
  Option add_flag(const std::string& name, bool& value, const std::string& description);

  [[nodiscard]] CLI::App& app() { return *app_; }

 private:
  using Target = std::variant<int*, Index*, std::uint64_t*, double*, std::string*, std::filesystem::path*>;
  Option add(const std::string& name, Target value, const std::string& description);

  std::unique_ptr<CLI::App> app_;
};

/// What every program may be told.
struct RunOptions {
  std::uint64_t seed = 1;
  int threads = 1;
  bool json = false;
  std::string folder;  ///< For logs, curves and a page about the training; empty: none.
  std::string config;  ///< All options as a JSON object, once the command line is parsed.
};
/// Adds `--seed`, `--threads` and `--json`.
void add_run_options(CommandLine& app, RunOptions& options);
/// Adds `--run`, for a program whose training `RunOutput` shows.
void add_run_folder(CommandLine& app, RunOptions& options);

/// Adds an option for a number above 0, with its default shown.
template <class T>
CommandLine::Option add_positive(CommandLine& app, const std::string& name, T& value, const std::string& description) {
  return app.add_option(name, value, description).check(positive()).capture_default_str();
}

/// Parses the command line and runs `program`. A wrong flag or value, and every exception, is one line on standard error that
/// begins with the program's name, and exit status 2; `--help` is 0. Of an option given several times the last counts.
int run(CommandLine& app, int argc, char** argv, const std::function<void()>& program);

/// The number of a metadata entry. @throws FormatError naming `file` when there is none.
[[nodiscard]] long metadata_number(const std::map<std::string, std::string>& metadata, const std::string& key,
                                   const std::string& file);

}  // namespace recur::examples
