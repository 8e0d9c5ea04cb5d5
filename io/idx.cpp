#include <recur/io/idx.h>

#include <array>
#include <vector>

namespace recur {
namespace {

NumberFormat format_of(const ByteReader& reader, unsigned code) {
  using Kind = NumberFormat::Kind;
  switch (code) {
    case 0x08:
      return {Kind::unsigned_integer, 1, true};
    case 0x09:
      return {Kind::signed_integer, 1, true};
    case 0x0B:
      return {Kind::signed_integer, 2, true};
    case 0x0C:
      return {Kind::signed_integer, 4, true};
    case 0x0D:
      return {Kind::real, 4, true};
    case 0x0E:
      return {Kind::real, 8, true};
    default:
      reader.refuse(2, fmt::format("{:#04x} is not a number type of IDX files", code));
  }
}

}  // namespace

template <FileNumber T>
Tensor<T> load_idx(const std::filesystem::path& path) {
  const auto reader = open_file("load_idx", path);
  std::array<std::uint8_t, 4> magic{};
  reader->read(std::as_writable_bytes(std::span(magic)));
  if (magic[0] != 0 || magic[1] != 0) reader->refuse(0, "this is not an IDX file, which begins with two zeros");
  const NumberFormat format = format_of(*reader, magic[2]);
  std::vector<std::uint64_t> sizes;
  for (int axis = 0; axis < magic[3]; ++axis) {
    std::array<Index, 1> size{};
    read_numbers(*reader, {NumberFormat::Kind::unsigned_integer, 4, true}, std::span<Index>(size));
    sizes.push_back(static_cast<std::uint64_t>(size[0]));
  }
  Tensor<T> tensor(checked_shape(*reader, sizes, format));
  read_numbers(*reader, format, tensor.values());
  reader->finish();
  return tensor;
}

template Tensor<float> load_idx(const std::filesystem::path&);
template Tensor<double> load_idx(const std::filesystem::path&);
template Tensor<Index> load_idx(const std::filesystem::path&);
template Tensor<std::int32_t> load_idx(const std::filesystem::path&);
template Tensor<std::uint8_t> load_idx(const std::filesystem::path&);

}  // namespace recur
