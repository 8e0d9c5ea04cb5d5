#pragma once

#include <recur/io/stored_numbers.h>

#include <filesystem>
#include <string>

namespace recur {

/// Reads one array from bytes that stand at the beginning of an .npy file. @throws FormatError as `load_npy`
template <FileNumber T>
[[nodiscard]] Tensor<T> read_npy(ByteReader& reader);

/// Reads a NumPy array file (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1 to 3, also
/// compressed by gzip): booleans, integers of 1 to 8 bytes, float32 and float64 of either byte order, in C or Fortran order.
/// Numbers become T as `read_numbers` says, the shape stays: `load_npy<float>("frames.npy")`.
/// @throws FormatError naming file and byte offset for a file that cannot be read, is cut short, of another kind, or holds other
/// numbers or more than `Shape::max_rank` axes.
template <FileNumber T>
[[nodiscard]] Tensor<T> load_npy(const std::filesystem::path& path) {
  return read_npy<T>(*open_file("load_npy", path));
}

/// What an .npy file has before its numbers.
[[nodiscard]] std::string npy_header(const Shape& shape, NumberFormat format);

/// Writes such a file, given the bytes of its numbers; see `save_npy` of a tensor.
void save_npy(const std::filesystem::path& path, const std::string& header, std::span<const std::byte> numbers);

/// Writes what `numpy.load` reads. A file that was there is replaced as a whole or, when anything fails, left as it was.
/// @throws FormatError when the file cannot be written.
template <FileNumber T>
void save_npy(const std::filesystem::path& path, const Tensor<T>& tensor) {
  save_npy(path, npy_header(tensor.shape(), number_format<T>), std::as_bytes(tensor.values()));
}

}  // namespace recur
