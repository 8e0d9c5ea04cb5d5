#pragma once

#include <recur/io/npy.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// A NumPy archive of arrays (`numpy.savez`, `numpy.savez_compressed`): a zip file of .npy files, each read when it is asked for.
///
///     const NpzFile music("jsb.npz");
///     const Tensor<float> frames = music.load<float>("train_frames");
class NpzFile {
 public:
  /// @throws FormatError for a file that cannot be read, is cut short, not a zip file, or has two arrays of one name.
  explicit NpzFile(const std::filesystem::path& path);
  ~NpzFile();
  NpzFile(NpzFile&&) noexcept;
  NpzFile& operator=(NpzFile&&) noexcept;

  /// Without the ending .npy; sorted. Other files in the archive are not listed.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] bool contains(std::string_view name) const;
  /// Numbers become T as `read_numbers` says.
  /// @throws ValueError for an unknown name, listing the known; FormatError as `load_npy`, and for a wrong checksum.
  template <FileNumber T>
  [[nodiscard]] Tensor<T> load(std::string_view name) const {
    return read_npy<T>(*open(name));
  }

 private:
  struct Archive;
  [[nodiscard]] std::unique_ptr<ByteReader> open(std::string_view name) const;
  std::unique_ptr<Archive> archive_;
};

/// Writes such an archive: `NpzWriter writer("a.npz"); writer.add("x", x); writer.commit();`.
class NpzWriter {
 public:
  explicit NpzWriter(std::filesystem::path path) : path_(std::move(path)) {}

  /// @throws ValueError for a name that is empty or was added before.
  template <FileNumber T>
  void add(const std::string& name, const Tensor<T>& tensor) {
    add(name, npy_header(tensor.shape(), number_format<T>), std::as_bytes(tensor.values()));
  }
  /// Writes the file, compressed, in one piece: one that was there is replaced as a whole or left as it was. Call once, last.
  /// @throws FormatError when it cannot be written.
  void commit() const;

 private:
  void add(const std::string& name, const std::string& header, std::span<const std::byte> numbers);

  std::filesystem::path path_;
  std::map<std::string, std::string> files_;  // the bytes of each .npy file
};

}  // namespace recur
