#include <recur/io/descriptor.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace recur {

int open_descriptor(const std::filesystem::path& path, int flags, unsigned mode) {
  int opened = -1;
  do opened = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  while (opened < 0 && errno == EINTR);
  if (opened < 0 || opened > STDERR_FILENO) return opened;
  const int moved = ::fcntl(opened, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int reason = errno;
  ::close(opened);
  errno = reason;
  return moved;
}

bool write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace recur
