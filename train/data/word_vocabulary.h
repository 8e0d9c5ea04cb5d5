#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace recur {

/// Words, numbered from 0: what stands between spaces in a text. The end of a line is the word `<eos>`, and words that are not in the
/// vocabulary are `<unk>`, as in the Penn Treebank files of Mikolov et al.
class WordVocabulary {
 public:
  static constexpr std::string_view unknown = "<unk>";
  static constexpr std::string_view end_of_line = "<eos>";

  /// The most frequent words of a text, at most `size` with `<unk>` and `<eos>`; equally frequent ones in alphabetical order.
  /// @throws ValueError for size < 3, or a text without words.
  [[nodiscard]] static WordVocabulary of_text(std::string_view text, std::size_t size = 10'000);
  /// Of a list, one word a line; `<unk>` and `<eos>` are added if they are not in it.
  /// @throws ValueError for a word that occurs twice or is empty.
  [[nodiscard]] static WordVocabulary of_list(std::string_view lines);

  [[nodiscard]] std::int32_t size() const { return static_cast<std::int32_t>(words_.size()); }
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const;
  /// Words with single spaces between them, `<eos>` as the end of a line. @throws ValueError for an id outside [0, size()).
  [[nodiscard]] std::string decode(std::span<const std::int32_t> ids) const;
  /// The list that gives the same vocabulary.
  [[nodiscard]] std::string list() const;

 private:
  void add(std::string word);

  std::vector<std::string> words_;
  std::unordered_map<std::string, std::int32_t> ids_;
};

}  // namespace recur
