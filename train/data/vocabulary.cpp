#include <recur/framework/tensor/error.h>
#include <recur/train/data/characters.h>
#include <recur/train/data/vocabulary.h>

#include <charconv>
#include <map>

namespace recur {
namespace {

template <class Visit>
void for_each_character(std::string_view text, Visit&& visit) {
  for (std::size_t at = 0; at < text.size();) {
    const Character character = first_character(text.substr(at));
    visit(character.code, at, text.substr(at, character.length));
    at += character.length;
  }
}

}  // namespace

Vocabulary::Vocabulary(std::string_view text) {
  require<ValueError>(!text.empty(), "Vocabulary: the text is empty");
  std::map<std::uint32_t, std::string> found;
  for_each_character(text,
                     [&](std::uint32_t code, std::size_t, std::string_view bytes) { found.try_emplace(code, bytes); });
  for (auto& [code, bytes] : found) {
    ids_.emplace(code, size());
    characters_.push_back(std::move(bytes));
  }
}

std::vector<std::int32_t> Vocabulary::encode(std::string_view text) const {
  std::vector<std::int32_t> ids;
  ids.reserve(text.size());
  for_each_character(text, [&](std::uint32_t code, std::size_t at, std::string_view bytes) {
    const auto found = ids_.find(code);
    if (found == ids_.end())
      fail<ValueError>("Vocabulary::encode: {} at byte {} is not among the {} known characters", shown_character(bytes),
                       at, size());
    ids.push_back(found->second);
  });
  return ids;
}

std::string Vocabulary::decode(std::span<const std::int32_t> ids) const {
  std::string text;
  for (const std::int32_t id : ids) text += character(id);
  return text;
}

const std::string& Vocabulary::character(std::int32_t id) const {
  require<ValueError>(id >= 0 && id < size(), "Vocabulary: id {} is not in [0, {})", id, size());
  return characters_[static_cast<std::size_t>(id)];
}

std::string Vocabulary::text() const {
  std::string all;
  for (const std::string& bytes : characters_) all += bytes;
  return all;
}

std::string Vocabulary::hex() const {
  std::string digits;
  for (const char byte : text()) digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return digits;
}

Vocabulary Vocabulary::from_hex(std::string_view hex) {
  std::string text;
  bool fine = hex.size() % 2 == 0 && !hex.empty();
  for (std::size_t i = 0; fine && i < hex.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    fine = error == std::errc() && end == hex.data() + i + 2;
    text += static_cast<char>(value);
  }
  require<FormatError>(fine, "Vocabulary::from_hex: '{}' is not the bytes of a vocabulary", hex.substr(0, 40));
  return Vocabulary(text);
}

}  // namespace recur
