#pragma once

#include <recur/train/data/id_sequence.h>
#include <recur/train/data/vocabulary.h>

#include <filesystem>
#include <memory>

namespace recur {

/// A text file that may be larger than memory. The file is mapped; its vocabulary and the place of every 1024th
/// character are kept in memory. A byte order mark at the beginning is not a character. The file must not be changed
/// while it is in use; if it is cut short, reading throws FormatError.
///
///     const TextFile text("large.txt");
///     const IdSequence ids = text.ids();
///     const StreamBatches batches(ids.part(0, ids.size() / 10 * 9), 32, 64);
class TextFile {
 public:
  /// Reads through the file once. Throws FormatError if it cannot be mapped or is empty.
  explicit TextFile(const std::filesystem::path& path);

  /// Returns the vocabulary of the characters that occur.
  [[nodiscard]] const Vocabulary& vocabulary() const;
  /// Returns the number of characters.
  [[nodiscard]] Index size() const;
  /// Returns the ids of all characters, by the file's own vocabulary or by `vocabulary`. They are read when they are
  /// asked for, and reading throws ValueError if a given vocabulary lacks a character.
  [[nodiscard]] IdSequence ids() const { return ids(vocabulary()); }
  [[nodiscard]] IdSequence ids(const Vocabulary& vocabulary) const;

 private:
  struct Contents;
  std::shared_ptr<const Contents> contents_;
};

}  // namespace recur
