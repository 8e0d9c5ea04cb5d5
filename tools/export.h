#pragma once

#include <recur/interop/model.h>
#include <recur/layers/inference/graph.h>
#include <recur/layers/sequential.h>

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "commands.h"

namespace recur::tools {

/// Arguments of an exporter.
struct ExportJob {
  const Flags& flags;
  Sequential& model;                             ///< With its weights.
  const interop::ModelDescription& description;  ///< Features, and what lies around the layers.
  std::filesystem::path to;
  /// Steps to record, `[time, features]` or ids, at most so many. Only called if the format wants data.
  std::function<std::vector<float>(const Graph& graph, Index most)> steps;
  std::string_view steps_are;  ///< "validation data".
};

/// A format that `recur export` writes.
struct ExportFormat {
  std::string_view name;         ///< Value of `--as`.
  std::string_view endings;      ///< Endings of file names, separated by spaces: ".c .h".
  std::string_view description;  ///< Text for `--help`.
  bool wants_data;               ///< Whether the exporter reads the validation data.
  /// Writes the file and returns sentences on what was dropped, assumed or measured. Throws ValueError, naming the
  /// layer, if the format cannot hold the model; then nothing is written.
  std::vector<std::string> (*write)(const ExportJob& job);
};

/// All formats. To add one, add a line to the table in export.cpp.
[[nodiscard]] std::span<const ExportFormat> export_formats();
/// Returns the format by its name, or by the file's ending if `name` is empty. Throws UsageError that lists all.
[[nodiscard]] const ExportFormat& find_format(const std::string& name, const std::filesystem::path& file);
/// Returns a line for each format, for `--help`.
[[nodiscard]] std::string list_of_formats();

}  // namespace recur::tools
