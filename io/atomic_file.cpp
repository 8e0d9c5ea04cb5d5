#include <recur/framework/tensor/error.h>
#include <recur/io/atomic_file.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace recur {
namespace {

// A link stays a link: what is replaced is the file it leads to.
std::filesystem::path resolve(const std::filesystem::path& path) {
  std::error_code none;
  return std::filesystem::is_symlink(path, none) ? std::filesystem::weakly_canonical(path, none) : path;
}

std::filesystem::path temporary_name(const std::filesystem::path& path) {
  static std::atomic<unsigned> count{0};
  std::filesystem::path name = path;
  name += fmt::format(".{}.{}.tmp", ::getpid(), count++);
  return name;
}

// The rename itself must reach the disk. Some file systems refuse to sync a directory: then there is nothing to do.
void sync_directory(const std::filesystem::path& file) {
  const std::filesystem::path directory = file.has_parent_path() ? file.parent_path() : ".";
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(resolve(path)), temporary_(temporary_name(path_)) {
  require<FormatError>(!std::filesystem::is_directory(path_), "AtomicFile: '{}' is a directory", path_.string());
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  constexpr mode_t readable_as_umask_says = 0666;
  descriptor_ = ::open(temporary_.c_str(), flags, readable_as_umask_says);
  if (descriptor_ < 0) fail_system("create");
  struct stat old {};
  if (::stat(path_.c_str(), &old) == 0) (void)::fchmod(descriptor_, old.st_mode & 07777U);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::fail_system(const char* action) const {
  const int reason = errno;
  fail<FormatError>("AtomicFile: cannot {} '{}': {}", action, path_.string(), std::strerror(reason));
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_system("write");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail_system("sync");
  if (::close(std::exchange(descriptor_, -1)) != 0) fail_system("close");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_system("replace");
  temporary_.clear();
  sync_directory(path_);
}

}  // namespace recur
