#include <recur/io/atomic_file.h>
#include <recur/io/half.h>
#include <recur/io/safetensors.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace recur {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t prefix_size = 8;  // the length of the header
constexpr std::uint64_t largest_header = 100'000'000;
constexpr const char* metadata_key = "__metadata__";
static_assert(std::endian::native == std::endian::little, "the data part is stored little-endian");

// ---- writing ------------------------------------------------------------------------------------------------------

std::span<const std::byte> bytes_of(const Array& array) {
  return {static_cast<const std::byte*>(array.data()), static_cast<std::size_t>(array.size()) * size_of(array.dtype())};
}

// Doubles first: with a header padded to 8 bytes every array is aligned in the file.
std::vector<NamedArray> by_alignment(std::span<const NamedArray> arrays) {
  std::vector<NamedArray> order(arrays.begin(), arrays.end());
  std::stable_partition(order.begin(), order.end(),
                        [](const NamedArray& a) { return a.array->dtype() == DType::float64; });
  return order;
}

std::string make_header(std::span<const NamedArray> arrays, const Metadata& metadata) {
  Json header = Json::object();
  std::size_t offset = 0;
  for (const auto& [name, array] : arrays) {
    require<ValueError>(name != metadata_key, "save_safetensors: an array cannot be named '{}'", name);
    require<ValueError>(!header.contains(name), "save_safetensors: two arrays are named '{}'", name);
    const std::size_t end = offset + bytes_of(*array).size();
    const auto sizes = array->shape().sizes();
    header[name] = {{"dtype", array->dtype() == DType::float32 ? "F32" : "F64"},
                    {"shape", std::vector<Index>(sizes.begin(), sizes.end())},
                    {"data_offsets", {offset, end}}};
    offset = end;
  }
  if (!metadata.empty()) header[metadata_key] = metadata;
  try {
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
  } catch (const Json::exception&) {
    fail<ValueError>("save_safetensors: a name or a text in the metadata is not valid UTF-8");
  }
}

// ---- reading ------------------------------------------------------------------------------------------------------

float from_bfloat(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16U); }

// A whole number of a file, as its dtype says: I8 to I64, U8 to U64, BOOL.
struct IntegerType {
  const char* name;
  std::uint64_t width;
  bool is_signed;
};
constexpr std::array<IntegerType, 9> integer_types = {{{"I64", 8, true},
                                                       {"I32", 4, true},
                                                       {"I16", 2, true},
                                                       {"I8", 1, true},
                                                       {"U64", 8, false},
                                                       {"U32", 4, false},
                                                       {"U16", 2, false},
                                                       {"U8", 1, false},
                                                       {"BOOL", 1, false}}};

const IntegerType* integer_type(std::string_view dtype) {
  const auto* const found = std::ranges::find(integer_types, dtype, &IntegerType::name);
  return found == integer_types.end() ? nullptr : found;
}

// Little-endian, sign-extended.
std::uint64_t widened(const std::byte* bytes, const IntegerType& type) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, type.width);
  const unsigned unused = 64 - 8 * static_cast<unsigned>(type.width);
  if (type.is_signed) return static_cast<std::uint64_t>(static_cast<std::int64_t>(word << unused) >> unused);
  return word;
}

struct Entry {
  std::string name;
  std::string dtype;
  Shape shape;
  std::uint64_t begin = 0;  // in the data part
  std::uint64_t end = 0;
};

class SafetensorsReader {
 public:
  explicit SafetensorsReader(const std::filesystem::path& path) : name_(path.string()) {
    std::error_code error;
    const bool regular = std::filesystem::is_regular_file(path, error);
    require<FormatError>(regular, "load_safetensors: '{}' {}", name_,
                         std::filesystem::exists(path, error) ? "is not a file" : "does not exist");
    file_.open(path, std::ios::binary);
    require<FormatError>(file_.good(), "load_safetensors: '{}' cannot be opened", name_);
    size_ = std::filesystem::file_size(path);
  }

  SafetensorsFile read() {
    const Json header = parse_header(read_header());
    SafetensorsFile result;
    std::vector<Entry> entries;
    for (const auto& [key, value] : header.items()) {
      if (key == metadata_key) result.metadata = read_metadata(value);
      else entries.push_back(read_entry(key, value));
    }
    check_layout(entries);
    for (const Entry& entry : entries) {
      if (const IntegerType* const type = integer_type(entry.dtype))
        result.integers.emplace(entry.name, read_integers(entry, *type));
      else result.arrays.emplace(entry.name, read_array(entry));
    }
    return result;
  }

 private:
  template <class... Args>
  void check(bool condition, std::uint64_t offset, fmt::format_string<Args...> message, Args&&... args) const {
    if (condition) return;
    fail<FormatError>("load_safetensors: '{}', byte {}: {}", name_, offset,
                      fmt::vformat(message, fmt::make_format_args(args...)));
  }

  void read_bytes(std::uint64_t offset, void* to, std::uint64_t count) {
    file_.seekg(static_cast<std::streamoff>(offset));
    file_.read(static_cast<char*>(to), static_cast<std::streamsize>(count));
    check(file_.good(), offset, "cannot read {} bytes", count);
  }

  std::string read_header() {
    check(size_ >= prefix_size, 0, "the file has {} bytes, too few for a safetensors file", size_);
    std::uint64_t length = 0;
    read_bytes(0, &length, sizeof length);
    check(length <= size_ - prefix_size, 0,
          "the header is said to have {} bytes, the file has {} (cut short, or no safetensors file)", length, size_);
    check(length <= largest_header, 0, "the header is said to have {} bytes, more than the {} allowed", length,
          largest_header);
    std::string text(length, '\0');
    read_bytes(prefix_size, text.data(), length);
    data_begin_ = prefix_size + length;
    return text;
  }

  // The library keeps the last of equal keys, so they are looked for while it parses.
  Json parse_header(const std::string& text) const {
    std::vector<std::set<std::string>> keys;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
      constexpr int deepest = 3;  // {"tensor": {"shape": [0]}}
      check(depth <= deepest, prefix_size, "the header is nested too deeply");
      if (event == Json::parse_event_t::object_start) keys.emplace_back();
      if (event == Json::parse_event_t::object_end) keys.pop_back();
      if (event == Json::parse_event_t::key)
        check(keys.back().insert(value.get<std::string>()).second, prefix_size, "the header has two entries '{}'",
              value.get<std::string>());
      return true;
    };
    try {
      Json header = Json::parse(text, watch);
      check(header.is_object(), prefix_size, "the header is not a JSON object");
      return header;
    } catch (const Json::parse_error& error) {
      check(false, prefix_size + (error.byte == 0 ? 0 : error.byte - 1), "the header is not valid JSON");
      throw;
    } catch (const Json::out_of_range&) {  // a number that is none in a double
      check(false, prefix_size, "the header is not valid JSON: it has a number that is too large");
      throw;
    }
  }

  Metadata read_metadata(const Json& value) const {
    check(value.is_object(), prefix_size, "{} is not an object", metadata_key);
    Metadata result;
    for (const auto& [key, text] : value.items()) {
      check(text.is_string(), prefix_size, "{}: '{}' is not a string", metadata_key, key);
      result.emplace(key, text.get<std::string>());
    }
    return result;
  }

  // The number of elements of the file, were they bytes: no size in a header that tells the truth exceeds it.
  [[nodiscard]] std::uint64_t data_size() const { return size_ - data_begin_; }

  Entry read_entry(const std::string& name, const Json& value) const {
    const bool complete = value.is_object() && value.contains("dtype") && value["dtype"].is_string() &&
                          value.contains("shape") && value["shape"].is_array() && value.contains("data_offsets") &&
                          value["data_offsets"].is_array() && value["data_offsets"].size() == 2;
    check(complete, prefix_size, "tensor '{}': needs dtype, shape and two data_offsets", name);
    Entry entry{name, value["dtype"].get<std::string>(), read_shape(name, value["shape"]), 0, 0};
    entry.begin = read_number(name, value["data_offsets"][0]);
    entry.end = read_number(name, value["data_offsets"][1]);
    const std::uint64_t at = data_begin_ + std::min(entry.begin, data_size());
    check(entry.begin <= entry.end && entry.end <= data_size(), at,
          "tensor '{}': its data_offsets [{}, {}] do not lie within the {} bytes of data (cut short?)", name,
          entry.begin, entry.end, data_size());
    const std::uint64_t width = width_of(entry, at);
    check(static_cast<std::uint64_t>(entry.shape.count()) * width == entry.end - entry.begin, at,
          "tensor '{}': {} of shape {} has not {} bytes", name, entry.dtype, entry.shape, entry.end - entry.begin);
    return entry;
  }

  std::uint64_t read_number(const std::string& name, const Json& value) const {
    check(value.is_number_unsigned(), prefix_size, "tensor '{}': {} is not a size", name, value.dump());
    return value.get<std::uint64_t>();
  }

  Shape read_shape(const std::string& name, const Json& value) const {
    check(value.size() <= Shape::max_rank, prefix_size, "tensor '{}': {} axes, at most {} are supported", name,
          value.size(), Shape::max_rank);
    constexpr std::uint64_t most = std::numeric_limits<Index>::max() / sizeof(double);
    std::uint64_t product = 1;  // of the axes that are not 0, so that no order of them overflows
    std::vector<Index> sizes;
    for (const Json& axis : value) {
      const std::uint64_t size = read_number(name, axis);
      check(size <= most / product, prefix_size, "tensor '{}': the shape {} is too large", name, value.dump());
      product *= std::max<std::uint64_t>(size, 1);
      sizes.push_back(static_cast<Index>(size));
    }
    return Shape(sizes);
  }

  std::uint64_t width_of(const Entry& entry, std::uint64_t offset) const {
    if (entry.dtype == "F64") return 8;
    if (entry.dtype == "F32") return 4;
    if (const IntegerType* const type = integer_type(entry.dtype)) return type->width;
    check(entry.dtype == "F16" || entry.dtype == "BF16", offset,
          "tensor '{}': numbers of type {} are not supported (F64, F32, F16, BF16, I8 to I64, U8 to U64 and BOOL are)",
          entry.name, entry.dtype);
    return 2;
  }

  // Tensors fill the data part without gaps and without sharing bytes.
  void check_layout(std::vector<Entry>& entries) const {
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    std::uint64_t expected = 0;
    for (const Entry& entry : entries) {
      check(entry.begin == expected, data_begin_ + entry.begin, "tensor '{}' begins at byte {} of the data, {} {}",
            entry.name, entry.begin,
            entry.begin < expected ? "inside the one before, which ends at" : "after a gap from", expected);
      expected = entry.end;
    }
    check(expected == data_size(), data_begin_ + expected, "{} bytes belong to no tensor", data_size() - expected);
  }

  Array read_array(const Entry& entry) {
    const std::uint64_t bytes = entry.end - entry.begin;
    const std::uint64_t offset = data_begin_ + entry.begin;
    Array array(entry.shape, entry.dtype == "F64" ? DType::float64 : DType::float32);
    if (bytes == 0) return array;
    if (entry.dtype == "F64" || entry.dtype == "F32") {
      read_bytes(offset, array.data(), bytes);
      return array;
    }
    std::vector<std::uint16_t> halves(bytes / 2);
    read_bytes(offset, halves.data(), bytes);
    std::transform(halves.begin(), halves.end(), array.as<float>().data(),
                   entry.dtype == "F16" ? from_half : from_bfloat);
    return array;
  }

  Tensor<Index> read_integers(const Entry& entry, const IntegerType& type) {
    const std::uint64_t offset = data_begin_ + entry.begin;
    std::vector<std::byte> bytes(entry.end - entry.begin);
    if (!bytes.empty()) read_bytes(offset, bytes.data(), bytes.size());
    Tensor<Index> tensor(entry.shape);
    std::uint64_t at = 0;
    for (Index& number : tensor.values()) {
      const std::uint64_t word = widened(bytes.data() + at, type);
      check(type.is_signed || std::in_range<Index>(word), offset + at, "tensor '{}': {} is too large", entry.name,
            word);
      number = static_cast<Index>(word);
      at += type.width;
    }
    return tensor;
  }

  std::string name_;
  std::ifstream file_;
  std::uint64_t size_ = 0;
  std::uint64_t data_begin_ = 0;
};

}  // namespace

void save_safetensors(const std::filesystem::path& path, std::span<const NamedArray> arrays, const Metadata& metadata) {
  const std::vector<NamedArray> order = by_alignment(arrays);
  const std::string header = make_header(order, metadata);
  const std::uint64_t length = header.size();
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (const NamedArray& named : order) file.write(bytes_of(*named.array));
  file.commit();
}

SafetensorsFile load_safetensors(const std::filesystem::path& path) { return SafetensorsReader(path).read(); }

}  // namespace recur
