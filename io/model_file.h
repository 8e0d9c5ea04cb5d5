#pragma once

#include <recur/framework/autodiff/parameter.h>
#include <recur/io/safetensors.h>

#include <string>
#include <vector>

namespace recur {

/// Writes the parameters under their paths as a safetensors file, with a version and a checksum in its metadata:
/// `save_parameters("model.safetensors", parameters(model))`. Throws ValueError if two parameters have one path,
/// FormatError if the file cannot be written, StateError if a parameter was not created.
void save_parameters(const std::filesystem::path& path, std::span<const NamedParameter> parameters,
                     const Metadata& metadata = {});

/// Reads parameters, converts them to each parameter's number type, and returns the metadata. If the file does not have
/// exactly these names and shapes, no parameter changes; tensors of integers in the file are ignored. Throws
/// FormatError if the file cannot be read, the checksum does not match, or names or shapes differ (all differences are
/// listed); VersionError (io/file_format.h) if the file is of a newer program; ValueError if `parameters` is empty, as
/// for a model that was not built.
Metadata load_parameters(const std::filesystem::path& path, std::span<const NamedParameter> parameters);

/// What a partial load did not read, by name.
struct PartialLoad {
  std::vector<std::string> missing;     ///< Parameters that the file does not have: they keep their values.
  std::vector<std::string> unexpected;  ///< Tensors of the file that no parameter is called like.
  std::vector<std::string> misshaped;   ///< Parameters of another shape than in the file: they keep their values.
  Metadata metadata;
};

/// Reads the parameters that file and model have in common. Throws FormatError if the file cannot be read or the
/// checksum does not match, VersionError if it is of a newer program.
[[nodiscard]] PartialLoad load_some_parameters(const std::filesystem::path& path,
                                               std::span<const NamedParameter> parameters);

/// Reads a whole model file. Version and checksum are checked if the file has them; files of other programs have none.
/// Throws FormatError if the file cannot be read or the checksum does not match, VersionError if it is of a newer
/// program.
[[nodiscard]] SafetensorsFile load_model_file(const std::filesystem::path& path);

}  // namespace recur
