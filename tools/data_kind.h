#pragma once

#include <filesystem>

#include "settings.h"

namespace recur::tools {

/// Kinds of data that have commands of their own; `other` is what docs/command-line.md lists.
enum class DataKind : unsigned char { other, table, audio, classification };

/// The kind of a config's data.
[[nodiscard]] DataKind data_kind(const Settings& settings);

/// The kind of the data that a model file was trained on. @throws FormatError for a damaged file
[[nodiscard]] DataKind data_kind_of_model(const std::filesystem::path& model);

}  // namespace recur::tools
