#pragma once

#include <recur/train/loop/checkpoint.h>

#include <filesystem>
#include <string_view>

namespace recur {

/// A file that grows as a training goes on. Each piece written has left the program when `write` returns, so that a killed run
/// loses none; what was written after the checkpoint that a run is resumed from is cut off, as it will be written again.
class LogFile {
 public:
  /// Nothing happens yet: a file that is there stays until the first `write` or `finish`.
  explicit LogFile(std::filesystem::path path) : path_(std::move(path)) {}
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  /// What is written from now on is the beginning of the file.
  void begin();
  /// @throws FormatError, with the system's reason, when that cannot be.
  void write(std::string_view bytes);
  /// The file ends where the last write did. @throws as `write`
  void finish() { open(); }

  /// Puts the size into a checkpoint, and the file onto the disk.
  void save(TrainingState& state) const;
  /// Goes on from that size. @throws FormatError, at the first write, for a file that has become shorter since.
  void load(const TrainingState& state);

  /// Bytes that belong to this training so far.
  [[nodiscard]] Index size() const { return size_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  void open();
  void close();
  [[noreturn]] void fail_system(const char* action) const;

  std::filesystem::path path_;
  Index size_ = 0;
  int descriptor_ = -1;
};

}  // namespace recur
