#pragma once

#include <recur/interop/model.h>

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recur::interop {

/// A format that models are written in.
struct ExportFormat {
  std::string_view name;  ///< `rtneural`.
  std::string_view
      endings;  ///< Of files that are meant to be of it, `.h5 .hdf5`; empty where an ending says too little.
  std::string_view description;
  /// Writes the model and returns what the file does not say, a sentence each. @throws ValueError for what the format
  /// has no place for; nothing is written then. FormatError when the file cannot be written
  std::vector<std::string> (*write)(const std::filesystem::path& file, Sequential& model,
                                    const ModelDescription& description);
};

inline constexpr std::size_t export_format_count = 11;

/// All of them. Of the description only features, signal path and sample rate are looked at.
[[nodiscard]] std::span<const ExportFormat> export_formats();

}  // namespace recur::interop
