#pragma once

#include <recur/framework/tensor/array.h>

#include <filesystem>
#include <map>
#include <span>
#include <string>

namespace recur {

/// Free text kept in a file beside the arrays.
using Metadata = std::map<std::string, std::string>;

/// An array to be saved, not owned, and its name in the file.
struct NamedArray {
  std::string name;
  const Array* array;
};

/// What a safetensors file holds.
struct SafetensorsFile {
  std::map<std::string, Array> arrays;
  Metadata metadata;
  std::map<std::string, Tensor<Index>> integers{};  ///< Tensors of whole numbers or of true and false.
};

/// Writes the arrays in the safetensors layout (https://github.com/huggingface/safetensors), which Python reads with
/// `safetensors.torch.load_file` or `safetensors.numpy.load_file`. An existing file is replaced as a whole or, when
/// anything fails, left as it was.
/// @throws ValueError for a name that occurs twice, is reserved or not UTF-8; FormatError when the file cannot be written.
void save_safetensors(const std::filesystem::path& path, std::span<const NamedArray> arrays,
                      const Metadata& metadata = {});

/// Reads F32 and F64 as they are, F16 and BF16 as float32, and whole numbers of any width and BOOL as integers. Trusts nothing: every size is checked against the file before
/// memory is taken for it.
/// @throws FormatError naming file, tensor and byte offset for a file that cannot be read, is cut short, of another kind
/// or inconsistent, or holds another number type, a whole number beyond Index or more than `Shape::max_rank` axes.
[[nodiscard]] SafetensorsFile load_safetensors(const std::filesystem::path& path);

}  // namespace recur
