#pragma once

#include <recur/interop/model.h>

#include <filesystem>
#include <string>
#include <vector>

namespace recur::interop {

/// The tensors of a state dict, in its order.
struct StateDict {
  std::string format;
  std::vector<NamedTensor> tensors;
  std::vector<std::string> notes;
};

/// Reads a file of `torch.save` that holds a state dict: the zip archives of PyTorch 1.6 and later, or the stream of
/// pickles before. A checkpoint's dict is looked through for the state dict in it. Halves become float32; tensors of
/// integers are left out, with a note.
/// @throws FormatError for a file that is no such one, is inconsistent, or whose tensors take more than eight times its
/// size; and, with the reason, for whole pickled modules, TorchScript, quantized and sparse tensors, and anything that
/// would call a function.
[[nodiscard]] StateDict load_torch(const std::filesystem::path& path);

/// Writes what `torch.load(path, weights_only=True)` reads as a dict of tensors. @throws FormatError when it cannot be
/// written
void save_torch(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors);

/// The bytes a stream of pickles of PyTorch before 1.6 begins with.
[[nodiscard]] std::string_view torch_stream_magic();

}  // namespace recur::interop
