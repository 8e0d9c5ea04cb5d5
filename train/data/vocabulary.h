#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace recur {

/// Numbers the characters of a text from 0 in the order of their code points. A character is a UTF-8 code point. A byte
/// that is not part of one is a character by itself, so `decode(encode(bytes))` returns any bytes unchanged.
class Vocabulary {
 public:
  /// Makes the vocabulary of all characters in `text`. Throws ValueError if `text` is empty.
  explicit Vocabulary(std::string_view text);

  [[nodiscard]] std::int32_t size() const { return static_cast<std::int32_t>(characters_.size()); }
  /// Returns the ids of the characters of `text`. Throws ValueError, with the place, if a character is not in the
  /// vocabulary.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const;
  /// Returns the text of `ids`. Throws ValueError if an id is outside [0, size()).
  [[nodiscard]] std::string decode(std::span<const std::int32_t> ids) const;
  /// Returns the bytes of one character. Throws ValueError if `id` is outside [0, size()).
  [[nodiscard]] const std::string& character(std::int32_t id) const;
  /// Returns all characters, each once. A vocabulary made from this text is equal to this vocabulary.
  [[nodiscard]] std::string text() const;
  /// Returns the bytes of `text()` in hexadecimal, to save in the metadata of a model file, which must be UTF-8.
  [[nodiscard]] std::string hex() const;
  /// Makes the vocabulary from what `hex` returned. Throws FormatError if `hex` cannot have returned the text.
  [[nodiscard]] static Vocabulary from_hex(std::string_view hex);

  friend bool operator==(const Vocabulary& a, const Vocabulary& b) { return a.characters_ == b.characters_; }

 private:
  std::vector<std::string> characters_;
  std::unordered_map<std::uint32_t, std::int32_t> ids_;  // by code
};

}  // namespace recur
