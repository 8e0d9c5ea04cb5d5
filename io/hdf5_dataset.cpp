#include <recur/io/half.h>
#include <recur/io/hdf5.h>
#include <recur/io/hdf5_cursor.h>

namespace recur {

std::optional<std::vector<std::uint64_t>> hdf5::read_space(std::string_view message, const std::string& name) {
  Cursor cursor(message, name, 0);
  const int version = cursor.number<std::uint8_t>();
  const int rank = cursor.number<std::uint8_t>();
  cursor.skip(1);
  const int kind = cursor.number<std::uint8_t>();
  if (version == 1) cursor.skip(4);
  else if (version != 2 || kind > 2)
    fail<FormatError>("Hdf5File: '{}': dataspace version {} is not read", name, version);
  if (version == 2 && kind == 2) return std::nullopt;
  std::vector<std::uint64_t> sizes;
  for (int axis = 0; axis < rank; ++axis) sizes.push_back(cursor.number<std::uint64_t>());
  return sizes;
}

namespace {

using namespace std::string_view_literals;
using hdf5::Cursor;

// Bytes of a real number of this type; 0 for others.
int width_of_real(std::string_view type) {
  if (type.size() < 20) return 0;
  for (const std::string_view known :
       {"\x11\x20\x1F\x00\x04\x00\x00\x00\x00\x00\x20\x00\x17\x08\x00\x17\x7F\x00\x00\x00"sv,
        "\x11\x20\x3F\x00\x08\x00\x00\x00\x00\x00\x40\x00\x34\x0B\x00\x34\xFF\x03\x00\x00"sv,
        "\x11\x20\x0F\x00\x02\x00\x00\x00\x00\x00\x10\x00\x0A\x05\x00\x0A\x0F\x00\x00\x00"sv}) {
    const bool version = (type[0] & 15) == 1 && ((type[0] >> 4) == 1 || (type[0] >> 4) == 3);
    if (version && type.substr(1, 19) == known.substr(1)) return known[4];
  }
  return 0;
}

}  // namespace

Array Hdf5File::read(const Object& dataset, const std::string& path) const {
  const auto refuse = [&](const std::string& reason) {
    fail<FormatError>("Hdf5File: '{}': data set '{}': {}", name_, path, reason);
  };
  if (!dataset.is_dataset) refuse("is a group");
  if (!dataset.refusal.empty()) refuse(dataset.refusal);
  const int width = width_of_real(dataset.type);
  if (width == 0) {
    const bool big =
        !dataset.type.empty() && (dataset.type[0] & 15) <= 1 && dataset.type.size() > 1 && (dataset.type[1] & 1) != 0;
    refuse(big ? "big-endian numbers are not read" : "is not of float16, float32 or float64");
  }
  const auto sizes = hdf5::read_space(dataset.space, name_);
  if (!sizes || sizes->size() > Shape::max_rank) refuse("has no shape, or more than 5 axes");
  std::vector<Index> axes;
  std::uint64_t count = 1;
  for (const std::uint64_t size : *sizes) {
    if (__builtin_mul_overflow(count, std::max<std::uint64_t>(size, 1), &count) || count > bytes_.size())
      refuse("declares more numbers than the file has bytes");
    axes.push_back(static_cast<Index>(size));
  }
  Cursor layout(dataset.layout, name_, 0);
  if (layout.number<std::uint8_t>() != 3) refuse("has a layout of another version");
  const int kind = layout.number<std::uint8_t>();
  if (kind == 2) refuse("is stored in chunks; write it contiguous");
  if (kind > 1) refuse("has a virtual layout");
  const auto address = kind == 1 ? layout.number<std::uint64_t>() : 0;
  const std::uint64_t stored = kind == 1 ? layout.number<std::uint64_t>() : layout.number<std::uint16_t>();
  const Shape shape{std::span<const Index>(axes)};
  Array array(shape, width == 8 ? DType::float64 : DType::float32);
  if (stored != static_cast<std::uint64_t>(array.size()) * static_cast<std::uint64_t>(width))
    refuse(fmt::format("{} bytes are stored for shape {}", stored, shape));
  if (stored == 0) return array;
  if (kind == 1 && (address == hdf5::undefined || address > bytes_.size() || stored > bytes_.size() - address))
    refuse("its numbers were never written, or lie outside the file");
  const std::string_view bytes = kind == 1 ? std::string_view(bytes_).substr(address, stored) : layout.take(stored);
  if (width != 2) {
    std::memcpy(array.data(), bytes.data(), stored);
    return array;
  }
  for (std::size_t i = 0; i < bytes.size() / 2; ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, bytes.data() + 2 * i, 2);
    array.as<float>().values()[i] = from_half(half);
  }
  return array;
}

}  // namespace recur
