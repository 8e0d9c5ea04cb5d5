#pragma once

#include <recur/io/folder_lock.h>

#include <filesystem>

namespace recur::tools {

/// What becomes of a run that the folder holds already.
enum class EarlierRun : unsigned char { refuse, resume, overwrite };

/// Returns what the flags `--resume` and `--overwrite` ask for.
[[nodiscard]] inline EarlierRun earlier_run(bool resume, bool overwrite) {
  if (resume) return EarlierRun::resume;
  return overwrite ? EarlierRun::overwrite : EarlierRun::refuse;
}

/// The folder of a run while `recur train` works in it: held for this process, without what killed ones left behind.
class RunDirectory {
 public:
  /// @throws UsageError if there is a run that is to be refused, which names the flags; StateError if another training
  /// uses the folder; FormatError if it cannot be made, or has a link out of it in the place of one of its files.
  RunDirectory(std::filesystem::path folder, EarlierRun earlier);

  /// Removes the files of an earlier run that is to be overwritten. @throws FormatError
  void clear() const;
  [[nodiscard]] std::filesystem::path checkpoints() const { return folder_ / "checkpoints"; }

 private:
  [[nodiscard]] bool holds_run() const;

  std::filesystem::path folder_;
  EarlierRun earlier_;
  FolderLock lock_;
};

}  // namespace recur::tools
