#pragma once

#include <recur/framework/autodiff/parameter.h>
#include <recur/io/safetensors.h>

#include <string>
#include <vector>

namespace recur {

/// Writes the parameters under their paths as a safetensors file, with a version and a checksum in its metadata:
/// `save_parameters("model.safetensors", parameters(model))`. @throws as `save_safetensors`; StateError for a parameter that was not
/// created.
void save_parameters(const std::filesystem::path& path, std::span<const NamedParameter> parameters,
                     const Metadata& metadata = {});

/// Reads them back, converting to each parameter's own number type, and returns the metadata. All or nothing: unless the
/// file has exactly these names and shapes, no parameter changes. Tensors of integers, which no parameter can be, may be in the file too.
/// @throws FormatError listing every missing, unexpected and differently shaped tensor, or for a checksum that is not that of the
/// contents; VersionError (io/file_format.h) for a file of a newer program; or as `load_safetensors`.
Metadata load_parameters(const std::filesystem::path& path, std::span<const NamedParameter> parameters);

/// What a partial load left out, by name.
struct PartialLoad {
  std::vector<std::string> missing;     ///< Parameters that the file does not have: they keep their values.
  std::vector<std::string> unexpected;  ///< Tensors of the file that no parameter is called like.
  std::vector<std::string> misshaped;   ///< Parameters of another shape than in the file: they keep their values.
  Metadata metadata;
};

/// Reads what file and model have in common. @throws as `load_safetensors`, and for checksum and version as `load_parameters`.
[[nodiscard]] PartialLoad load_some_parameters(const std::filesystem::path& path,
                                               std::span<const NamedParameter> parameters);

/// All that is in a model file, checksum and version checked if it has them; without them, as other programs write it, it is taken
/// as it is. @throws as `load_parameters`
[[nodiscard]] SafetensorsFile load_model_file(const std::filesystem::path& path);

}  // namespace recur
