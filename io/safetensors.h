#pragma once

#include <recur/framework/tensor/array.h>

#include <filesystem>
#include <map>
#include <span>
#include <string>

namespace recur {

/// Texts stored in a file beside the arrays.
using Metadata = std::map<std::string, std::string>;

/// An array to be saved, not owned, and its name in the file.
struct NamedArray {
  std::string name;
  const Array* array;
};

/// The contents of a safetensors file.
struct SafetensorsFile {
  std::map<std::string, Array> arrays;
  Metadata metadata;
  std::map<std::string, Tensor<Index>> integers{};  ///< Tensors of whole numbers or of true and false.
};

/// Writes arrays in the safetensors layout (https://github.com/huggingface/safetensors), which Python reads with
/// `safetensors.torch.load_file` or `safetensors.numpy.load_file`. Replaces an existing file as a whole, or leaves it
/// as it was if writing fails. Throws ValueError if a name occurs twice, is reserved or is not UTF-8; FormatError if
/// the file cannot be written.
void save_safetensors(const std::filesystem::path& path, std::span<const NamedArray> arrays,
                      const Metadata& metadata = {});

/// Reads a safetensors file: F32 and F64 as they are, F16 and BF16 as float32, integers of any width and BOOL as
/// integers. Sizes are checked against the file before memory is allocated. Throws FormatError, with file, tensor and
/// byte offset, if the file cannot be read, is cut short, of another kind or inconsistent, or holds another number
/// type, an integer beyond Index, or more than `Shape::max_rank` axes.
[[nodiscard]] SafetensorsFile load_safetensors(const std::filesystem::path& path);

}  // namespace recur
