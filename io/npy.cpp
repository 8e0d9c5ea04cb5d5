#include <recur/io/npy.h>

#include <recur/io/atomic_file.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace recur {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::uint64_t largest_header = 64 * 1024;

struct Header {
  NumberFormat format;
  bool fortran_order = false;
  std::vector<std::uint64_t> sizes;
};

// Reads the header's text, a dictionary as Python writes it: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4),
// }
class HeaderParser {
 public:
  HeaderParser(const ByteReader& reader, std::string_view text) : reader_(reader), text_(text), rest_(text) {}

  Header parse() {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      parse_value(key);
      if (accept(',')) continue;
      expect('}');
      break;
    }
    skip_space();
    check(rest_.empty(), "something follows the dictionary");
    check(format_ && fortran_order_ && sizes_, "descr, fortran_order and shape are needed");
    return {*format_, *fortran_order_, std::move(*sizes_)};
  }

 private:
  void check(bool condition, std::string_view what) const {
    const std::size_t done = text_.size() - rest_.size();
    if (!condition)
      reader_.refuse(reader_.position() - text_.size() + done,
                     fmt::format("the header is not that of an .npy file: {}", what));
  }
  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n\t"), rest_.size())); }
  bool accept(char wanted) {
    skip_space();
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool accept(std::string_view word) {
    skip_space();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void expect(char wanted) { check(accept(wanted), fmt::format("'{}' is missing here", wanted)); }

  std::string_view quoted() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect(quote);
    const std::size_t end = rest_.find(quote);
    check(end != std::string_view::npos, "a text without an end");
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }

  void parse_value(std::string_view key) {
    if (key == "descr" && !format_) {
      check(!accept('['), "arrays of records are not supported");
      format_ = parse_format(quoted());
    } else if (key == "fortran_order" && !fortran_order_) {
      fortran_order_ = accept("True");
      check(*fortran_order_ || accept("False"), "True or False is needed");
    } else if (key == "shape" && !sizes_) {
      sizes_ = parse_sizes();
    } else {
      check(false, "a key is unknown or comes twice");
    }
  }

  NumberFormat parse_format(std::string_view type) const {
    using Kind = NumberFormat::Kind;
    const auto unsupported = [&] {
      check(false,
            fmt::format("numbers of type '{}' are not supported (b1, i1 to i8, u1 to u8, f2, f4 and f8 are)", type));
    };
    if (type.size() != 3) unsupported();
    const int bytes = type[2] - '0';
    NumberFormat format{.bytes = bytes, .big_endian = type[0] == '>'};
    if (std::string_view("<>|=").find(type[0]) == std::string_view::npos) unsupported();
    const bool integer = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    if (type[1] == 'b' && bytes == 1) format.kind = Kind::boolean;
    else if (type[1] == 'i' && integer) format.kind = Kind::signed_integer;
    else if (type[1] == 'u' && integer) format.kind = Kind::unsigned_integer;
    else if (type[1] == 'f' && (bytes == 2 || bytes == 4 || bytes == 8)) format.kind = Kind::real;
    else unsupported();
    return format;
  }

  std::vector<std::uint64_t> parse_sizes() {
    expect('(');
    std::vector<std::uint64_t> sizes;
    while (!accept(')')) {
      skip_space();
      std::uint64_t size = 0;
      const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
      check(read.ec == std::errc(), "the shape has something that is not a size");
      rest_.remove_prefix(static_cast<std::size_t>(read.ptr - rest_.data()));
      accept('L');  // Python 2
      sizes.push_back(size);
      if (accept(',')) continue;
      expect(')');
      break;
    }
    return sizes;
  }

  const ByteReader& reader_;
  std::string_view text_;
  std::string_view rest_;
  std::optional<NumberFormat> format_;
  std::optional<bool> fortran_order_;
  std::optional<std::vector<std::uint64_t>> sizes_;
};

std::string read_text(ByteReader& reader, std::uint64_t count) {
  std::string text(count, '\0');
  reader.read(std::as_writable_bytes(std::span(text)));
  return text;
}

Header read_header(ByteReader& reader) {
  const std::string start = read_text(reader, magic.size() + 2);
  const auto byte = [](char c) { return static_cast<std::uint64_t>(static_cast<unsigned char>(c)); };
  if (!start.starts_with(magic)) reader.refuse(0, "this is not an .npy file");
  const std::uint64_t version = byte(start[magic.size()]);
  reader.check(version >= 1 && version <= 3, "version {} of the .npy format is unknown (1 to 3 are known)", version);
  const std::string length_bytes = read_text(reader, version == 1 ? 2 : 4);
  std::uint64_t length = 0;
  for (std::size_t i = length_bytes.size(); i-- > 0;) length = length << 8U | byte(length_bytes[i]);
  reader.check(length <= std::min(largest_header, reader.at_most()), "the header is said to have {} bytes (cut short?)",
               length);
  const std::string text = read_text(reader, length);
  return HeaderParser(reader, text).parse();
}

// Of numbers whose first axis varies fastest.
template <class T>
Tensor<T> to_row_major(const Tensor<T>& stored, const Shape& shape) {
  Tensor<T> result(shape);
  std::vector<Index> at(static_cast<std::size_t>(shape.rank()), 0);
  for (const T value : stored.values()) {
    Index offset = 0;
    for (int axis = 0; axis < shape.rank(); ++axis) offset = offset * shape[axis] + at[static_cast<std::size_t>(axis)];
    result.data()[offset] = value;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      Index& index = at[static_cast<std::size_t>(axis)];
      if (++index < shape[axis]) break;
      index = 0;
    }
  }
  return result;
}

}  // namespace

template <FileNumber T>
Tensor<T> read_npy(ByteReader& reader) {
  const Header header = read_header(reader);
  const Shape shape = checked_shape(reader, header.sizes, header.format);
  Tensor<T> stored(shape);
  read_numbers(reader, header.format, stored.values());
  reader.finish();
  return header.fortran_order && shape.rank() > 1 ? to_row_major(stored, shape) : std::move(stored);
}

template Tensor<float> read_npy(ByteReader&);
template Tensor<double> read_npy(ByteReader&);
template Tensor<Index> read_npy(ByteReader&);
template Tensor<std::int32_t> read_npy(ByteReader&);
template Tensor<std::uint8_t> read_npy(ByteReader&);

std::string npy_header(const Shape& shape, NumberFormat format) {
  const std::string sizes = fmt::format("{}{}", fmt::join(shape.sizes(), ", "), shape.rank() == 1 ? "," : "");
  const char order = format.bytes == 1 ? '|' : format.big_endian ? '>' : '<';
  const char kind = "biuf"[static_cast<std::size_t>(format.kind)];
  std::string text =
      fmt::format("{{'descr': '{}{}{}', 'fortran_order': False, 'shape': ({}), }}", order, kind, format.bytes, sizes);
  // The numbers begin on a multiple of 64 bytes.
  constexpr std::size_t alignment = 64;
  const std::size_t before = magic.size() + 2 + 2;
  const std::size_t whole = (before + text.size() + 1 + alignment - 1) / alignment * alignment;
  text.resize(whole - before - 1, ' ');
  text += '\n';
  std::string header(magic);
  header += {'\1', '\0', static_cast<char>(text.size() & 255U), static_cast<char>(text.size() >> 8U)};
  return header + text;
}

void save_npy(const std::filesystem::path& path, const std::string& header, std::span<const std::byte> numbers) {
  AtomicFile file(path);
  file.write(header);
  file.write(numbers);
  file.commit();
}

}  // namespace recur
