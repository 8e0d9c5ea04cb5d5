#pragma once

#include <recur/framework/autodiff/parameter.h>
#include <recur/io/safetensors.h>

namespace recur {

/// Writes the parameters under their paths as a safetensors file: `save_parameters("model.safetensors",
/// parameters(model))`. @throws as `save_safetensors`; StateError for a parameter that was not created.
void save_parameters(const std::filesystem::path& path, std::span<const NamedParameter> parameters,
                     const Metadata& metadata = {});

/// Reads them back, converting to each parameter's own number type, and returns the metadata. All or nothing: unless the
/// file has exactly these names and shapes, no parameter changes.
/// @throws FormatError listing every missing, unexpected and differently shaped tensor; or as `load_safetensors`.
Metadata load_parameters(const std::filesystem::path& path, std::span<const NamedParameter> parameters);

}  // namespace recur
