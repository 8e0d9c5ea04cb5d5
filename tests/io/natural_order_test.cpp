#include <recur/framework/tensor/error.h>
#include <recur/io/natural_order.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>

#include "../temporary_directory.h"

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(natural_order)

BOOST_AUTO_TEST_CASE(numbers_count_as_numbers) {
  std::vector<std::string> names = {
      "b1", "a10b2", "a10", "a2", "a02", "a", "a10b10", "", "a100000000000000000000", "a99999999999999999999"};
  std::ranges::sort(names, natural_less);
  const std::vector<std::string> sorted = {
      "", "a", "a2", "a02", "a10", "a10b2", "a10b10", "a99999999999999999999", "a100000000000000000000", "b1"};
  BOOST_TEST(names == sorted, boost::test_tools::per_element());
  for (const std::string& name : names) BOOST_TEST(!natural_less(name, name));
}

BOOST_AUTO_TEST_CASE(files_of_a_folder) {
  const TemporaryDirectory directory;
  BOOST_CHECK_THROW((void)files_of_folder(directory.directory()), FormatError);
  BOOST_CHECK_THROW((void)files_of_folder(directory.file("none")), FormatError);
  for (const char* name : {"s10.wav", "s9.wav", ".hidden"}) TemporaryDirectory::write(directory.file(name), "x");
  std::filesystem::create_directory(directory.file("deep"));
  TemporaryDirectory::write(directory.file("deep/s1.wav"), "x");
  const auto names = [](const auto& files) {
    std::vector<std::string> list;
    for (const auto& file : files) list.push_back(file.filename().string());
    return list;
  };
  BOOST_TEST(names(files_of_folder(directory.directory())) == (std::vector<std::string>{"s9.wav", "s10.wav"}),
             boost::test_tools::per_element());
  BOOST_TEST(
      names(files_of_folder(directory.directory(), true)) == (std::vector<std::string>{"s1.wav", "s9.wav", "s10.wav"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
