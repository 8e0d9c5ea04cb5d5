#include <recur/train/data/characters.h>

#include <fmt/format.h>

namespace recur {

Character first_character(std::string_view text) {
  const std::uint32_t lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const Character invalid{stray_byte + lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return invalid;
  std::uint32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const std::uint32_t byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) return invalid;
    code = code << 6U | (byte & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  return overlong || surrogate || code >= stray_byte ? invalid : Character{code, length};
}

std::string shown_character(std::string_view bytes) {
  const std::uint32_t code = bytes.empty() ? 0 : first_character(bytes).code;
  if (code >= stray_byte) return fmt::format("byte 0x{:02X}", code - stray_byte);
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool invisible = code == 0xAD || (code >= 0x2000 && code <= 0x200F) || (code >= 0x2028 && code <= 0x202F) ||
                         (code >= 0x2060 && code <= 0x206F) || code == 0x3000 || code == 0xA0 || code == 0xFEFF;
  if (control || invisible) return fmt::format("U+{:04X}", code);
  return fmt::format("'{}'", bytes);
}

}  // namespace recur
