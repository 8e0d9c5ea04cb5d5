#pragma once

#include <recur/io/safetensors.h>
#include <recur/layers/config/config.h>
#include <recur/layers/sequential.h>

#include <filesystem>

namespace recur {

/// Writes a built model, architecture and parameters, to one file: a safetensors file whose metadata hold the config.
/// `notes` are kept beside it, such as `{{"vocabulary", vocabulary.hex()}}`. A file that was there is replaced as a
/// whole or not at all.
/// @throws ValueError for a model that was not built, a layer without config, or a note named `model`, `features` or
/// `dtype`; FormatError as `save_parameters`.
void save_model(const std::filesystem::path& path, Sequential& model, const Metadata& notes = {});

/// A model from a file, built and ready to use, and its notes.
struct SavedModel {
  Sequential model;
  Metadata notes;
};
/// Reads a model back. Classes of one's own are found in `registry`. @throws FormatError for a file that `save_model`
/// did not write, or as `load_parameters`; ValueError for a class that the registry does not know.
[[nodiscard]] SavedModel load_model(const std::filesystem::path& path, const Registry& registry = Registry());

}  // namespace recur
