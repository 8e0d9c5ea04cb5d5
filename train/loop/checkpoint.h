#pragma once

#include <recur/io/folder_lock.h>
#include <recur/io/safetensors.h>

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace recur {

/// What a run needs to go on as if it had never stopped: numbers and texts, by name.
struct TrainingState {
  std::map<std::string, Array> arrays;
  Metadata texts;

  /// A list of arrays under `name/0`, `name/1` …
  void put(const std::string& name, std::span<const Array> list);
  /// That list; empty if there is none.
  [[nodiscard]] std::vector<Array> get(const std::string& name) const;
  /// Numbers, stored exactly.
  void put(const std::string& name, double number);
  void put(const std::string& name, Index number);
  /// @throws FormatError when there is none of this name, or it is no number.
  [[nodiscard]] double number(const std::string& name) const;
  [[nodiscard]] Index integer(const std::string& name) const;
  [[nodiscard]] const std::string& text(const std::string& name) const;
};

/// Writes the state as one safetensors file with a checksum over all of it. A file that was there is replaced as a
/// whole or, when anything fails, left as it was. Throws FormatError if it cannot be written.
void save_checkpoint(const std::filesystem::path& path, const TrainingState& state);

/// Reads it back, bit for bit.
/// @throws FormatError for a file that cannot be read, is cut short, changed, or no checkpoint; VersionError
/// (io/file_format.h) for one that a newer program wrote.
[[nodiscard]] TrainingState load_checkpoint(const std::filesystem::path& path);

/// Where a run leaves checkpoints.
struct CheckpointOptions {
  /// Made if it is not there; empty: no checkpoints.
  std::filesystem::path directory;
  /// Steps from one to the next, besides the one after each epoch; 0: only these.
  Index every = 0;
  /// How many stay; older ones are removed.
  Index keep = 2;
  /// Go on from the newest whole one in the directory, if there is any; otherwise the checkpoints that are there are
  /// removed when the training begins.
  bool resume = false;
  /// What makes the run what it is, by name: `{"loss", "huber"}`. A checkpoint in which one differs is refused. The
  /// optimizer and the names, shapes and number types of the parameters belong to it anyway.
  Metadata identity{};
  /// What the run depends on besides, by name: `{"data", checksum}`. If one differs from that of the checkpoint,
  /// training goes on and a warning says so. Threads, epochs, batches and learning rate belong to it anyway.
  Metadata circumstances{};
};

/// The checkpoints of one run, `checkpoint-<steps>.safetensors` in a directory.
class CheckpointFolder {
 public:
  /// @throws ValueError for keep < 1 or every < 0; FormatError when the directory cannot be made.
  explicit CheckpointFolder(CheckpointOptions options);

  /// Writes the checkpoint of this step, then removes those beyond `keep`. Throws FormatError if it cannot be written.
  void save(Index step, const TrainingState& state) const;
  /// The one of the most steps.
  [[nodiscard]] std::optional<std::filesystem::path> newest() const;
  /// Loads the newest checkpoint that is whole, with a warning if a newer one is damaged; none if there are no
  /// checkpoints. Throws FormatError if none of them is whole, VersionError if one is of a newer program.
  [[nodiscard]] std::optional<TrainingState> load_newest() const;
  /// Removes all checkpoints. @throws FormatError for one that cannot be removed.
  void clear() const;
  /// Holds the directory for one training and removes temporary files that killed ones left. @throws StateError if it
  /// is held.
  [[nodiscard]] FolderLock lock() const;

 private:
  [[nodiscard]] std::map<Index, std::filesystem::path> files() const;

  CheckpointOptions options_;
};

}  // namespace recur
