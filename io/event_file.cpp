#include <recur/io/event_file.h>

#include <array>
#include <bit>

namespace recur {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table = [] {
  constexpr std::uint32_t reflected_polynomial = 0x82f63b78;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? reflected_polynomial : 0);
    table[byte] = crc;
  }
  return table;
}();

// Little-endian on any machine.
template <class Word>
std::string fixed(Word word) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(Word); ++i) bytes += static_cast<char>(word >> (8 * i) & 0xffU);
  return bytes;
}

// Protobuf's wire format, as far as it is needed here: https://protobuf.dev/programming-guides/encoding
enum class Wire : std::uint64_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

std::string varint(std::uint64_t word) {
  std::string bytes;
  for (; word >= 0x80; word >>= 7U) bytes += static_cast<char>((word & 0x7fU) | 0x80U);
  return bytes += static_cast<char>(word);
}

std::string key(std::uint64_t field, Wire wire) { return varint(field << 3U | static_cast<std::uint64_t>(wire)); }
std::string field(std::uint64_t number, double value) {
  return key(number, Wire::fixed64) + fixed(std::bit_cast<std::uint64_t>(value));
}
std::string field(std::uint64_t number, float value) {
  return key(number, Wire::fixed32) + fixed(std::bit_cast<std::uint32_t>(value));
}
std::string field(std::uint64_t number, std::string_view bytes) {
  return key(number, Wire::bytes) + varint(bytes.size()) + std::string(bytes);
}
std::string field(std::uint64_t number, Index value) {
  return key(number, Wire::varint) + varint(static_cast<std::uint64_t>(value));
}

// A checksum that is stored with what it is of is masked, or a record that holds records would check as itself.
std::string masked_checksum(std::string_view bytes) {
  constexpr std::uint32_t mask = 0xa282ead8;
  return fixed(std::rotr(crc32c(bytes), 15) + mask);
}

std::string record(std::string_view data) {
  const std::string length = fixed(std::uint64_t{data.size()});
  return length + masked_checksum(length) + std::string(data) + masked_checksum(data);
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char byte : bytes) crc = (crc >> 8U) ^ crc_table[(crc ^ static_cast<unsigned char>(byte)) & 0xffU];
  return ~crc;
}

std::string event_file_header(double wall_time) {
  return record(field(1, wall_time) + field(3, std::string_view("brain.Event:2")));
}

std::string scalar_event(double wall_time, Index step, std::string_view tag, double value) {
  const std::string scalar = field(1, tag) + field(2, static_cast<float>(value));
  return record(field(1, wall_time) + field(2, step) + field(5, std::string_view(field(1, std::string_view(scalar)))));
}

}  // namespace recur
