#include <recur/framework/tensor/error.h>
#include <recur/io/atomic_file.h>
#include <recur/io/descriptor.h>
#include <recur/io/links.h>
#include <recur/io/standard_streams.h>
#include <recur/io/temporary_name.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace recur {
namespace {

// The rename itself must reach the disk. Some file systems refuse to sync a directory: then there is nothing to do.
void sync_directory(const std::filesystem::path& file) {
  const std::filesystem::path directory = file.has_parent_path() ? file.parent_path() : ".";
  const int descriptor = open_descriptor(directory, O_RDONLY);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

// The lock says that the file's process lives. Returns false if someone took the file for a stale one before it was
// locked.
bool lock_temporary(int descriptor) {
  (void)::flock(descriptor, LOCK_EX | LOCK_NB);
  struct stat made {};
  return ::fstat(descriptor, &made) != 0 || made.st_nlink > 0;
}

bool is_stale(const std::filesystem::path& temporary) {
  const int descriptor = open_descriptor(temporary, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return false;
  struct stat there {};
  const bool stale = ::fstat(descriptor, &there) == 0 && S_ISREG(there.st_mode) &&
                     (::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK);
  ::close(descriptor);
  return stale;
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(path) {
  if (opens_in_place()) return;
  path_ = follow_links(path);  // a link stays a link: what is replaced is the file it leads to
  open_temporary();
  struct stat old {};
  if (::stat(path_.c_str(), &old) == 0) (void)::fchmod(descriptor_, old.st_mode & 07777U);
}

bool AtomicFile::opens_in_place() {
  struct stat there {};
  if (::stat(path_.c_str(), &there) != 0) return false;
  require<FormatError>(!S_ISDIR(there.st_mode), "AtomicFile: '{}' is a directory", path_.string());
  require<FormatError>(!S_ISBLK(there.st_mode) && !S_ISSOCK(there.st_mode), "AtomicFile: '{}' is a {}", path_.string(),
                       S_ISBLK(there.st_mode) ? "disk" : "socket");
  const int stream = standard_stream_of(path_);
  if (stream < 0 && S_ISREG(there.st_mode)) return false;
  descriptor_ =
      stream >= 0 ? ::fcntl(stream, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : open_descriptor(path_, O_WRONLY | O_NOCTTY);
  if (descriptor_ < 0) fail_system("open");
  return true;
}

void AtomicFile::open_temporary() {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL;
  constexpr mode_t readable_as_umask_says = 0666;
  constexpr int attempts = 100;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    temporary_ = temporary_name(path_);
    descriptor_ = open_descriptor(temporary_, flags, readable_as_umask_says);
    if (descriptor_ >= 0 && lock_temporary(descriptor_)) return;
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    else if (errno != EEXIST) break;
  }
  fail_system("create");
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AtomicFile::fail_system(const char* action) const {
  const int reason = errno;
  fail<FormatError>("AtomicFile: cannot {} '{}': {}", action, path_.string(), std::strerror(reason));
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  if (!write_all(descriptor_, bytes)) fail_system("write");
}

void AtomicFile::commit() {
  const bool in_place = temporary_.empty();
  if (!in_place && ::fsync(descriptor_) != 0) fail_system("sync");
  // The lock goes with the descriptor, so a rename after closing could meet a temporary file that was taken for a stale
  // one.
  if (!in_place && ::rename(temporary_.c_str(), path_.c_str()) != 0) fail_system("replace");
  temporary_.clear();
  if (::close(std::exchange(descriptor_, -1)) != 0) fail_system("close");
  if (!in_place) sync_directory(path_);
}

void remove_stale_temporaries(const std::filesystem::path& folder, std::string_view name) noexcept {
  try {
    std::error_code error;
    for (auto at = std::filesystem::directory_iterator(folder, error);
         !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
      const std::string found = at->path().filename().string();
      const auto of = without_temporary_suffix(found);
      if (of && (name.empty() || *of == name) && is_stale(at->path())) ::unlink(at->path().c_str());
    }
  } catch (const std::exception&) {  // no memory for a name: the file stays until the next time
  }
}

}  // namespace recur
