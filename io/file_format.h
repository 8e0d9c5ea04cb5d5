#pragma once

#include <recur/framework/tensor/error.h>
#include <recur/io/safetensors.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace recur {

/// Thrown for a file in a format that is newer than this program.
class VersionError : public FormatError {
 public:
  using FormatError::FormatError;
};

/// Kind, version and checksum that Recur's own safetensors files have in their metadata.
struct FileFormat {
  std::string_view key;   ///< Of the metadata: `recur.model`.
  std::string_view name;  ///< For messages: `model`.
  int version;            ///< The one that is written, and the newest that is read.
};

/// Returns `metadata` with the version and the CRC-32 of all arrays and texts added.
[[nodiscard]] Metadata stamped(const FileFormat& format, std::span<const NamedArray> arrays, Metadata metadata);

/// Removes version and checksum from the file's metadata. Returns false if the file is of another kind. Throws
/// VersionError if the version is too new, FormatError if it is not a number or the checksum does not match.
bool check_stamp(const FileFormat& format, const std::filesystem::path& path, SafetensorsFile& file);

}  // namespace recur
