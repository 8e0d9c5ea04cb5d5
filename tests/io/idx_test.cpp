#include <recur/io/idx.h>

#include "../temporary_directory.h"

#include <zlib.h>
#include <boost/test/unit_test.hpp>

namespace {

using namespace recur;
using namespace std::string_literals;

struct Fixture {
  TemporaryDirectory directory;
  std::filesystem::path path = directory.file("train-idx");

  Tensor<float> load(const std::string& bytes) const {
    TemporaryDirectory::write(path, bytes);
    return load_idx<float>(path);
  }
  bool refused(const std::string& bytes, const std::string& part) const {
    try {
      (void)load(bytes);
    } catch (const FormatError& error) {
      return std::string(error.what()).find(part) != std::string::npos;
    }
    return false;
  }
};

const std::string images = "\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x03"s + "\x01\x02\x03\xFD\xFE\xFF"s;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(idx, Fixture)

BOOST_AUTO_TEST_CASE(bytes_with_three_axes) {
  const auto tensor = load(images);
  BOOST_TEST((tensor.shape() == Shape{2, 1, 3}));
  BOOST_TEST(tensor(0, 0, 2) == 3);
  BOOST_TEST(tensor(1, 0, 0) == 253);
}

BOOST_AUTO_TEST_CASE(every_number_type) {
  const auto one = [&](const std::string& code, const std::string& number) {
    return load("\0\0"s + code + "\x01\0\0\0\x01"s + number)(0);
  };
  BOOST_TEST(one("\x09"s, "\xFE"s) == -2);
  BOOST_TEST(one("\x0B"s, "\x01\x02"s) == 258);
  BOOST_TEST(one("\x0C"s, "\xFF\xFF\xFF\xFD"s) == -3);
  BOOST_TEST(one("\x0D"s, "\x3F\xC0\0\0"s) == 1.5F);
  BOOST_TEST(one("\x0E"s, "\xBF\xE0\0\0\0\0\0\0"s) == -0.5F);
}

BOOST_AUTO_TEST_CASE(compressed_files_are_inflated_and_their_checksum_is_looked_at) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, images.data(), static_cast<unsigned>(images.size()));
  gzclose(file);
  BOOST_TEST(load_idx<std::uint8_t>(path)(1, 0, 2) == 255);
  const std::string whole = TemporaryDirectory::read(path);
  for (std::size_t length = 0; length < whole.size(); ++length)
    BOOST_CHECK_THROW((void)load(whole.substr(0, length)), FormatError);
  std::string damaged = whole;
  damaged[whole.size() - 6] = static_cast<char>(damaged[whole.size() - 6] ^ 1);  // in the checksum
  BOOST_TEST(refused(damaged, "incorrect data check"));
}

BOOST_AUTO_TEST_CASE(files_that_lie_are_refused) {
  for (std::size_t length = 0; length < images.size(); ++length)
    BOOST_CHECK_THROW((void)load(images.substr(0, length)), FormatError);
  BOOST_TEST(refused(images + "x", "bytes follow"));
  BOOST_TEST(refused("\0\x01\x08\x01\0\0\0\0"s, "not an IDX file"));
  BOOST_TEST(refused("\0\0\x0A\x01\0\0\0\0"s, "0x0a is not a number type"));
  BOOST_TEST(refused("\0\0\x08\x02\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, "too large"));
  BOOST_TEST(refused("\0\0\x08\x01\xFF\xFF\xFF\xFF"s, "4294967295"));
  BOOST_TEST(refused("\0\0\x08\x06"s + std::string(24, '\1') + "x", "6 axes"));
  BOOST_CHECK_THROW((void)load_idx<float>(directory.file("missing")), FormatError);
}

BOOST_AUTO_TEST_CASE(fashion_mnist_where_it_is_installed) {
  const std::filesystem::path folder = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(folder)) return;
  const auto labels = load_idx<Index>(folder / "t10k-labels-idx1-ubyte.gz");
  const auto pixels = load_idx<std::uint8_t>(folder / "t10k-images-idx3-ubyte.gz");
  BOOST_TEST((pixels.shape() == Shape{10000, 28, 28}));
  std::vector<Index> of_class(10, 0);
  for (const Index label : labels.values()) ++of_class.at(static_cast<std::size_t>(label));
  BOOST_TEST(of_class == std::vector<Index>(10, 1000), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
