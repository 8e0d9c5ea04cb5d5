#pragma once

#include <recur/train/loop/checkpoint.h>

#include <filesystem>
#include <string_view>

namespace recur {

/// A file that grows during a training. `write` hands each piece to the system before it returns, so a killed run loses
/// nothing. A resumed run cuts off what was written after its checkpoint and writes it again. If the file cannot be
/// written, a warning says so once and training goes on without it. A pipe or device is written into.
class LogFile {
 public:
  explicit LogFile(std::filesystem::path path) : path_(std::move(path)) {}
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  /// Begins a new file. An existing file stays until the first `write` or `finish`. Throws FormatError, with the
  /// system's reason, if no file can be written at the path.
  void begin();
  void write(std::string_view bytes) noexcept;
  /// Makes the file end after the last write. If nothing was written, an existing file is emptied.
  void finish() noexcept { (void)opened(); }

  /// Puts the size into a checkpoint and syncs the file to the disk.
  void save(TrainingState& state) const;
  /// Continues at the size in a checkpoint; if the file is shorter, at its end, with a warning.
  void load(const TrainingState& state);
  /// Continues at this number of bytes.
  void go_on(Index size);

  /// Returns where the next write goes: the number of bytes of this training so far, less what was lost.
  [[nodiscard]] Index ends() noexcept;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  [[nodiscard]] bool opened() noexcept;
  void close();
  /// Warns with the reason in errno and stops writing. Returns false.
  bool give_up(const char* action) noexcept;

  std::filesystem::path path_;
  Index size_ = 0;
  int descriptor_ = -1;
  bool given_up_ = false;
};

}  // namespace recur
