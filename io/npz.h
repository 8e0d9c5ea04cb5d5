#pragma once

#include <recur/io/npy.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// A NumPy archive of arrays (`numpy.savez`, `numpy.savez_compressed`): a zip file of .npy files. Each array is read
/// when it is asked for.
///
///     const NpzFile music("jsb.npz");
///     const Tensor<float> frames = music.load<float>("train_frames");
class NpzFile {
 public:
  /// Throws FormatError if the file cannot be read, is cut short, is not a zip file, or has two arrays of one name.
  explicit NpzFile(const std::filesystem::path& path);
  ~NpzFile();
  NpzFile(NpzFile&&) noexcept;
  NpzFile& operator=(NpzFile&&) noexcept;

  /// Returns the names of the arrays, sorted, without the ending .npy. Other files in the archive are not listed.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] bool contains(std::string_view name) const;
  /// Reads an array and converts its numbers to T by `read_numbers`. Throws ValueError, with the known names, if there
  /// is no such array; FormatError if it is damaged, as `load_npy` does.
  template <FileNumber T>
  [[nodiscard]] Tensor<T> load(std::string_view name) const {
    return read_npy<T>(*open(name));
  }

 private:
  struct Archive;
  [[nodiscard]] std::unique_ptr<ByteReader> open(std::string_view name) const;
  std::unique_ptr<Archive> archive_;
};

/// Writes a NumPy archive: `NpzWriter writer("a.npz"); writer.add("x", x); writer.commit();`.
class NpzWriter {
 public:
  explicit NpzWriter(std::filesystem::path path) : path_(std::move(path)) {}

  /// Adds an array. Throws ValueError if the name is empty or was added before.
  template <FileNumber T>
  void add(const std::string& name, const Tensor<T>& tensor) {
    add(name, npy_header(tensor.shape(), number_format<T>), std::as_bytes(tensor.values()));
  }
  /// Writes the compressed file. Replaces an existing file as a whole, or leaves it as it was if writing fails. Call
  /// once, after the last `add`. Throws FormatError if it cannot be written.
  void commit() const;

 private:
  void add(const std::string& name, const std::string& header, std::span<const std::byte> numbers);

  std::filesystem::path path_;
  std::map<std::string, std::string> files_;  // the bytes of each .npy file
};

}  // namespace recur
