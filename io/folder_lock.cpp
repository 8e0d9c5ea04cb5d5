#include <recur/framework/tensor/error.h>
#include <recur/io/descriptor.h>
#include <recur/io/folder_lock.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace recur {

FolderLock::FolderLock(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  require<FormatError>(!error, "FolderLock: cannot make '{}': {}", folder.string(), error.message());
  descriptor_ = open_descriptor(folder, O_RDONLY | O_DIRECTORY);
  if (descriptor_ < 0) fail<FormatError>("FolderLock: cannot open '{}': {}", folder.string(), std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(descriptor_);
  fail<StateError>("FolderLock: '{}' is in use by another training", folder.string());
}

FolderLock::FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace recur
