#pragma once

#include <recur/framework/tensor/tensor.h>
#include <recur/io/byte_reader.h>

#include <concepts>
#include <cstdint>
#include <span>

namespace recur {

/// What numbers from files can be read as.
template <class T>
concept FileNumber = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, Index> ||
    std::same_as<T, std::int32_t> || std::same_as<T, std::uint8_t>;

/// How a number lies in a file.
struct NumberFormat {
  enum class Kind : unsigned char { boolean, signed_integer, unsigned_integer, real };
  Kind kind = Kind::real;
  int bytes = 4;  ///< 1, 2, 4 or 8; of reals 2, 4 or 8.
  bool big_endian = false;
};

/// That of a T in memory.
template <FileNumber T>
inline constexpr NumberFormat number_format{std::is_floating_point_v<T> ? NumberFormat::Kind::real
                                            : std::is_signed_v<T>       ? NumberFormat::Kind::signed_integer
                                                                        : NumberFormat::Kind::unsigned_integer,
                                            static_cast<int>(sizeof(T)), false};

/// The shape of an array whose header gives these sizes. @throws FormatError for more than `Shape::max_rank` axes, or more
/// numbers than the rest of the file can hold.
[[nodiscard]] Shape checked_shape(const ByteReader& reader, std::span<const std::uint64_t> sizes, NumberFormat format);

/// Reads `to.size()` numbers and converts them. Reals and large integers are rounded to the nearest T if T is a real.
/// @throws FormatError, if T is an integer, for a number that is not one or outside T's range.
template <FileNumber T>
void read_numbers(ByteReader& reader, NumberFormat format, std::span<T> to);

}  // namespace recur
