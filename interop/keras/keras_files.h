#pragma once

#include <recur/interop/model.h>

#include <filesystem>
#include <string>

namespace recur::interop {

/// Reads an HDF5 file of Keras: a whole model, weights by layer (Keras 1 and 2), or `*.weights.h5` of Keras 3. @param
/// config of the architecture, for files without one @throws FormatError for what is refused, with the reason; both
/// lists where weights do not fit
[[nodiscard]] ModelDescription load_keras_h5(const std::filesystem::path& path, const std::string& config);

/// Reads a `.keras` archive of Keras 3.
[[nodiscard]] ModelDescription load_keras_archive(const std::filesystem::path& path);

/// Reads `model.json` of a TensorFlow.js layers model and the files beside it that it names.
[[nodiscard]] ModelDescription load_tfjs(const std::filesystem::path& path);

/// Reads the weights of a `.keras` archive by their paths in model.weights.h5. Every member must have its checksum.
[[nodiscard]] std::vector<NamedTensor> load_archive_tensors(const std::filesystem::path& path);

/// The data sets of real numbers in an HDF5 file, by path. The weights that Keras lists must be there, and a config
/// must be JSON.
[[nodiscard]] std::vector<NamedTensor> load_h5_tensors(const std::filesystem::path& path);

}  // namespace recur::interop
