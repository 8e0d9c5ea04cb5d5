#pragma once

#include <recur/io/stored_numbers.h>

#include <filesystem>
#include <string>

namespace recur {

/// Reads one array from bytes at the beginning of an .npy file. Throws FormatError as `load_npy` does.
template <FileNumber T>
[[nodiscard]] Tensor<T> read_npy(ByteReader& reader);

/// Reads a NumPy array file, also compressed by gzip: `load_npy<float>("frames.npy")`. Takes versions 1 to 3 of the
/// format (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), booleans, integers of 1 to 8 bytes,
/// float16, float32 and float64 of either byte order, in C or Fortran order. Numbers are converted to T by
/// `read_numbers`. Throws FormatError, with file and byte offset, if the file cannot be read, is cut short, of another
/// kind, or holds other numbers or more than `Shape::max_rank` axes.
template <FileNumber T>
[[nodiscard]] Tensor<T> load_npy(const std::filesystem::path& path) {
  return read_npy<T>(*open_file("load_npy", path));
}

/// Returns the header of an .npy file.
[[nodiscard]] std::string npy_header(const Shape& shape, NumberFormat format);

/// Writes an .npy file from the bytes of its numbers; see `save_npy` of a tensor.
void save_npy(const std::filesystem::path& path, const std::string& header, std::span<const std::byte> numbers);

/// Writes a file that `numpy.load` reads. Replaces an existing file as a whole, or leaves it as it was if writing
/// fails. Throws FormatError if the file cannot be written.
template <FileNumber T>
void save_npy(const std::filesystem::path& path, const Tensor<T>& tensor) {
  save_npy(path, npy_header(tensor.shape(), number_format<T>), std::as_bytes(tensor.values()));
}

}  // namespace recur
