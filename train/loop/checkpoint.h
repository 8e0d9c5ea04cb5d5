#pragma once

#include <recur/io/folder_lock.h>
#include <recur/io/safetensors.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace recur {

/// The state of a training: arrays and texts by name. A training that is resumed from it ends with the same bits as an
/// uninterrupted one.
struct TrainingState {
  std::map<std::string, Array> arrays;
  Metadata texts;
  std::set<std::string> by_row{};  ///< Arrays of which each rank has the rows of its share (`World`).

  /// Stores a list of arrays as `name/0`, `name/1` …
  void put(const std::string& name, std::span<const Array> list);
  /// Stores a list of arrays `[batch, …]`, such as carried states. Where several ranks train together, each stores the
  /// rows of its share. The checkpoint holds the rows of the whole batch, and `load` is given those of the share.
  void put_rows(const std::string& name, std::span<const Array> list);
  /// Returns a list of arrays; empty if there is none of this name.
  [[nodiscard]] std::vector<Array> get(const std::string& name) const;
  /// Stores a number exactly.
  void put(const std::string& name, double number);
  void put(const std::string& name, Index number);
  /// Returns a number or text by name. Throws FormatError if there is none of this name, or if it is not a number.
  [[nodiscard]] double number(const std::string& name) const;
  [[nodiscard]] Index integer(const std::string& name) const;
  [[nodiscard]] const std::string& text(const std::string& name) const;
};

/// Writes a state as one safetensors file with a checksum. An existing file is replaced as a whole, or left unchanged
/// if writing fails. Throws FormatError if the file cannot be written.
void save_checkpoint(const std::filesystem::path& path, const TrainingState& state);

/// Reads the file that `save_checkpoint` wrote, bit for bit. Throws FormatError if the file cannot be read, is not a
/// checkpoint, is cut short or was changed. Throws VersionError (io/file_format.h) if a newer Recur wrote it.
[[nodiscard]] TrainingState load_checkpoint(const std::filesystem::path& path);

/// Where and when a training writes checkpoints.
struct CheckpointOptions {
  /// Directory of the checkpoints. It is created if it does not exist. Empty: no checkpoints.
  std::filesystem::path directory;
  /// Steps between checkpoints within an epoch. One is written after each epoch in any case; 0: only then.
  Index every = 0;
  /// Number of checkpoints that stay; older ones are removed.
  Index keep = 2;
  /// Resumes from the newest undamaged checkpoint in the directory, if there is one. Without `resume` the checkpoints
  /// in the directory are removed when the training begins.
  bool resume = false;
  /// Texts by name that a checkpoint must have to be resumed, such as `{"loss", "huber"}`; a checkpoint with another
  /// text is refused. The optimizer and the names, shapes and number types of the parameters are compared as well.
  Metadata identity{};
  /// Texts by name that may change, such as `{"data", checksum}`. If one differs from that of the checkpoint, training
  /// resumes with a warning. Threads, epochs, batches and learning rate are compared as well.
  Metadata circumstances{};
};

/// The checkpoints of one training, `checkpoint-<steps>.safetensors` in a directory.
class CheckpointFolder {
 public:
  /// Throws ValueError if keep < 1 or every < 0, FormatError if the directory cannot be created.
  explicit CheckpointFolder(CheckpointOptions options);

  /// Writes the checkpoint of a step, then removes the oldest ones beyond `keep`. Throws FormatError if it cannot be
  /// written.
  void save(Index step, const TrainingState& state) const;
  /// Returns the checkpoint with the most steps; none if there are no checkpoints.
  [[nodiscard]] std::optional<std::filesystem::path> newest() const;
  /// Loads the newest undamaged checkpoint; none if there are no checkpoints. Warns of a damaged newer one. Throws
  /// FormatError if all are damaged, VersionError if a newer Recur wrote one.
  [[nodiscard]] std::optional<TrainingState> load_newest() const;
  /// Removes all checkpoints. Throws FormatError if one cannot be removed.
  void clear() const;
  /// Locks the directory for one training, and removes temporary files of killed trainings. Throws StateError if
  /// another training has locked it.
  [[nodiscard]] FolderLock lock() const;

 private:
  [[nodiscard]] std::map<Index, std::filesystem::path> files() const;

  CheckpointOptions options_;
};

}  // namespace recur
