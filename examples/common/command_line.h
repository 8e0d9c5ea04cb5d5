#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace recur::examples {

/// Checks for options that are numbers: above 0, and 0 or above.
[[nodiscard]] CLI::Validator positive();
[[nodiscard]] CLI::Validator not_negative();

/// Parses the command line and runs `program`. A wrong flag or value, and every exception, is one line on standard error that
/// begins with the program's name, and exit status 2; `--help` is 0. Of an option given several times the last counts.
int run(CLI::App& app, int argc, char** argv, const std::function<void()>& program);

/// The number of a metadata entry. @throws FormatError naming `file` when there is none.
[[nodiscard]] long metadata_number(const std::map<std::string, std::string>& metadata, const std::string& key,
                                   const std::string& file);

}  // namespace recur::examples
