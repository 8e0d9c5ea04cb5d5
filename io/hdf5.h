#pragma once

#include <recur/framework/tensor/array.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// A file of the HDF5 that Keras and h5py write by default: superblock 0, groups of symbol tables, contiguous data
/// sets, attributes of text. Everything else is refused, by its name, once it is needed.
///
/// The reader is Recur's own. Keras's files use this small part of the format, which takes 400 lines to read, with
/// every address checked. The HDF5 C library is 3.9 MB, with libcurl, libssl and libsz 10 MB more; its release in
/// Debian 12 (1.10.8) has published memory errors for crafted files, keeps state for the whole process, and loads
/// plugins by an environment variable.
class Hdf5File {
 public:
  struct Object {
    bool is_dataset = false;
    std::map<std::string, std::uint32_t> children;  ///< Of a group, by name.
    /// Attributes that are text or lists of text; those of numbers are empty.
    std::map<std::string, std::vector<std::string>> attributes;
    std::string_view type, space, layout;  ///< Messages of a data set, as they are in the file.
    std::string refusal;                   ///< Why the data set cannot be read, if that is known already.
  };

  /// @throws FormatError with the byte of what is inconsistent, or of a part of HDF5 that is not read: new-style
  /// groups, soft and external links, user blocks, more than 100,000 links or 64 levels of groups, an object reached
  /// twice.
  explicit Hdf5File(const std::filesystem::path& path);
  /// Reads a file that is in memory already. @param name begins messages
  Hdf5File(std::string bytes, std::string name);
  Hdf5File(const Hdf5File&) = delete;  // objects refer to the bytes
  Hdf5File& operator=(const Hdf5File&) = delete;
  Hdf5File(Hdf5File&&) = default;

  [[nodiscard]] const Object& root() const { return objects_.front(); }
  /// Returns the object at `path` below `from`, or null.
  [[nodiscard]] const Object* find(const Object& from, std::string_view path) const;
  [[nodiscard]] const Object& operator[](std::uint32_t place) const { return objects_[place]; }
  /// Reads a data set of real numbers; halves become float32. @throws FormatError for other numbers, chunks, filters,
  /// external storage, or a size that is not that of its shape; `path` names it.
  [[nodiscard]] Array read(const Object& dataset, const std::string& path) const;

 private:
  std::vector<Object> objects_;
  std::string bytes_;
  std::string name_;
};

/// Writes such a file in one pass: `Hdf5Writer w; w.dataset("dense/kernel", k); w.attribute("", "backend", "recur");
/// w.commit(path);`.
class Hdf5Writer {
 public:
  Hdf5Writer();
  ~Hdf5Writer();
  /// Makes the group and those above it; an empty path is the root.
  void group(const std::string& path);
  /// The array must live until the file is written. @throws ValueError for a path that is there already
  void dataset(const std::string& path, const Array& array);
  void attribute(const std::string& path, const std::string& name, std::string text);
  /// A list of text; longer ones than an attribute may be are divided, as Keras does, into `name0`, `name1` …
  void attribute(const std::string& path, const std::string& name, const std::vector<std::string>& list);
  [[nodiscard]] std::string bytes() const;
  void commit(const std::filesystem::path& path) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace recur
