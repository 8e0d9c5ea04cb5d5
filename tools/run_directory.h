#pragma once

#include <recur/io/folder_lock.h>
#include <recur/train/loop/world.h>

#include <filesystem>
#include <optional>

#include "commands.h"
#include "settings.h"

namespace recur::tools {

/// What to do if the folder already holds a run.
enum class EarlierRun : unsigned char { refuse, resume, overwrite };

/// Returns the choice of the flags `--resume` and `--overwrite`.
[[nodiscard]] inline EarlierRun earlier_run(bool resume, bool overwrite) {
  if (resume) return EarlierRun::resume;
  return overwrite ? EarlierRun::overwrite : EarlierRun::refuse;
}

/// The folder of a run while `recur train` uses it. It is locked for this process, and temporary files of killed
/// trainings are removed.
class RunDirectory {
 public:
  /// Throws UsageError, which names the flags, if there is a run and `earlier` is `refuse`. Throws StateError if
  /// another training uses the folder. Throws FormatError if the folder cannot be created, or if one of its files is a
  /// link out of the folder.
  RunDirectory(std::filesystem::path folder, EarlierRun earlier);

  /// Removes the files of an earlier run if it is to be overwritten. Throws FormatError if one cannot be removed.
  void clear() const;
  [[nodiscard]] std::filesystem::path checkpoints() const { return folder_ / "checkpoints"; }

 private:
  [[nodiscard]] bool holds_run() const;

  std::filesystem::path folder_;
  EarlierRun earlier_;
  FolderLock lock_;
};

/// Returns the folder of a run, cleared where the flags say so, on rank 0; none on other ranks. Throws what
/// RunDirectory throws.
[[nodiscard]] std::optional<RunDirectory> run_directory(const Flags& flags, const std::filesystem::path& folder);

/// How the flags want ranks to exchange gradients.
[[nodiscard]] ExchangeOptions exchange_of(const Flags& flags);

/// Throws StateError on all ranks unless all have one config and data of one size and time.
void require_same_job(const Flags& flags, Settings& settings);

}  // namespace recur::tools
