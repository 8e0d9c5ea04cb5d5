#include <recur/framework/tensor/random.h>
#include <recur/io/npz.h>

#include "../temporary_directory.h"

#include <boost/test/unit_test.hpp>

namespace {

using namespace recur;

struct Fixture {
  TemporaryDirectory directory;
  std::filesystem::path path = directory.file("arrays.npz");

  static void read_all(const std::filesystem::path& file) {
    const NpzFile npz(file);
    for (const std::string& name : npz.names()) (void)npz.load<double>(name);
  }
};

std::string numpy_file(const std::string& name) { return std::string(RECUR_SOURCE_DIR "/tests/io/data/") + name; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(npz, Fixture)

BOOST_AUTO_TEST_CASE(what_numpy_wrote_is_read) {
  for (const char* name : {"numpy.npz", "numpy_compressed.npz"}) {
    BOOST_TEST_CONTEXT(name) {
      const NpzFile npz(numpy_file(name));
      const std::vector<std::string> names = {"a", "b", "c/d"};
      BOOST_TEST(npz.names() == names, boost::test_tools::per_element());
      const auto a = npz.load<std::int32_t>("a");
      BOOST_TEST((a.shape() == Shape{2, 3}));
      for (Index i = 0; i < 6; ++i) BOOST_TEST(a.data()[i] == i);
      BOOST_TEST(npz.load<double>("b")(1) == -2);
      BOOST_TEST(npz.load<float>("c/d")(0) == 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_was_saved_comes_back) {
  NpzWriter writer(path);
  Tensor<float> numbers({40, 3});
  Generator(3).fill_normal(numbers.values());
  writer.add("numbers", numbers);
  writer.add("lengths", Tensor<Index>({2}, {25, 15}));
  BOOST_CHECK_THROW(writer.add("lengths", numbers), ValueError);
  BOOST_CHECK_THROW(writer.add("", numbers), ValueError);
  writer.commit();
  const std::string first = TemporaryDirectory::read(path);
  const NpzFile npz(path);
  BOOST_TEST(npz.contains("numbers"));
  const auto back = npz.load<float>("numbers");
  BOOST_TEST((back.shape() == numbers.shape()));
  BOOST_TEST(std::equal(back.values().begin(), back.values().end(), numbers.values().begin()));
  BOOST_TEST(npz.load<Index>("lengths")(1) == 15);
  writer.commit();
  BOOST_TEST(TemporaryDirectory::read(path) == first);
  BOOST_CHECK_EXCEPTION((void)npz.load<float>("other"), ValueError, [](const Error& error) {
    return std::string(error.what()).find("lengths, numbers") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(a_file_cut_anywhere_is_refused) {
  const std::string whole = TemporaryDirectory::read(numpy_file("numpy_compressed.npz"));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    TemporaryDirectory::write(path, whole.substr(0, length));
    BOOST_CHECK_THROW(read_all(path), FormatError);
  }
  BOOST_CHECK_THROW(NpzFile(directory.file("missing.npz")), FormatError);
  BOOST_CHECK_THROW(NpzFile(directory.directory()), FormatError);
}

BOOST_AUTO_TEST_CASE(damaged_numbers_are_found_by_their_checksum) {
  for (const char* name : {"numpy.npz", "numpy_compressed.npz"}) {
    std::string bytes = TemporaryDirectory::read(numpy_file(name));
    const std::size_t in_first_array = 30 + 5 + 20 + 40;  // behind the local header
    bytes[in_first_array] = static_cast<char>(bytes[in_first_array] ^ 1);
    TemporaryDirectory::write(path, bytes);
    BOOST_CHECK_THROW(read_all(path), FormatError);
  }
}

BOOST_AUTO_TEST_CASE(damaged_files_are_read_or_refused_but_never_crash) {
  const std::string whole = TemporaryDirectory::read(numpy_file("numpy.npz"));
  Generator generator(5);
  int refusals = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    std::string damaged = whole;
    for (Index n = 1 + generator.below(3); n > 0; --n)
      damaged[static_cast<std::size_t>(generator.below(static_cast<Index>(whole.size())))] =
          static_cast<char>(generator.below(256));
    TemporaryDirectory::write(path, damaged);
    try {
      read_all(path);
    } catch (const FormatError&) {
      ++refusals;
    }
  }
  BOOST_TEST(refusals > 1000);
}

BOOST_AUTO_TEST_CASE(a_size_that_no_compression_can_reach_is_refused) {
  std::string bytes = TemporaryDirectory::read(numpy_file("numpy_compressed.npz"));
  // The size of the first file in the central directory, and in the local header's zip64 field.
  const std::size_t central = bytes.find("PK\x01\x02");
  BOOST_REQUIRE(central != std::string::npos);
  for (std::size_t i = 0; i < 3; ++i) bytes[central + 24 + i] = '\xFF';
  TemporaryDirectory::write(path, bytes);
  BOOST_CHECK_THROW(read_all(path), FormatError);
}

BOOST_AUTO_TEST_SUITE_END()
