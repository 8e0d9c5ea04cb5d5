#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// Reads event files as TensorBoard would: the TFRecord frames and the protobuf messages in them, with a checksum
// computed bit by bit. Anything else than scalars and a version is an error.

struct ReadEvent {
  double wall_time = 0;
  std::uint64_t step = 0;
  std::string version;
  std::string tag;
  float value = 0;
};

namespace event_reader {

inline std::uint32_t masked_crc(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char byte : bytes)
    for (unsigned bit = 0; bit < 8; ++bit) {
      const bool odd = ((crc ^ (static_cast<unsigned char>(byte) >> bit)) & 1U) != 0;
      crc = (crc >> 1U) ^ (odd ? 0x82f63b78U : 0U);
    }
  crc = ~crc;
  return ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U;
}

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) throw std::runtime_error("event file: cut short");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  template <class T>
  T fixed() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
  }

 private:
  std::string_view rest_;
};

inline void expect_key(std::uint64_t key, std::uint64_t field, std::uint64_t wire) {
  if (key != (field << 3U | wire)) throw std::runtime_error("event file: unexpected field");
}

inline void read_summary(std::string_view bytes, ReadEvent& event) {
  Cursor summary(bytes);
  expect_key(summary.varint(), 1, 2);
  Cursor value(summary.take(summary.varint()));
  expect_key(value.varint(), 1, 2);
  event.tag = value.take(value.varint());
  expect_key(value.varint(), 2, 5);
  event.value = value.fixed<float>();
}

inline ReadEvent read_event(std::string_view bytes) {
  ReadEvent event;
  Cursor cursor(bytes);
  while (!cursor.at_end()) {
    const std::uint64_t key = cursor.varint();
    switch (key >> 3U) {
      case 1:
        expect_key(key, 1, 1), event.wall_time = cursor.fixed<double>();
        break;
      case 2:
        expect_key(key, 2, 0), event.step = cursor.varint();
        break;
      case 3:
        expect_key(key, 3, 2), event.version = cursor.take(cursor.varint());
        break;
      case 5:
        expect_key(key, 5, 2), read_summary(cursor.take(cursor.varint()), event);
        break;
      default:
        throw std::runtime_error("event file: unknown field");
    }
  }
  return event;
}

}  // namespace event_reader

inline std::vector<ReadEvent> read_events(std::string_view file) {
  using namespace event_reader;
  std::vector<ReadEvent> events;
  for (Cursor cursor(file); !cursor.at_end();) {
    const std::string_view length = cursor.take(sizeof(std::uint64_t));
    if (cursor.fixed<std::uint32_t>() != masked_crc(length)) throw std::runtime_error("event file: length damaged");
    const std::string_view data = cursor.take(Cursor(length).fixed<std::uint64_t>());
    if (cursor.fixed<std::uint32_t>() != masked_crc(data)) throw std::runtime_error("event file: data damaged");
    events.push_back(read_event(data));
  }
  return events;
}
