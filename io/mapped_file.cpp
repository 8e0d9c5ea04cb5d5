#include <recur/io/mapped_file.h>

#include <recur/framework/tensor/error.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace recur {

MappedFile::MappedFile(const std::filesystem::path& path) : name_(path.string()) {
  // Without O_NONBLOCK opening a pipe would wait for its writer.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const auto refuse = [&](const std::string& reason) {
    if (descriptor_ >= 0) ::close(descriptor_);
    fail<FormatError>("MappedFile: '{}' {}", name_, reason);
  };
  if (descriptor_ < 0) refuse(fmt::format("cannot be opened: {}", std::strerror(errno)));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) refuse("is not a file");
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;  // nothing can be mapped
  void* const memory = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor_, 0);
  if (memory == MAP_FAILED) refuse(fmt::format("cannot be mapped: {}", std::strerror(errno)));
  memory_ = memory;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(std::exchange(other.size_, 0)),
      memory_(std::exchange(other.memory_, nullptr)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  std::swap(memory_, other.memory_);
  return *this;
}

MappedFile::~MappedFile() {
  if (memory_ != nullptr) ::munmap(memory_, size_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

void MappedFile::check_range(std::size_t offset, std::size_t count) const {
  require<ValueError>(offset <= size_ && count <= size_ - offset, "MappedFile: '{}' has {} bytes, asked for {} from {}",
                      name_, size_, count, offset);
}

std::span<const std::byte> MappedFile::bytes(std::size_t offset, std::size_t count) const {
  check_range(offset, count);
  if (count == 0) return {};
  struct stat now {};
  const bool known = ::fstat(descriptor_, &now) == 0;
  require<FormatError>(known && static_cast<std::size_t>(now.st_size) >= offset + count,
                       "MappedFile: '{}', byte {}: the file was cut short while it was in use, from {} bytes to {}",
                       name_, offset, size_, now.st_size);
  return {static_cast<const std::byte*>(memory_) + offset, count};
}

void MappedFile::release(std::size_t offset, std::size_t count) const {
  check_range(offset, count);
  if (count == 0) return;
  // A page that is looked at brings its neighbours with it, those before it too: Linux maps up to this much around it.
  constexpr std::size_t around = std::size_t{2} << 20;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t before = offset - std::min(offset, around);
  const std::size_t begin = before - before % page;
  // Only advice: without it pages go when memory is short. The mapping is shared and never written to, so nothing is
  // lost.
  static_cast<void>(::madvise(static_cast<std::byte*>(memory_) + begin, offset + count - begin, MADV_DONTNEED));
}

std::string_view MappedFile::text(std::size_t offset, std::size_t count) const {
  const auto part = bytes(offset, count);
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}

}  // namespace recur
