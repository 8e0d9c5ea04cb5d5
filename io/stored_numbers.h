#pragma once

#include <recur/framework/tensor/tensor.h>
#include <recur/io/byte_reader.h>

#include <concepts>
#include <cstdint>
#include <span>

namespace recur {

/// Number types that numbers in files can be converted to.
template <class T>
concept FileNumber = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, Index> ||
    std::same_as<T, std::int32_t> || std::same_as<T, std::uint8_t>;

/// The type of a number in a file.
struct NumberFormat {
  enum class Kind : unsigned char { boolean, signed_integer, unsigned_integer, real };
  Kind kind = Kind::real;
  int bytes = 4;  ///< 1, 2, 4 or 8; of reals 2, 4 or 8.
  bool big_endian = false;
};

/// Returns the type of a T in memory.
template <FileNumber T>
inline constexpr NumberFormat number_format{std::is_floating_point_v<T> ? NumberFormat::Kind::real
                                            : std::is_signed_v<T>       ? NumberFormat::Kind::signed_integer
                                                                        : NumberFormat::Kind::unsigned_integer,
                                            static_cast<int>(sizeof(T)), false};

/// Returns the shape of an array from the sizes in its header. Throws FormatError if there are more than
/// `Shape::max_rank` axes, or more numbers than the rest of the file can hold.
[[nodiscard]] Shape checked_shape(const ByteReader& reader, std::span<const std::uint64_t> sizes, NumberFormat format);

/// Reads `to.size()` numbers and converts them. If T is a real, numbers are rounded to the nearest T. If T is an
/// integer, throws FormatError for a number that is not an integer or is outside the range of T.
template <FileNumber T>
void read_numbers(ByteReader& reader, NumberFormat format, std::span<T> to);

}  // namespace recur
