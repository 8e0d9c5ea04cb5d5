#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace recur {

/// The characters of a text, numbered from 0 in the order of their code points. A character is a UTF-8 code point; a byte
/// that is part of none is a character by itself, so that any bytes come back from `decode(encode(bytes))` as they were.
class Vocabulary {
 public:
  /// Those that occur in `text`. @throws ValueError for an empty text.
  explicit Vocabulary(std::string_view text);

  [[nodiscard]] std::int32_t size() const { return static_cast<std::int32_t>(characters_.size()); }
  /// @throws ValueError for a character that is not in the vocabulary, naming its place.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const;
  /// @throws ValueError for an id outside [0, size()).
  [[nodiscard]] std::string decode(std::span<const std::int32_t> ids) const;
  /// The bytes of one character. @throws ValueError as `decode`.
  [[nodiscard]] const std::string& character(std::int32_t id) const;
  /// All characters, once each: a text that gives the same vocabulary.
  [[nodiscard]] std::string text() const;
  /// The bytes of `text` in hexadecimal, to be saved with a model: metadata of a file have to be UTF-8, which these bytes need not be.
  [[nodiscard]] std::string hex() const;
  /// The same vocabulary again. @throws FormatError for what `hex` cannot have given.
  [[nodiscard]] static Vocabulary from_hex(std::string_view hex);

  friend bool operator==(const Vocabulary& a, const Vocabulary& b) { return a.characters_ == b.characters_; }

 private:
  std::vector<std::string> characters_;
  std::unordered_map<std::uint32_t, std::int32_t> ids_;  // by code
};

}  // namespace recur
