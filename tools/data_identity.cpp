#include "data_identity.h"

#include <recur/io/file_checksum.h>
#include <recur/io/mapped_file.h>

#include <algorithm>
#include <array>

namespace recur::tools {
namespace {

std::string checksum_of(const std::filesystem::path& path) {
  const MappedFile file(path);
  constexpr std::size_t piece = std::size_t{64} << 20;
  FileChecksum sum;
  for (std::size_t at = 0; at < file.size(); at += piece) {
    const std::size_t count = std::min(piece, file.size() - at);
    sum.add(file.bytes(at, count));
    file.release(at, count);
  }
  return fmt::format("{} bytes, checksum {:08x}", file.size(), sum.value());
}

void replace_files(Settings::Json& value) {
  constexpr std::array<const char*, 6> file_keys = {"path", "inputs", "targets", "lengths", "input", "target"};
  for (const auto& [key, part] : value.items()) {
    if (part.is_object()) replace_files(part);
    if (!part.is_string() || std::ranges::find(file_keys, key) == file_keys.end()) continue;
    try {
      part = checksum_of(part.get<std::string>());
    } catch (const FormatError&) {  // the name of an array in an archive
    }
  }
}

}  // namespace

std::string data_identity(const Settings::Json& data) {
  Settings::Json identity = data;
  replace_files(identity);
  return identity.dump();
}

}  // namespace recur::tools
