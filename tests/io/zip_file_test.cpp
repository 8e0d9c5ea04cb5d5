#include <recur/io/zip_file.h>

#include <recur/framework/tensor/error.h>

#include <boost/test/unit_test.hpp>

#include "../temporary_directory.h"

using namespace recur;

BOOST_FIXTURE_TEST_SUITE(zip_files, TemporaryDirectory)

BOOST_AUTO_TEST_CASE(members_come_back) {
  ZipWriter out;
  out.add("a/b", std::string("x\0y", 3));
  out.add("empty", "");
  BOOST_CHECK_THROW(out.add("empty", "again"), ValueError);
  out.commit(file("x.zip"));
  const std::string first = read(file("x.zip"));
  out.commit(file("x.zip"));
  BOOST_TEST(read(file("x.zip")) == first);  // no dates
  const ZipFile in(file("x.zip"));
  BOOST_TEST((in.names() == std::vector<std::string>{"a/b", "empty"}));
  BOOST_TEST(in.read("a/b", 3) == std::string("x\0y", 3));
  BOOST_TEST(in.stored("a/b"));
  BOOST_TEST(in.read("empty", 0).empty());
  BOOST_CHECK_THROW((void)in.read("a/b", 2), FormatError);
  BOOST_CHECK_THROW((void)in.read("none", 9), ValueError);
}

BOOST_AUTO_TEST_CASE(damaged_archives_are_refused) {
  ZipWriter out;
  out.add("a", "numbers");
  out.commit(file("x.zip"));
  std::string bytes = read(file("x.zip"));
  write(file("cut.zip"), bytes.substr(0, bytes.size() - 1));
  BOOST_CHECK_THROW(ZipFile(file("cut.zip")), FormatError);
  bytes[bytes.find("numbers")] = 'N';
  write(file("changed.zip"), bytes);
  BOOST_CHECK_THROW((void)ZipFile(file("changed.zip")).read("a", 100), FormatError);
  BOOST_CHECK_THROW(ZipFile(file("missing.zip")), FormatError);
}

BOOST_AUTO_TEST_CASE(names_that_leave_the_archive_are_refused) {
  for (const char* name : {"../x", "/x", "a/../../x", ".."}) {
    ZipWriter out;
    out.add(name, "x");
    out.commit(file("x.zip"));
    BOOST_CHECK_THROW(ZipFile(file("x.zip")), FormatError);
  }
}

BOOST_AUTO_TEST_SUITE_END()
