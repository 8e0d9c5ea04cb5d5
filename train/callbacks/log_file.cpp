#include <recur/train/callbacks/log_file.h>

#include <recur/framework/tensor/error.h>
#include <recur/io/descriptor.h>
#include <recur/io/warning.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace recur {
namespace {

constexpr mode_t readable_as_umask_says = 0666;

}  // namespace

LogFile::LogFile(LogFile&& other) noexcept
    : path_(std::move(other.path_)),
      size_(other.size_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      given_up_(other.given_up_) {}

LogFile& LogFile::operator=(LogFile&& other) noexcept {
  close();
  path_ = std::move(other.path_);
  size_ = other.size_;
  descriptor_ = std::exchange(other.descriptor_, -1);
  given_up_ = other.given_up_;
  return *this;
}

LogFile::~LogFile() { close(); }

void LogFile::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

bool LogFile::give_up(const char* action) noexcept {
  const int reason = errno;
  given_up_ = true;
  try {
    warn("LogFile: cannot {} '{}': {}; it ends here", action, path_.string(), std::strerror(reason));
  } catch (const std::exception&) {  // no memory for the message
  }
  return false;
}

void LogFile::begin() {
  close();
  size_ = 0;
  given_up_ = false;
  std::error_code exists;
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), exists);
  const bool there = std::filesystem::exists(path_, exists);
  if (there && !std::filesystem::is_regular_file(path_, exists) && !std::filesystem::is_directory(path_, exists))
    return;
  const int tried = open_descriptor(path_, O_WRONLY | O_CREAT, readable_as_umask_says);
  if (tried < 0) fail<FormatError>("LogFile: cannot open '{}': {}", path_.string(), std::strerror(errno));
  ::close(tried);
  if (!there) ::unlink(path_.c_str());
}

bool LogFile::opened() noexcept {
  if (descriptor_ >= 0 || given_up_) return !given_up_;
  descriptor_ = open_descriptor(path_, O_WRONLY | O_CREAT | O_NOCTTY, readable_as_umask_says);
  struct stat there {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &there) != 0) return give_up("open");
  if (!S_ISREG(there.st_mode)) return true;
  if (there.st_size < size_) {
    print_warning_line(
        fmt::format("LogFile: '{}' has {} bytes, {} when the checkpoint was made: what is missing is lost",
                    path_.string(), there.st_size, size_));
    size_ = there.st_size;
  }
  if (::ftruncate(descriptor_, size_) != 0 || ::lseek(descriptor_, size_, SEEK_SET) < 0) return give_up("cut");
  return true;
}

Index LogFile::ends() noexcept {
  (void)opened();
  return size_;
}

void LogFile::write(std::string_view bytes) noexcept {
  if (!opened()) return;
  if (!write_all(descriptor_, std::as_bytes(std::span(bytes)))) {
    (void)give_up("write");
    return;
  }
  size_ += static_cast<Index>(bytes.size());
}

void LogFile::save(TrainingState& state) const {
  if (descriptor_ >= 0) (void)::fdatasync(descriptor_);
  state.put("bytes", size_);
}

void LogFile::load(const TrainingState& state) { go_on(state.integer("bytes")); }

void LogFile::go_on(Index size) {
  close();
  given_up_ = false;
  require<FormatError>(size >= 0, "LogFile: '{}' has {} bytes by the checkpoint", path_.string(), size);
  size_ = size;
}

}  // namespace recur
