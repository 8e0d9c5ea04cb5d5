#include <recur/io/file_checksum.h>
#include <recur/io/file_format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace recur {
namespace {

constexpr const char* checksum_key = "recur.crc32";

// The length goes first, so that no two lists of texts look alike.
void add_text(FileChecksum& sum, std::string_view text) {
  const std::uint64_t length = text.size();
  sum.add(std::as_bytes(std::span(&length, 1)));
  sum.add(std::as_bytes(std::span(text)));
}

std::string checksum(std::vector<NamedArray> arrays, const Metadata& metadata) {
  std::ranges::sort(arrays, {}, &NamedArray::name);
  FileChecksum sum;
  for (const auto& [name, text] : metadata) {
    add_text(sum, name);
    add_text(sum, text);
  }
  for (const auto& [name, array] : arrays) {
    add_text(sum, name);
    add_text(sum, fmt::format("{} {}", recur::name(array->dtype()), array->shape()));
    const auto* const numbers = static_cast<const std::byte*>(array->data());
    sum.add({numbers, static_cast<std::size_t>(array->size()) * size_of(array->dtype())});
  }
  return fmt::format("{:08x}", sum.value());
}

}  // namespace

Metadata stamped(const FileFormat& format, std::span<const NamedArray> arrays, Metadata metadata) {
  std::string sum = checksum({arrays.begin(), arrays.end()}, metadata);
  metadata[std::string(format.key)] = std::to_string(format.version);
  metadata[checksum_key] = std::move(sum);
  return metadata;
}

bool check_stamp(const FileFormat& format, const std::filesystem::path& path, SafetensorsFile& file) {
  const auto take = [&](const std::string& key) {
    auto node = file.metadata.extract(key);
    return node.empty() ? std::string() : std::move(node.mapped());
  };
  const std::string version = take(std::string(format.key));
  if (version.empty()) return false;
  int number = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
  require<FormatError>(error == std::errc() && end == version.data() + version.size() && number >= 1,
                       "'{}' is damaged: '{}' is no version of a {}", path.string(), version, format.name);
  require<VersionError>(number <= format.version,
                        "'{}' has format {} of a {}, this program knows those up to {}: a newer Recur wrote it",
                        path.string(), version, format.name, format.version);
  const std::string wanted = take(checksum_key);
  std::vector<NamedArray> arrays;
  for (const auto& [name, array] : file.arrays) arrays.push_back({name, &array});
  const std::string found = checksum(std::move(arrays), file.metadata);
  require<FormatError>(found == wanted, "'{}' is damaged: its checksum is {}, {} was written", path.string(), found,
                       wanted);
  return true;
}

}  // namespace recur
