#include <recur/distributed/witness.h>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

namespace {

using recur::distributed::Witness;

// Standard error of this process goes to a file while this lives.
class ErrorsToFile {
 public:
  ErrorsToFile() : before_(::dup(STDERR_FILENO)) {
    const int to = ::open(file_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    ::dup2(to, STDERR_FILENO);
    ::close(to);
  }
  ErrorsToFile(const ErrorsToFile&) = delete;
  ErrorsToFile& operator=(const ErrorsToFile&) = delete;
  ~ErrorsToFile() {
    (void)restore();
    std::filesystem::remove(file_);
  }
  // Returns what was written.
  std::string restore() {
    if (before_ >= 0) {
      ::dup2(before_, STDERR_FILENO);
      ::close(std::exchange(before_, -1));
    }
    std::ifstream from(file_);
    return {std::istreambuf_iterator<char>(from), {}};
  }

 private:
  std::string file_ = (std::filesystem::temp_directory_path() / ("witness-" + std::to_string(::getpid()))).string();
  int before_;
};

// A process that waits until it is killed.
int process() {
  const int id = ::fork();
  if (id != 0) return id;
  while (true) ::pause();
}

void end(int id) {
  ::kill(id, SIGKILL);
  ::waitpid(id, nullptr, 0);
}

// Returns what the witness of two processes prints if they end in this order, dismissed before that or after.
std::string printed(int first, bool dismissed) {
  ErrorsToFile errors;
  const int zero = process(), one = process();
  {
    Witness witness({{0, {zero, "zero has ended\n"}}, {1, {one, "one has ended\n"}}});
    if (dismissed) witness.dismiss();
    end(first == 0 ? zero : one);
    end(first == 0 ? one : zero);
  }
  return errors.restore();
}

BOOST_AUTO_TEST_SUITE(witness)

BOOST_AUTO_TEST_CASE(names_the_first_of_two_that_end) {
  BOOST_TEST(printed(0, false) == "zero has ended\n");
  BOOST_TEST(printed(1, false) == "one has ended\n");
}

BOOST_AUTO_TEST_CASE(prints_nothing_once_dismissed) { BOOST_TEST(printed(1, true).empty()); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
