#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace recur {

/// Numbers the words of a text from 0. Words are separated by blanks. The end of a line is the word `<eos>`; a word
/// that is not in the vocabulary is `<unk>`, as in the Penn Treebank files of Mikolov et al.
class WordVocabulary {
 public:
  static constexpr std::string_view unknown = "<unk>";
  static constexpr std::string_view end_of_line = "<eos>";

  /// Makes a vocabulary of the most frequent words of a text, at most `size` with `<unk>` and `<eos>`. Equally frequent
  /// words are taken in alphabetical order. Throws ValueError if size < 3 or the text has no words.
  [[nodiscard]] static WordVocabulary of_text(std::string_view text, std::size_t size = 10'000);
  /// Makes a vocabulary from a list with one word a line. `<unk>` and `<eos>` are added if they are missing. Throws
  /// ValueError if a word occurs twice or is empty.
  [[nodiscard]] static WordVocabulary of_list(std::string_view lines);

  [[nodiscard]] std::int32_t size() const { return static_cast<std::int32_t>(words_.size()); }
  /// Returns the ids of the words of `text`; `<unk>` for words that are not in the vocabulary, `<eos>` for each line
  /// end.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const;
  /// Returns the text of `ids`: single blanks between words, a line end for `<eos>`. Throws ValueError if an id is
  /// outside [0, size()).
  [[nodiscard]] std::string decode(std::span<const std::int32_t> ids) const;
  /// Returns the list from which the constructor makes this vocabulary.
  [[nodiscard]] std::string list() const;

 private:
  void add(std::string word);

  std::vector<std::string> words_;
  std::unordered_map<std::string, std::int32_t> ids_;
};

}  // namespace recur
