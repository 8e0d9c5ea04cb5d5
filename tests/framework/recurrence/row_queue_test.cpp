#include <recur/framework/recurrence/row_queue.h>

#include <boost/test/unit_test.hpp>

#include <thread>
#include <vector>

using namespace recur;
using namespace recur::detail;

namespace {

// Others that serve a queue until they are told to go.
class Others {
 public:
  Others(RowQueue& queue, int count) {
    queue.begin(count + 1);
    for (int m = 1; m <= count; ++m)
      threads_.emplace_back([this, &queue, m] {
        while (!gone_)
          if (!queue.serve(m)) std::this_thread::yield();
      });
  }
  ~Others() {
    gone_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  Others(const Others&) = delete;
  Others& operator=(const Others&) = delete;

 private:
  std::atomic<bool> gone_{false};
  std::vector<std::thread> threads_;
};

template <class Body>
void post(RowQueue& queue, int members, Index rows, const Body& body) {
  queue.post(rows, body).run_share(0, members);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_queue)

BOOST_AUTO_TEST_CASE(tasks_of_a_row_are_done_in_order) {
  constexpr Index rows = 7;
  constexpr int members = 3;
  RowQueue queue;
  const Others others(queue, members - 1);
  std::vector<double> values(rows, 1);
  double* const data = values.data();
  std::vector<double> expected = values;
  for (int i = 0; i < 5000; ++i) {  // far more than the queue holds
    post(queue, members, rows, [data, i](Index first, Index count) {
      if (i % 500 == 0 && first > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      for (Index r = first; r < first + count; ++r) data[r] = 0.5 * data[r] + i;
    });
    for (double& value : expected) value = 0.5 * value + i;
  }
  queue.settle();
  BOOST_TEST((values == expected));
}

BOOST_AUTO_TEST_CASE(settled_rows_may_be_read_by_others) {
  constexpr Index rows = 5;
  RowQueue queue;
  const Others others(queue, 1);
  std::vector<double> values(rows, 1);
  std::vector<double> next(rows);
  for (int i = 0; i < 2000; ++i) {
    const double* const from = values.data();
    double* const to = next.data();
    post(queue, 2, rows, [from, to](Index first, Index count) {
      for (Index r = first; r < first + count; ++r) to[r] = from[(r + 1) % rows] + 1;
    });
    queue.settle();
    values.swap(next);
  }
  BOOST_TEST((values == std::vector<double>(rows, 2001)));
}

BOOST_AUTO_TEST_CASE(a_phase_ends_when_it_is_settled_or_rows_change) {
  RowQueue queue;
  const Others others(queue, 1);
  const auto nothing = [](Index, Index) {};
  const std::uint64_t first = queue.join(4);
  BOOST_TEST(!queue.pending());
  post(queue, 2, 4, nothing);
  BOOST_TEST(queue.pending());
  BOOST_TEST(queue.join(4) == first);
  const std::uint64_t second = queue.join(6);
  BOOST_TEST(second != first);
  BOOST_TEST(!queue.pending());
  post(queue, 2, 6, nothing);
  queue.settle();
  BOOST_TEST(!queue.pending());
  BOOST_TEST(queue.join(6) != second);
}

BOOST_AUTO_TEST_CASE(shares_are_all_rows) {
  for (const Index rows : {1, 2, 5, 16})
    for (const int members : {1, 2, 3, 8}) {
      std::vector<int> seen(static_cast<std::size_t>(rows));
      int* const data = seen.data();
      RowTask task;
      task.set(rows, [data](Index first, Index count) {
        for (Index r = first; r < first + count; ++r) ++data[r];
      });
      for (int m = 0; m < members; ++m) task.run_share(m, members);
      BOOST_TEST((seen == std::vector<int>(static_cast<std::size_t>(rows), 1)), rows << " rows, " << members);
    }
}

BOOST_AUTO_TEST_SUITE_END()
