#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace recur::examples {

/// Parses the command line and runs `program`. A wrong flag or value, and every recur::Error, is one line on standard error and
/// exit status 2; `--help` is 0.
int run(CLI::App& app, int argc, char** argv, const std::function<void()>& program);

/// The number of a metadata entry. @throws FormatError naming `file` when there is none.
[[nodiscard]] long metadata_number(const std::map<std::string, std::string>& metadata, const std::string& key,
                                   const std::string& file);

}  // namespace recur::examples
