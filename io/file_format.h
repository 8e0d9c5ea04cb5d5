#pragma once

#include <recur/framework/tensor/error.h>
#include <recur/io/safetensors.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace recur {

/// A file of a format that is newer than this program.
class VersionError : public FormatError {
 public:
  using FormatError::FormatError;
};

/// What a safetensors file of Recur's own says in its metadata beside what its user put there: its kind, version and checksum.
struct FileFormat {
  std::string_view key;   ///< Of the metadata: `recur.model`.
  std::string_view name;  ///< For messages: `model`.
  int version;            ///< The one that is written, and the newest that is read.
};

/// `metadata` with version and CRC-32 of all arrays and texts put in.
[[nodiscard]] Metadata stamped(const FileFormat& format, std::span<const NamedArray> arrays, Metadata metadata);

/// Takes both out of the file's metadata again. Returns false if the file is of another kind.
/// @throws VersionError for a version that is too new, FormatError for one that is no number or another checksum.
bool check_stamp(const FileFormat& format, const std::filesystem::path& path, SafetensorsFile& file);

}  // namespace recur
