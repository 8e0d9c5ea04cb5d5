#pragma once

#include <recur/interop/model.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recur::interop {

/// Kinds of files, told by their bytes.
enum class FileKind {
  unknown,
  safetensors,
  torch_zip,
  torch_stream,
  torch_tar,
  keras_zip,
  hdf5,
  onnx,
  rtneural_json,
  coreaudioml_json,
  nam_json,
  tfjs_json,
  state_dict_json,
  other_json
};

/// What a file does not say and the user must.
struct ImportOptions {
  std::string config;  ///< Architecture in Keras's JSON, for files that hold weights only.
  std::string module;  ///< What PyTorch's `print(model)` prints, likewise.
  /// PyTorch: a function applied to the output that is no module, `log_softmax`.
  std::string then{};
  /// PyTorch: whether the layer after the last recurrent one sees its last step only.
  std::optional<bool> last_step{};
};

/// Looks at the bytes of a file, never at its name. @throws FormatError for a file that cannot be read
[[nodiscard]] FileKind recognize(const std::filesystem::path& path);
[[nodiscard]] std::string_view name(FileKind kind);

/// Reads a model of another program. Every weight of the file is used and every parameter filled, or an error lists
/// both.
/// @throws FormatError for what the file is not, with the reason for what is refused; ValueError for what its config is
/// not
[[nodiscard]] ModelDescription import_model(const std::filesystem::path& path, const ImportOptions& options = {});

/// Reads the arrays of a file without making a model of them: a PyTorch state dict, safetensors, the datasets of an
/// HDF5 file or of the one in a `.keras` archive. @throws FormatError for another or a damaged file
[[nodiscard]] std::vector<NamedTensor> import_tensors(const std::filesystem::path& path);

}  // namespace recur::interop
