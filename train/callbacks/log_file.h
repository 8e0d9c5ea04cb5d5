#pragma once

#include <recur/train/loop/checkpoint.h>

#include <filesystem>
#include <string_view>

namespace recur {

/// A file that grows as a training goes on. Each piece written has left the program when `write` returns, so that a killed run
/// loses none; what was written after the checkpoint that a run is resumed from is cut off, as it will be written again. A log does
/// not end a training: once it cannot be written, a warning says so and nothing more is written. A pipe or device is written into.
class LogFile {
 public:
  explicit LogFile(std::filesystem::path path) : path_(std::move(path)) {}
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  /// What is written from now on is the beginning of the file. A file that is there stays until the first `write` or `finish`.
  /// @throws FormatError, with the system's reason, when no file can be written at the path.
  void begin();
  void write(std::string_view bytes) noexcept;
  /// The file ends where the last write did.
  void finish() noexcept { (void)opened(); }

  /// Puts the size into a checkpoint, and the file onto the disk.
  void save(TrainingState& state) const;
  /// Goes on from that size, or with a warning from the end of a file that has become shorter since.
  void load(const TrainingState& state);
  /// Goes on at this many bytes.
  void go_on(Index size);

  /// Where the next write goes: bytes that belong to this training so far, fewer if some were lost.
  [[nodiscard]] Index ends() noexcept;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  [[nodiscard]] bool opened() noexcept;
  void close();
  /// Warns with the reason in errno, and writes nothing from now on. Returns false.
  bool give_up(const char* action) noexcept;

  std::filesystem::path path_;
  Index size_ = 0;
  int descriptor_ = -1;
  bool given_up_ = false;
};

}  // namespace recur
