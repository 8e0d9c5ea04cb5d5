#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/framework/tensor/tensor.h>
#include <recur/train/data/vocabulary.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace recur {

/// A text to read, and the one to write for it.
struct TextPair {
  std::string source;
  std::string target;
};

struct PairFile {
  std::vector<TextPair> train;
  std::vector<TextPair> test;  ///< The last tenth, at least one.
};
/// Lines of two texts with a tab between them. @throws FormatError for a file that cannot be read; ValueError for a
/// line that is not two texts, with its number, or less than two lines.
[[nodiscard]] PairFile read_pairs(const std::filesystem::path& path);

/// Returns `count` pairs drawn at random, with repetition. Throws ValueError if there are no pairs or the count is
/// negative.
[[nodiscard]] std::vector<TextPair> some_of(const std::vector<TextPair>& pairs, Index count, Generator& generator);

/// Pairs side by side, padded to the longest.
struct PairBatch {
  Index batch = 0;
  Index source_time = 0;
  Index target_time = 0;              ///< With the end of the text.
  std::vector<std::int32_t> source;   ///< `[batch, source_time]`
  std::vector<Index> lengths;         ///< Characters of each source.
  Tensor<float> mask;                 ///< `[batch, source_time]`, 0 beyond the end.
  std::vector<std::int32_t> before;   ///< `[batch, target_time]`: the character before each of `targets`.
  std::vector<std::int32_t> targets;  ///< `[batch, target_time]`
  std::vector<float> weights;         ///< 0 beyond the end of a target.
};

/// Turns texts into ids and back.
class PairCoder {
 public:
  /// Of the characters of two alphabets.
  PairCoder(std::string_view sources, std::string_view targets) : sources_(sources), targets_(targets) {}
  /// Of those that occur in pairs.
  PairCoder(const std::vector<TextPair>& train, const std::vector<TextPair>& test);

  /// What stands before the first character of a target and after the last.
  static constexpr std::int32_t edge = 0;
  [[nodiscard]] Index source_symbols() const { return sources_.size(); }
  [[nodiscard]] Index target_symbols() const { return Index{targets_.size()} + 1; }
  /// @throws ValueError for a character that is in no alphabet.
  [[nodiscard]] PairBatch encode(const std::vector<TextPair>& pairs) const;
  /// Returns the texts of ids `[steps][batch]`, each up to its end. Throws ShapeError if steps differ in size,
  /// ValueError for an id that is no character.
  [[nodiscard]] std::vector<std::string> decode(const std::vector<std::vector<std::int32_t>>& ids) const;

 private:
  Vocabulary sources_;
  Vocabulary targets_;
};

}  // namespace recur
