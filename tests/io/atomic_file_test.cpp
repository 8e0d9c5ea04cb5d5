#include <recur/framework/tensor/error.h>
#include <recur/io/atomic_file.h>

#include <sys/resource.h>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <iterator>

#include "../temporary_directory.h"

using namespace recur;

namespace {

auto entries(const std::filesystem::path& directory) {
  return std::distance(std::filesystem::directory_iterator(directory), {});
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(atomic_file, TemporaryDirectory)

BOOST_AUTO_TEST_CASE(the_new_contents_appear_at_commit_and_not_before) {
  const auto path = file("a");
  write(path, "old");
  {
    AtomicFile out(path);
    out.write("new ");
    out.write("text");
    BOOST_TEST(read(path) == "old");
    out.commit();
    BOOST_TEST(read(path) == "new text");
  }
  BOOST_TEST(read(path) == "new text");
  BOOST_TEST(entries(directory()) == 1);
}

BOOST_AUTO_TEST_CASE(without_commit_nothing_changes_and_nothing_is_left_behind) {
  const auto path = file("a");
  write(path, "old");
  AtomicFile(path).write("half of");
  BOOST_TEST(read(path) == "old");
  BOOST_TEST(entries(directory()) == 1);
}

BOOST_AUTO_TEST_CASE(a_write_that_fails_keeps_the_old_file) {
  const auto path = file("a");
  write(path, "old");
  // A limit on the file size makes the second write fail as a full disk would.
  rlimit before{};
  BOOST_REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  BOOST_REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  {
    AtomicFile out(path);
    out.write(std::string(900, 'x'));
    BOOST_CHECK_EXCEPTION(out.write(std::string(900, 'x')), FormatError, [&](const FormatError& error) {
      return std::string(error.what()).find(path.string()) != std::string::npos;
    });
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  BOOST_TEST(read(path) == "old");
  BOOST_TEST(entries(directory()) == 1);
}

BOOST_AUTO_TEST_CASE(permissions_and_links_are_kept) {
  using std::filesystem::perms;
  const auto path = file("a");
  const auto link = file("link");
  write(path, "old");
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write | perms::others_read);
  std::filesystem::create_symlink("a", link);
  AtomicFile out(link);
  out.write("new");
  out.commit();
  BOOST_TEST(std::filesystem::is_symlink(link));
  BOOST_TEST(read(path) == "new");
  BOOST_TEST(
      (std::filesystem::status(path).permissions() == (perms::owner_read | perms::owner_write | perms::others_read)));
}

BOOST_AUTO_TEST_CASE(impossible_places_are_refused) {
  BOOST_CHECK_THROW(AtomicFile(file("absent") / "a"), FormatError);
  BOOST_CHECK_THROW(AtomicFile{directory()}, FormatError);
}

BOOST_AUTO_TEST_SUITE_END()
