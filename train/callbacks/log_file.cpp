#include <recur/train/callbacks/log_file.h>

#include <recur/framework/tensor/error.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace recur {

LogFile::LogFile(LogFile&& other) noexcept
    : path_(std::move(other.path_)), size_(other.size_), descriptor_(std::exchange(other.descriptor_, -1)) {}

LogFile& LogFile::operator=(LogFile&& other) noexcept {
  close();
  path_ = std::move(other.path_);
  size_ = other.size_;
  descriptor_ = std::exchange(other.descriptor_, -1);
  return *this;
}

LogFile::~LogFile() { close(); }

void LogFile::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void LogFile::fail_system(const char* action) const {
  const int reason = errno;
  fail<FormatError>("LogFile: cannot {} '{}': {}", action, path_.string(), std::strerror(reason));
}

void LogFile::begin() {
  close();
  size_ = 0;
}

void LogFile::open() {
  if (descriptor_ >= 0) return;
  std::error_code exists;
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), exists);
  constexpr mode_t readable_as_umask_says = 0666;
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, readable_as_umask_says);
  if (descriptor_ < 0) fail_system("open");
  struct stat there {};
  if (::fstat(descriptor_, &there) != 0) fail_system("look at");
  if (there.st_size < size_) {
    close();
    fail<FormatError>(
        "LogFile: '{}' has {} bytes, {} when the checkpoint was made: it was changed since, or is another "
        "run's",
        path_.string(), there.st_size, size_);
  }
  if (::ftruncate(descriptor_, size_) != 0) fail_system("cut");
  if (::lseek(descriptor_, size_, SEEK_SET) < 0) fail_system("go on in");
}

void LogFile::write(std::string_view bytes) {
  open();
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_system("write");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += written;
  }
}

void LogFile::save(TrainingState& state) const {
  if (descriptor_ >= 0 && ::fdatasync(descriptor_) != 0) fail_system("sync");
  state.put("bytes", size_);
}

void LogFile::load(const TrainingState& state) {
  close();
  size_ = state.integer("bytes");
  require<FormatError>(size_ >= 0, "LogFile: '{}' has {} bytes by the checkpoint", path_.string(), size_);
}

}  // namespace recur
