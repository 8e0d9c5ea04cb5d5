#include <recur/framework/tensor/error.h>
#include <recur/io/mapped_file.h>

#include "../temporary_directory.h"

#include <sys/stat.h>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace {

using namespace recur;

struct Fixture {
  TemporaryDirectory directory;
  std::filesystem::path path = directory.file("text");
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(mapped_file, Fixture)

BOOST_AUTO_TEST_CASE(its_bytes_are_the_files) {
  TemporaryDirectory::write(path, "0123456789");
  MappedFile file(path);
  BOOST_TEST(file.size() == 10U);
  BOOST_TEST(file.text(3, 4) == "3456");
  BOOST_TEST(file.text(10, 0).empty());
  MappedFile moved = std::move(file);
  BOOST_TEST(moved.text(0, 10) == "0123456789");
  TemporaryDirectory::write(directory.file("other"), "other");
  moved = MappedFile(directory.file("other"));
  BOOST_TEST(moved.text(0, 5) == "other");
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_refused) {
  TemporaryDirectory::write(path, "0123456789");
  const MappedFile file(path);
  BOOST_CHECK_THROW((void)file.bytes(11, 0), ValueError);
  BOOST_CHECK_THROW((void)file.bytes(1, 10), ValueError);
  BOOST_CHECK_THROW((void)file.bytes(1, ~std::size_t{0}), ValueError);
  BOOST_CHECK_THROW(MappedFile(directory.file("missing")), FormatError);
  BOOST_CHECK_THROW(MappedFile(directory.directory()), FormatError);
  const auto pipe = directory.file("pipe");
  BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  BOOST_CHECK_THROW(MappedFile{pipe}, FormatError);
}

BOOST_AUTO_TEST_CASE(an_empty_file_has_no_bytes) {
  TemporaryDirectory::write(path, "");
  const MappedFile file(path);
  BOOST_TEST(file.size() == 0U);
  BOOST_TEST(file.bytes(0, 0).empty());
}

BOOST_AUTO_TEST_CASE(a_file_cut_short_while_in_use_is_an_error_and_one_replaced_is_none) {
  TemporaryDirectory::write(path, std::string(100'000, 'a'));
  const MappedFile file(path);
  const auto other = directory.file("other");
  TemporaryDirectory::write(other, "b");
  std::filesystem::rename(other, path);
  BOOST_TEST(file.text(99'999, 1) == "a");

  const MappedFile shorter(path);
  std::filesystem::resize_file(path, 0);
  BOOST_CHECK_EXCEPTION((void)shorter.bytes(0, 1), FormatError, [](const Error& error) {
    return std::string(error.what()).find("cut short while it was in use") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(a_file_larger_than_anything_in_memory) {
  TemporaryDirectory::write(path, "");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40U);  // a terabyte, of holes
  const MappedFile file(path);
  BOOST_TEST(file.text((std::size_t{1} << 40U) - 1, 1) == std::string_view("\0", 1));
}

BOOST_AUTO_TEST_CASE(what_is_released_takes_no_memory_and_is_still_there) {
  constexpr std::size_t size = std::size_t{32} << 20;
  TemporaryDirectory::write(path, std::string(size, 'a'));
  const MappedFile file(path);
  // The megabytes of the file that are in memory. The heap is not counted: a sanitizer's grows as it likes.
  const auto resident = [this] {
    std::ifstream maps("/proc/self/smaps");
    std::string word;
    bool ours = false;
    double kilobytes = 0;
    for (std::string line; std::getline(maps, line);) {
      std::istringstream words(line);
      words >> word;
      if (word.find('-') != std::string::npos) {
        ours = line.ends_with(path.string());
      } else if (double number = 0; ours && word == "Rss:" && words >> number) {
        kilobytes += number;
      }
    }
    return kilobytes / 1024;
  };
  const auto look = [&] { return std::count(file.text(0, size).begin(), file.text(0, size).end(), 'a'); };
  BOOST_TEST(look() == static_cast<std::ptrdiff_t>(size));
  BOOST_TEST(resident() > 30);
  file.release(100, size - 100);
  BOOST_TEST(resident() < 2);
  BOOST_TEST(look() == static_cast<std::ptrdiff_t>(size));
  // Gone through in small pieces.
  std::ptrdiff_t found = 0;
  for (std::size_t at = 0; at < size; at += 4000) {
    const std::size_t count = std::min<std::size_t>(4000, size - at);
    const auto piece = file.text(at, count);
    found += std::count(piece.begin(), piece.end(), 'a');
    file.release(at, count);
  }
  BOOST_TEST(resident() < 2);
  BOOST_TEST(found == static_cast<std::ptrdiff_t>(size));
  file.release(size, 0);
  BOOST_CHECK_THROW(file.release(1, size), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
