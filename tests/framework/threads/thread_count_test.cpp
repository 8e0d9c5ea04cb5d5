#include "../../temporary_directory.h"
#include "support.h"

#include <recur/framework/tensor/error.h>
#include <recur/framework/threads/processors.h>

#ifdef __linux__
#include <sched.h>
#endif

#include <fstream>
#include <thread>

using namespace recur;
using namespace recur::test;

namespace {

namespace fs = std::filesystem;

/// Control groups made of files.
class Groups {
 public:
  void write(const std::string& path, const std::string& text) {
    const fs::path file = root_.directory() / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  [[nodiscard]] int processors() const {
    return detail::quota_processors(root_.directory() / "self", root_.directory() / "mount");
  }

 private:
  TemporaryDirectory root_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(thread_count)

BOOST_AUTO_TEST_CASE(it_holds_for_the_whole_process) {
  const Threads three(3);
  int seen = 0;
  std::thread([&] {
    seen = threads();
    set_threads(5);
  }).join();
  BOOST_TEST(seen == 3);
  BOOST_TEST(threads() == 5);
  BOOST_TEST(threads_chosen());
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_are_refused_and_change_nothing) {
  const Threads three(3);
  for (const int count : {0, -1, most_threads + 1}) BOOST_CHECK_THROW(set_threads(count), ValueError);
  BOOST_TEST(threads() == 3);
}

BOOST_AUTO_TEST_CASE(the_environment_names_a_number) {
  BOOST_TEST(detail::first_thread_number("4") == 4);
  BOOST_TEST(detail::first_thread_number("6,3,1") == 6);
  BOOST_TEST(detail::first_thread_number(" 2 ") == 2);
  BOOST_TEST(detail::first_thread_number("100000") == most_threads);
  for (const char* none : {static_cast<const char*>(nullptr), "", "0", "-3", "many", ",2"})
    BOOST_TEST(detail::first_thread_number(none) == 0);
}

BOOST_AUTO_TEST_CASE(a_quota_of_version_2_is_rounded_up) {
  Groups groups;
  groups.write("self", "0::/\n");
  BOOST_TEST(groups.processors() == 0);
  groups.write("mount/cpu.max", "max 100000\n");
  BOOST_TEST(groups.processors() == 0);
  groups.write("mount/cpu.max", "150000 100000\n");
  BOOST_TEST(groups.processors() == 2);
  groups.write("mount/cpu.max", "20000 100000\n");
  BOOST_TEST(groups.processors() == 1);
  groups.write("mount/cpu.max", "nonsense");
  BOOST_TEST(groups.processors() == 0);
}

BOOST_AUTO_TEST_CASE(groups_further_up_bind_as_well) {
  Groups groups;
  groups.write("self", "0::/a/b\n");
  groups.write("mount/a/b/cpu.max", "400000 100000\n");
  BOOST_TEST(groups.processors() == 4);
  groups.write("mount/a/cpu.max", "300000 100000\n");
  BOOST_TEST(groups.processors() == 3);
  groups.write("mount/a/b/cpu.max", "200000 100000\n");
  BOOST_TEST(groups.processors() == 2);
  // A container sees the host's path, and its own group at the mount.
  groups.write("self", "0::/docker/0123\n");
  groups.write("mount/cpu.max", "500000 100000\n");
  BOOST_TEST(groups.processors() == 5);
}

BOOST_AUTO_TEST_CASE(a_quota_of_version_1_is_read_beside_other_controllers) {
  Groups groups;
  groups.write("self", "12:memory:/m\n4:cpu,cpuacct:/job\n1:cpuset:/\n0::/\n");
  BOOST_TEST(groups.processors() == 0);
  groups.write("mount/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
  groups.write("mount/cpu,cpuacct/job/cpu.cfs_period_us", "50000\n");
  BOOST_TEST(groups.processors() == 0);
  groups.write("mount/cpu,cpuacct/job/cpu.cfs_quota_us", "125000\n");
  BOOST_TEST(groups.processors() == 3);
  groups.write("self", "4:cpuacct,cpu:/other\n");  // mounted as "cpu"
  groups.write("mount/cpu/other/cpu.cfs_quota_us", "50000\n");
  groups.write("mount/cpu/other/cpu.cfs_period_us", "50000\n");
  BOOST_TEST(groups.processors() == 1);
}

BOOST_AUTO_TEST_CASE(no_control_groups_are_no_limit) { BOOST_TEST(Groups().processors() == 0); }

#ifdef __linux__
BOOST_AUTO_TEST_CASE(affinity_counts) {
  const int before = detail::affinity_processors();
  BOOST_TEST(before >= detail::usable_processors());
  int pinned = 0;
  std::thread([&] {
    cpu_set_t all, one;
    BOOST_TEST(::sched_getaffinity(0, sizeof(all), &all) == 0);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
      if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
    BOOST_TEST(::sched_setaffinity(0, sizeof(one), &one) == 0);  // of this thread alone
    pinned = detail::affinity_processors();
  }).join();
  BOOST_TEST(pinned == 1);
  BOOST_TEST(detail::affinity_processors() == before);
}
#endif

BOOST_AUTO_TEST_SUITE_END()
