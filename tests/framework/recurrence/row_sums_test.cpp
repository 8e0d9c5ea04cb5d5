#include "support.h"

#include <recur/framework/recurrence/row_local.h>
#include <recur/framework/recurrence/row_sums.h>

#include <array>

using namespace recur;
using namespace recur::test;

namespace {

constexpr Index rows = 7;
constexpr Index cols = 37;

// Adds 1, 2, 3 ... to all numbers of `sum`, every thread those of its rows.
void add(detail::RowSums& sums, Array& sum) {
  const auto targets = sums.open(sum, rows);
  detail::post_rows(rows, [targets](int member, Index first, Index count) {
    auto* const to = static_cast<double*>(targets.of(member));
    for (Index r = first; r < first + count; ++r)
      for (Index c = 0; c < cols; ++c) to[c] += static_cast<double>(r + 1);
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_sums)

BOOST_AUTO_TEST_CASE(what_threads_have_is_added_up) {
  for (const int count : {2, 3, 4}) {
    const Threads some(count);
    detail::RowSums sums;
    for (int pass = 0; pass < 3; ++pass) {
      Array sum(Shape{cols}, DType::float64);
      sum.fill(0.5);
      with_team(1000, [&] {
        BOOST_REQUIRE(detail::row_phase(rows, 1000 * 1000) != 0);
        add(sums, sum);
        add(sums, sum);
        sums.close(sum);
      });
      check_close(sum.to_doubles(), std::vector<double>(cols, 0.5 + 2 * 28), 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_was_dropped_is_gone) {
  const Threads two(2);
  detail::RowSums sums;
  Array given_up(Shape{cols}, DType::float64);
  Array sum(Shape{cols}, DType::float64);
  with_team(1000, [&] {
    BOOST_REQUIRE(detail::row_phase(rows, 1000 * 1000) != 0);
    add(sums, given_up);
    detail::settle_rows();
    sums.drop();
    BOOST_REQUIRE(detail::row_phase(rows, 1000 * 1000) != 0);
    add(sums, sum);
    sums.close(sum);
    sums.close(sum);  // nothing more
  });
  check_close(sum.to_doubles(), std::vector<double>(cols, 28), 0);
}

BOOST_AUTO_TEST_SUITE_END()
