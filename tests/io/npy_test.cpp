#include <recur/io/npy.h>

#include "../temporary_directory.h"

#include <zlib.h>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using namespace recur;
using Values = std::vector<double>;

// A file made by hand from the description of the format, not by the code under test.
std::string version_1(const std::string& header, const std::string& numbers) {
  std::string bytes = "\x93NUMPY";
  bytes += {'\1', '\0', static_cast<char>(header.size() & 255U), static_cast<char>(header.size() >> 8U)};
  return bytes + header + numbers;
}
std::string header(const std::string& type, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}
template <class T>
std::string raw(std::initializer_list<T> values, bool big_endian = false) {
  std::string bytes;
  for (T value : values) {
    std::string one(sizeof value, '\0');
    std::memcpy(one.data(), &value, sizeof value);
    bytes += big_endian ? std::string(one.rbegin(), one.rend()) : one;
  }
  return bytes;
}

struct Fixture {
  TemporaryDirectory directory;
  std::filesystem::path path = directory.file("array.npy");

  template <class T>
  std::vector<T> load(const std::string& bytes) const {
    TemporaryDirectory::write(path, bytes);
    const auto tensor = load_npy<T>(path);
    return {tensor.values().begin(), tensor.values().end()};
  }
  // That reading these bytes fails, with a message that has the file's name and `part`.
  template <class T = double>
  boost::test_tools::predicate_result refused(const std::string& bytes, const std::string& part) const {
    try {
      (void)load<T>(bytes);
    } catch (const FormatError& error) {
      const std::string message = error.what();
      if (message.find(part) != std::string::npos && message.find("array.npy") != std::string::npos) return true;
      boost::test_tools::predicate_result result(false);
      result.message() << message;
      return result;
    }
    boost::test_tools::predicate_result result(false);
    result.message() << "no error";
    return result;
  }
};

std::string numpy_file(const std::string& name) { return std::string(RECUR_SOURCE_DIR "/tests/io/data/") + name; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(npy, Fixture)

BOOST_AUTO_TEST_CASE(every_number_type_of_either_byte_order) {
  const Values whole = {1, 100, 0};
  const auto expect = [&](const std::string& type, const std::string& numbers) {
    BOOST_TEST_CONTEXT(type) {
      const std::string bytes = version_1(header(type, "(3,)"), numbers);
      BOOST_TEST(load<double>(bytes) == whole, boost::test_tools::per_element());
      const auto ids = load<std::int32_t>(bytes);
      BOOST_TEST(Values(ids.begin(), ids.end()) == whole, boost::test_tools::per_element());
    }
  };
  expect("|i1", raw<std::int8_t>({1, 100, 0}));
  expect("|u1", raw<std::uint8_t>({1, 100, 0}));
  for (const bool big : {false, true}) {
    const std::string order = big ? ">" : "<";
    expect(order + "i2", raw<std::int16_t>({1, 100, 0}, big));
    expect(order + "u2", raw<std::uint16_t>({1, 100, 0}, big));
    expect(order + "i4", raw<std::int32_t>({1, 100, 0}, big));
    expect(order + "u4", raw<std::uint32_t>({1, 100, 0}, big));
    expect(order + "i8", raw<std::int64_t>({1, 100, 0}, big));
    expect(order + "u8", raw<std::uint64_t>({1, 100, 0}, big));
    expect(order + "f4", raw<float>({1, 100, 0}, big));
    expect(order + "f8", raw<double>({1, 100, 0}, big));
  }
  BOOST_TEST(load<float>(version_1(header("|b1", "(2,)"), raw<std::uint8_t>({1, 0}))) == (std::vector<float>{1, 0}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_numpy_wrote_is_read) {
  const auto fortran = load_npy<float>(numpy_file("fortran.npy"));
  BOOST_TEST((fortran.shape() == Shape{2, 3, 4}));
  for (Index i = 0; i < 24; ++i) BOOST_TEST(fortran.data()[i] == static_cast<float>(i));
  const auto second = load_npy<Index>(numpy_file("version2.npy"));
  BOOST_TEST((second.shape() == Shape{2, 2}));
  BOOST_TEST(second(1, 0) == 3);
}

BOOST_AUTO_TEST_CASE(what_was_saved_comes_back_bit_for_bit) {
  const Tensor<double> numbers({2, 1, 2}, {0.1, -0.0, std::numeric_limits<double>::infinity(), 1e300});
  save_npy(path, numbers);
  const auto back = load_npy<double>(path);
  BOOST_TEST((back.shape() == numbers.shape()));
  BOOST_TEST(std::memcmp(back.data(), numbers.data(), 4 * sizeof(double)) == 0);
  // As numpy 1.24 writes it, byte for byte.
  save_npy(path, Tensor<std::uint8_t>({3}, {7, 8, 9}));
  std::string text = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }";
  text.resize(128 - 10 - 1, ' ');
  BOOST_TEST(TemporaryDirectory::read(path) == version_1(text + '\n', "\7\b\t"));
  save_npy(path, Tensor<float>(Shape{0, 3}));
  BOOST_TEST((load_npy<float>(path).shape() == Shape{0, 3}));
  save_npy(path, Tensor<float>(Shape{}));
  BOOST_TEST(load_npy<float>(path).shape().rank() == 0);
}

BOOST_AUTO_TEST_CASE(a_file_compressed_by_gzip_is_read_too) {
  const std::string bytes = version_1(header("<f4", "(2,)"), raw<float>({3, 4}));
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  BOOST_TEST(load_npy<float>(path)(1) == 4);
  const std::string compressed = TemporaryDirectory::read(path);
  for (std::size_t length = 0; length < compressed.size(); ++length) {
    TemporaryDirectory::write(path, compressed.substr(0, length));
    BOOST_CHECK_THROW((void)load_npy<float>(path), FormatError);
  }
}

BOOST_AUTO_TEST_CASE(numbers_that_do_not_fit_an_integer_are_refused_with_their_place) {
  const auto one = [](const std::string& type, const std::string& number) {
    return version_1(header(type, "(1,)"), number);
  };
  BOOST_TEST(refused<Index>(one("<f8", raw<double>({0.5})), "0.5 is no integer"));
  BOOST_TEST(refused<Index>(one("<f8", raw<double>({std::nan("")})), "nan is no integer"));
  BOOST_TEST(refused<Index>(one("<f8", raw<double>({0x1p63})), "is no integer of 64 bits"));
  BOOST_TEST(refused<Index>(one("<u8", raw<std::uint64_t>({~std::uint64_t{0}})), "no integer of 64 bits"));
  BOOST_TEST(refused<std::int32_t>(one("<i8", raw<std::int64_t>({1LL << 31})), "no integer of 32 bits"));
  BOOST_TEST(refused<std::uint8_t>(one("|i1", raw<std::int8_t>({-1})), "no integer of 8 bits"));
  BOOST_TEST(load<Index>(one("<f8", raw<double>({-0x1p63})))[0] == std::numeric_limits<Index>::min());
  const std::string second = version_1(header("<f4", "(2,)"), raw<float>({1, 1.5}));
  BOOST_TEST(refused<Index>(second, "byte " + std::to_string(second.size() - 4)));
}

BOOST_AUTO_TEST_CASE(halves_are_read_exactly) {
  // 1, -2, the largest, the smallest, zero, infinity
  const std::string halves = raw<std::uint16_t>({0x3C00, 0xC000, 0x7BFF, 0x0001, 0x8000, 0x7C00});
  const auto numbers = load<float>(version_1(header("<f2", "(6,)"), halves));
  const std::vector<float> expected = {1, -2, 65504, 0x1p-24F, 0, std::numeric_limits<float>::infinity()};
  BOOST_TEST(std::equal(numbers.begin(), numbers.end(), expected.begin(), expected.end()));
  BOOST_TEST(load<Index>(version_1(header("<f2", "(1,)"), raw<std::uint16_t>({0xC000})))[0] == -2);
  BOOST_TEST(load<float>(version_1(header(">f2", "(1,)"), raw<std::uint16_t>({0x003C})))[0] == 1);
  BOOST_TEST(refused<Index>(version_1(header("<f2", "(1,)"), raw<std::uint16_t>({0x3800})), "0.5 is no integer"));
}

BOOST_AUTO_TEST_CASE(headers_that_lie_are_refused) {
  const std::string eight(8, 'x');
  struct Row {
    std::string header, part;
  };
  const Row rows[] = {
      {header("<f4", "(3,)"), "needs 12 bytes"},
      {header("<f4", "(1,)"), "bytes follow"},
      {header("<f4", "(-1,)"), "not a size"},
      {header("<f4", "(99999999999999999999,)"), "not a size"},
      {header("<f4", "(4611686018427387904, 4)"), "too large"},
      {header("<f4", "(4611686018427387904, 4611686018427387904, 0)"), "too large"},
      {header("<f4", "(1, 1, 1, 1, 1, 2)"), "6 axes"},
      {header("<f4", "(2 3)"), "missing"},
      {header("<f1", "(8,)"), "'<f1' are not supported"},
      {header("<f2", "(3,)"), "bytes follow"},
      {header("<i3", "(4,)"), "not supported"},
      {header("<U2", "(1,)"), "not supported"},
      {header("|O", "(1,)"), "not supported"},
      {header("<f4", "(2,)", "Maybe"), "True or False"},
      {"{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,)}", "records"},
      {"{'descr': '<f4', 'shape': (2,)}", "are needed"},
      {"{'descr': '<f4', 'descr': '<f4'}", "comes twice"},
      {"{'other': 1}", "unknown"},
      {"{'descr", "without an end"},
      {header("<f4", "(2,)") + "x", "follows the dictionary"},
      {"", "missing"},
  };
  for (const Row& row : rows) BOOST_TEST_CONTEXT(row.header) {
      BOOST_TEST(refused(version_1(row.header, eight), row.part));
    }
  std::string long_header = "\x93NUMPY\x02";
  long_header += std::string("\0\xFF\xFF\xFF\xFF", 5) + eight;
  BOOST_TEST(refused(long_header, "the header is said to have 4294967295 bytes"));
  long_header[6] = 4;
  BOOST_TEST(refused(long_header, "version 4"));
  BOOST_TEST(refused("PK\x03\x04 a zip file", "not an .npy file"));
}

BOOST_AUTO_TEST_CASE(a_file_cut_anywhere_is_refused) {
  const std::string whole = version_1(header("<f4", "(2, 2)"), raw<float>({1, 2, 3, 4}));
  BOOST_TEST(load<float>(whole).size() == 4U);
  for (std::size_t length = 0; length < whole.size(); ++length)
    BOOST_CHECK_THROW((void)load<float>(whole.substr(0, length)), FormatError);
  BOOST_CHECK_THROW((void)load_npy<float>(directory.file("missing.npy")), FormatError);
  BOOST_CHECK_THROW((void)load_npy<float>(directory.directory()), FormatError);
}

BOOST_AUTO_TEST_SUITE_END()
