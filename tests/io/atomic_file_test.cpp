#include <recur/framework/tensor/error.h>
#include <recur/io/atomic_file.h>
#include <recur/io/descriptor.h>
#include <recur/io/folder_lock.h>
#include <recur/io/links.h>
#include <recur/io/temporary_name.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <iterator>
#include <optional>

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

BOOST_AUTO_TEST_CASE(a_pipe_is_written_into_and_stays_one) {
  const auto pipe = file("pipe");
  BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  {
    AtomicFile out(pipe);
    out.write("through");
    out.commit();
  }
  std::string got(20, ' ');
  got.resize(static_cast<std::size_t>(::read(reader, got.data(), got.size())));
  ::close(reader);
  BOOST_TEST(got == "through");
  BOOST_TEST(std::filesystem::is_fifo(pipe));
  BOOST_TEST(entries(directory()) == 1);
}

BOOST_AUTO_TEST_CASE(a_link_to_a_device_leaves_both) {
  const auto link = file("link");
  std::filesystem::create_symlink("/dev/null", link);
  AtomicFile out(link);
  out.write("lost");
  out.commit();
  BOOST_TEST(std::filesystem::is_symlink(link));
  BOOST_TEST(std::filesystem::is_character_file("/dev/null"));
  BOOST_TEST(entries(directory()) == 1);
}

BOOST_AUTO_TEST_CASE(links_that_lead_nowhere_are_refused) {
  std::filesystem::create_symlink("loop", file("loop"));
  BOOST_CHECK_THROW(AtomicFile{file("loop")}, FormatError);
  std::filesystem::create_symlink("absent/a", file("dangling"));
  BOOST_CHECK_THROW(AtomicFile{file("dangling")}, FormatError);
  std::filesystem::create_symlink("new", file("to_new"));
  AtomicFile out(file("to_new"));
  out.write("new");
  out.commit();
  BOOST_TEST(std::filesystem::is_symlink(file("to_new")));
  BOOST_TEST(read(file("new")) == "new");
}

BOOST_AUTO_TEST_CASE(names_of_temporary_files_are_their_own) {
  const auto path = file("a");
  BOOST_TEST(temporary_name(path) != temporary_name(path));
  const std::string name = temporary_name(path).filename().string();
  BOOST_TEST(without_temporary_suffix(name).value() == "a");
  BOOST_TEST(without_temporary_suffix("a.17.0.tmp").value() == "a");
  for (const char* other : {"a", "a.tmp", "a.0123456789abcde.tmp", "a.0123456789abcdeg.tmp", "a.x.0.tmp", ".tmp"})
    BOOST_TEST(!without_temporary_suffix(other).has_value(), other);
  BOOST_TEST(temporary_name(file(std::string(255, 'x'))).filename().string().size() == 255U);
}

BOOST_AUTO_TEST_CASE(what_dead_processes_left_is_swept_and_what_living_ones_write_is_not) {
  const auto path = file("a");
  write(file("a.0123456789abcdef.tmp"), "dead");
  write(file("a.1.0.tmp"), "dead, by process id");
  write(file("b.0123456789abcdef.tmp"), "of another file");
  write(file("notes.tmp"), "a user's");
  AtomicFile living(path);
  living.write("alive");
  remove_stale_temporaries(directory(), "a");
  BOOST_TEST(entries(directory()) == 3);
  remove_stale_temporaries(directory());
  BOOST_TEST(entries(directory()) == 2);
  living.commit();
  BOOST_TEST(read(path) == "alive");
  BOOST_TEST(std::filesystem::exists(file("notes.tmp")));
  remove_stale_temporaries(file("no such folder"));
}

// Descriptors 0 to 2 belong to the standard streams, open or not.
BOOST_AUTO_TEST_CASE(no_file_takes_the_place_of_a_closed_standard_stream) {
  const int kept = ::dup(STDIN_FILENO);
  ::close(STDIN_FILENO);
  const int opened = open_descriptor(file("a"), O_WRONLY | O_CREAT, 0600);
  BOOST_TEST(opened > STDERR_FILENO);
  BOOST_TEST(::fcntl(STDIN_FILENO, F_GETFD) == -1);
  ::close(opened);
  if (kept >= 0) {
    ::dup2(kept, STDIN_FILENO);
    ::close(kept);
  }
}

BOOST_AUTO_TEST_CASE(a_folder_is_held_by_one_at_a_time) {
  const auto folder = file("deep/er");
  std::optional<FolderLock> first(folder);
  BOOST_CHECK_THROW(FolderLock{folder}, StateError);
  first.reset();
  FolderLock second(folder);
  const FolderLock moved = std::move(second);
  BOOST_CHECK_THROW(FolderLock{folder}, StateError);
  BOOST_TEST(entries(folder) == 0);
}

BOOST_AUTO_TEST_CASE(links_out_of_a_folder_are_refused) {
  std::filesystem::create_directory(file("in"));
  write(file("outside"), "");
  write(file("in/there"), "");
  std::filesystem::create_symlink("there", file("in/inner"));
  std::filesystem::create_symlink("../outside", file("in/outer"));
  std::filesystem::create_symlink("../in-other/x", file("in/sibling"));
  std::filesystem::create_symlink("in", file("folder"));
  for (const char* folder : {"in", "folder"}) {
    refuse_link_out_of(file(folder), "inner");
    refuse_link_out_of(file(folder), "there");
    refuse_link_out_of(file(folder), "absent");
    BOOST_CHECK_THROW(refuse_link_out_of(file(folder), "outer"), FormatError);
    BOOST_CHECK_THROW(refuse_link_out_of(file(folder), "sibling"), FormatError);
  }
}

BOOST_AUTO_TEST_CASE(impossible_places_are_refused) {
  BOOST_CHECK_THROW(AtomicFile(file("absent") / "a"), FormatError);
  BOOST_CHECK_THROW(AtomicFile{directory()}, FormatError);
}

BOOST_AUTO_TEST_SUITE_END()
