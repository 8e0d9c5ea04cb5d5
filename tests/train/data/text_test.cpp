#include <recur/framework/tensor/error.h>
#include <recur/train/data/text.h>

#include <boost/test/unit_test.hpp>

#include "../temporary_directory.h"

using namespace recur;

BOOST_FIXTURE_TEST_SUITE(text, TemporaryDirectory)

BOOST_AUTO_TEST_CASE(a_file_is_read_byte_for_byte) {
  const std::string bytes("a\r\n\0\xFF\x1A end", 10);
  write(file("t"), bytes);
  BOOST_TEST(read_text_file(file("t")) == bytes);
}

BOOST_AUTO_TEST_CASE(files_that_give_no_text_are_errors_that_name_them) {
  write(file("empty"), "");
  struct Row {
    std::filesystem::path path;
    std::string part;
  };
  for (const Row& row :
       {Row{file("empty"), "is empty"}, Row{directory(), "is a directory"}, Row{file("absent"), "No such file"}})
    BOOST_CHECK_EXCEPTION((void)read_text_file(row.path), FormatError, [&](const FormatError& error) {
      const std::string message = error.what();
      return message.find(row.part) != std::string::npos && message.find(row.path.string()) != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(the_last_part_is_set_apart) {
  const TextSplit split = split_text("0123456789", 0.3);
  BOOST_TEST(split.train == "0123456");
  BOOST_TEST(split.validation == "789");
}

BOOST_AUTO_TEST_CASE(characters_are_not_cut) {
  const TextSplit split =
      split_text("a\xE2\x82\xAC", 0.26);  // the cut would fall before the last byte of the euro sign
  BOOST_TEST(split.train == "a");
  BOOST_TEST(split.validation == "\xE2\x82\xAC");
}

BOOST_AUTO_TEST_CASE(impossible_splits) {
  BOOST_CHECK_THROW((void)split_text("abc", 0.0), ValueError);
  BOOST_CHECK_THROW((void)split_text("abc", 1.0), ValueError);
  BOOST_CHECK_THROW((void)split_text("abc", 0.01), ValueError);
  BOOST_CHECK_THROW((void)split_text("", 0.5), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
