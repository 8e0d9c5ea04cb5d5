#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recur {

/// A zip archive whose members are read whole.
class ZipFile {
 public:
  /// @throws FormatError for a file that cannot be read, is cut short, not a zip file, has two members of one name, an
  /// absolute name or one with "..", or whose members are larger than their compressed bytes can make.
  explicit ZipFile(const std::filesystem::path& path);
  ~ZipFile();
  ZipFile(ZipFile&&) noexcept;
  ZipFile& operator=(ZipFile&&) noexcept;

  /// Returns the names of all members, sorted.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] bool contains(std::string_view name) const;
  /// Returns true if the member's bytes are in the archive as they are. @throws ValueError for an unknown name
  [[nodiscard]] bool stored(std::string_view name) const;
  /// Returns the bytes of a member. @throws ValueError for an unknown name; FormatError for bytes that cannot be read,
  /// for a wrong checksum, an encrypted member or one of more than `largest` bytes.
  [[nodiscard]] std::string read(std::string_view name, std::uint64_t largest) const;

 private:
  struct Archive;
  std::unique_ptr<Archive> archive_;
};

/// The name of a member of an archive, and its bytes.
using ZipMember = std::pair<std::string, std::string_view>;

/// Whether the members of an archive are written as they are or by deflate.
enum class ZipCompression : unsigned char { none, deflate };

/// Writes an archive without dates: equal members make equal files. Replaces the file as a whole or not at all. Throws
/// FormatError, which begins with `writer`, if it cannot be written.
void write_zip(std::string_view writer, const std::filesystem::path& path, std::span<const ZipMember> members,
               ZipCompression compression);

/// Writes a zip archive of members that are not compressed, with `write_zip`.
class ZipWriter {
 public:
  /// @throws ValueError for a name that is empty or was added before.
  void add(const std::string& name, std::string bytes);
  /// Replaces the file as a whole or not at all. @throws FormatError when it cannot be written.
  void commit(const std::filesystem::path& path) const;

 private:
  std::vector<std::pair<std::string, std::string>> members_;
};

}  // namespace recur
