#include <recur/framework/tensor/available_memory.h>
#include <recur/framework/tensor/tensor.h>

#include "../../temporary_directory.h"

#include <boost/test/unit_test.hpp>

using namespace recur;

namespace {

struct Fixture : TemporaryDirectory {
  void put(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(file(name).parent_path());
    write(file(name), text);
  }
  [[nodiscard]] std::uint64_t left() const { return detail::available_memory(directory()); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(available_memory_of, Fixture)

BOOST_AUTO_TEST_CASE(the_machine) {
  BOOST_TEST(left() == unknown_memory);
  put("proc/meminfo", "MemTotal: 100 kB\nMemFree: 1 kB\nMemAvailable: 40 kB\nSwapFree: 2 kB\n");
  BOOST_TEST(left() == 42U * 1024);
  BOOST_TEST(available_memory() > 0U);
}

BOOST_AUTO_TEST_CASE(a_control_group_of_the_second_version_and_those_around_it) {
  put("proc/meminfo", "MemAvailable: 4000 kB\n");
  put("proc/self/cgroup", "0::/outer/inner\n");
  put("sys/fs/cgroup/outer/inner/memory.max", "max\n");
  put("sys/fs/cgroup/outer/inner/memory.current", "5\n");
  BOOST_TEST(left() == 4000U * 1024);
  put("sys/fs/cgroup/outer/memory.max", "1000\n");
  put("sys/fs/cgroup/outer/memory.current", "700\n");
  BOOST_TEST(left() == 300U);
  put("sys/fs/cgroup/outer/memory.stat", "anon 1\ninactive_file 200\n");
  BOOST_TEST(left() == 500U);
}

BOOST_AUTO_TEST_CASE(a_control_group_of_the_first_version_within_a_namespace) {
  put("proc/self/cgroup", "5:cpu:/x\n4:memory:/not/there\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000\n");
  put("sys/fs/cgroup/memory/memory.usage_in_bytes", "1200\n");
  BOOST_TEST(left() == 0U);
  put("sys/fs/cgroup/memory/memory.stat", "total_inactive_file 700\n");
  BOOST_TEST(left() == 500U);
}

BOOST_AUTO_TEST_CASE(more_than_there_is_is_refused_before_it_is_taken) {
  BOOST_CHECK_EXCEPTION(Tensor<float>(Shape{Index{1} << 50}), MemoryError, [](const MemoryError& error) {
    return std::string(error.what()).find("GB are needed") != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
