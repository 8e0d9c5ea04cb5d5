#include <recur/interop/internal/bytes.h>

#include <recur/framework/tensor/error.h>
#include <recur/io/atomic_file.h>

#include <fstream>

namespace recur::interop {
namespace {

constexpr std::uintmax_t largest_file = 2U << 30U;

std::string read_bytes(const std::filesystem::path& path, std::size_t count, const std::string& where) {
  std::ifstream file(path, std::ios::binary);
  require<FormatError>(file.good(), "{}: the file cannot be opened", where);
  std::string bytes(count, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

std::uintmax_t size_of_file(const std::filesystem::path& path, const std::string& where) {
  std::error_code error;
  require<FormatError>(std::filesystem::is_regular_file(path, error), "{}: {}", where,
                       std::filesystem::exists(path, error) ? "not a file" : "the file does not exist");
  return std::filesystem::file_size(path);
}

}  // namespace

std::string read_whole_file(const std::filesystem::path& path, const std::string& where) {
  const std::uintmax_t size = size_of_file(path, where);
  require<FormatError>(size <= largest_file, "{}: the file has {} bytes, at most {} are read", where, size,
                       largest_file);
  std::string bytes = read_bytes(path, size, where);
  require<FormatError>(bytes.size() == size, "{}: the file cannot be read", where);
  return bytes;
}

std::string read_file_begin(const std::filesystem::path& path, std::size_t count, const std::string& where) {
  return read_bytes(path, std::min<std::uintmax_t>(count, size_of_file(path, where)), where);
}

void write_whole_file(const std::filesystem::path& path, const std::string& bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace recur::interop
