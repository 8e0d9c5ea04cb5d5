#include <recur/io/half.h>
#include <recur/io/stored_numbers.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

namespace recur {
namespace {

// A real of 2 bytes.
struct Half {
  std::uint16_t bits;
  operator float() const { return from_half(bits); }
};

static_assert(std::endian::native == std::endian::little, "numbers are turned into little-endian ones");

template <class From>
From load(const std::byte* at, bool big_endian) {
  std::byte bytes[sizeof(From)];
  if (big_endian) std::reverse_copy(at, at + sizeof(From), bytes);
  else std::copy_n(at, sizeof(From), bytes);
  From number;
  std::memcpy(&number, bytes, sizeof(From));
  return number;
}

template <class To, class From>
bool fits(From number) {
  if constexpr (std::is_floating_point_v<To>) return true;
  else if constexpr (std::is_same_v<From, Half>) return fits<To>(static_cast<float>(number));
  else if constexpr (std::is_floating_point_v<From>) {
    // Both limits are powers of two, so they are exact in any real type.
    constexpr auto low = static_cast<double>(std::numeric_limits<To>::min());
    const double high = std::ldexp(1.0, std::numeric_limits<To>::digits);
    return std::trunc(number) == number && number >= low && number < high;
  } else return std::in_range<To>(number);
}

template <class From>
auto shown(From number) {
  if constexpr (std::is_same_v<From, Half>) return static_cast<float>(number);
  else return number;
}

// Calls `body` with a value of the C++ type that has this format.
template <class Body>
void with_type(NumberFormat format, Body body) {
  using Kind = NumberFormat::Kind;
  const auto by_size = [&]<class One, class Two, class Four, class Eight>(One, Two, Four, Eight) {
    if (format.bytes == 1) return body(One{});
    if (format.bytes == 2) return body(Two{});
    if (format.bytes == 4) return body(Four{});
    return body(Eight{});
  };
  if (format.kind == Kind::real && format.bytes == 2) return body(Half{});
  if (format.kind == Kind::real) return format.bytes == 4 ? body(float{}) : body(double{});
  if (format.kind == Kind::signed_integer)
    return by_size(std::int8_t{}, std::int16_t{}, std::int32_t{}, std::int64_t{});
  by_size(std::uint8_t{}, std::uint16_t{}, std::uint32_t{}, std::uint64_t{});
}

template <class From, class To>
void convert(const ByteReader& reader, NumberFormat format, std::span<const std::byte> raw, std::span<To> to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    auto number = load<From>(raw.data() + i * sizeof(From), format.big_endian);
    if constexpr (std::is_integral_v<From>)
      if (format.kind == NumberFormat::Kind::boolean) number = static_cast<From>(number != From{});
    if (!fits<To>(number)) [[unlikely]]
      reader.refuse(reader.position() - raw.size() + i * sizeof(From),
                    fmt::format("{} is no integer of {} bits", shown(number), 8 * sizeof(To)));
    to[i] = static_cast<To>(number);
  }
}

}  // namespace

Shape checked_shape(const ByteReader& reader, std::span<const std::uint64_t> sizes, NumberFormat format) {
  reader.check(sizes.size() <= Shape::max_rank, "the array has {} axes, at most {} are supported", sizes.size(),
               Shape::max_rank);
  constexpr std::uint64_t most = std::numeric_limits<Index>::max() / sizeof(double);
  std::uint64_t product = 1;  // of the axes that are not 0, so that no order of them overflows
  std::uint64_t count = 1;
  std::vector<Index> axes;
  for (const std::uint64_t size : sizes) {
    reader.check(size <= most / product, "the array's shape is too large: an axis of {}", size);
    product *= std::max<std::uint64_t>(size, 1);
    count *= size;
    axes.push_back(static_cast<Index>(size));
  }
  const auto bytes = count * static_cast<std::uint64_t>(format.bytes);
  const Shape shape(axes);
  reader.check(bytes <= reader.at_most(),
               "an array of shape {} needs {} bytes, the file has no more than {} (cut short?)", shape, bytes,
               reader.at_most());
  return shape;
}

template <FileNumber T>
void read_numbers(ByteReader& reader, NumberFormat format, std::span<T> to) {
  constexpr std::size_t numbers_at_once = 8192;
  const auto width = static_cast<std::size_t>(format.bytes);
  std::vector<std::byte> raw(std::min(to.size(), numbers_at_once) * width);
  while (!to.empty()) {
    const std::size_t count = std::min(to.size(), numbers_at_once);
    const auto part = std::span(raw).first(count * width);
    reader.read(part);
    with_type(format, [&]<class From>(From) { convert<From>(reader, format, part, to.first(count)); });
    to = to.subspan(count);
  }
}

template void read_numbers(ByteReader&, NumberFormat, std::span<float>);
template void read_numbers(ByteReader&, NumberFormat, std::span<double>);
template void read_numbers(ByteReader&, NumberFormat, std::span<Index>);
template void read_numbers(ByteReader&, NumberFormat, std::span<std::int32_t>);
template void read_numbers(ByteReader&, NumberFormat, std::span<std::uint8_t>);

}  // namespace recur
