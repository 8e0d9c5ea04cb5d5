#pragma once

#include <recur/train/data/id_sequence.h>
#include <recur/train/data/vocabulary.h>

#include <filesystem>
#include <memory>

namespace recur {

/// A text file that is not read into memory but mapped, so that it may be larger: what is kept is its vocabulary and the place of
/// every 1024th character. A byte order mark at its beginning is no character. It may not be changed while it is in use; if it is cut short, reading throws FormatError.
///
///     const TextFile text("large.txt");
///     const IdSequence ids = text.ids();
///     const StreamBatches batches(ids.part(0, ids.size() / 10 * 9), 32, 64);
class TextFile {
 public:
  /// Looks through the file once. @throws FormatError as `MappedFile`, and for an empty file.
  explicit TextFile(const std::filesystem::path& path);

  /// The characters that occur.
  [[nodiscard]] const Vocabulary& vocabulary() const;
  /// Number of characters.
  [[nodiscard]] Index size() const;
  /// The ids of all characters, in its own vocabulary or that of a saved model; read from the file when they are asked for.
  /// Reading throws ValueError for a character that a given vocabulary does not have.
  [[nodiscard]] IdSequence ids() const { return ids(vocabulary()); }
  [[nodiscard]] IdSequence ids(const Vocabulary& vocabulary) const;

 private:
  struct Contents;
  std::shared_ptr<const Contents> contents_;
};

}  // namespace recur
