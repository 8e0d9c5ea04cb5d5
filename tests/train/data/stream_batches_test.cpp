#include <recur/train/data/stream_batches.h>

#include <recur/layers/recurrent/truncated_bptt.h>

#include <boost/test/unit_test.hpp>

#include <numeric>

using namespace recur;

namespace {

std::vector<std::int32_t> counting(std::size_t n) {
  std::vector<std::int32_t> ids(n);
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

using Ids = std::vector<std::int32_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(stream_batches)

BOOST_AUTO_TEST_CASE(streams_run_side_by_side_time_first) {
  const StreamBatches batches(counting(15), 2, 3);  // 14 inputs: two streams of 7, of which 6 fill windows
  BOOST_TEST(batches.size() == 2);
  BOOST_TEST(batches.targets() == 12);
  const StreamWindow first = batches[0];
  const StreamWindow second = batches[1];
  BOOST_TEST(first.inputs == (Ids{0, 7, 1, 8, 2, 9}), boost::test_tools::per_element());
  BOOST_TEST(first.targets == (Ids{1, 8, 2, 9, 3, 10}), boost::test_tools::per_element());
  BOOST_TEST(second.inputs == (Ids{3, 10, 4, 11, 5, 12}), boost::test_tools::per_element());
  BOOST_TEST(second.targets == (Ids{4, 11, 5, 12, 6, 13}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(windows_continue_each_other_and_targets_follow_inputs) {
  const StreamBatches batches(counting(1000), 7, 11);
  for (Index k = 0; k < batches.size(); ++k) {
    const StreamWindow window = batches[k];
    for (std::size_t i = 0; i < window.inputs.size(); ++i) BOOST_REQUIRE(window.targets[i] == window.inputs[i] + 1);
    if (k == 0) continue;
    const StreamWindow before = batches[k - 1];
    for (std::size_t b = 0; b < 7; ++b) BOOST_REQUIRE(window.inputs[b] == before.targets[10 * 7 + b]);
  }
}

BOOST_AUTO_TEST_CASE(overlapping_windows_are_those_of_truncated_bptt) {
  const Index time = 3;
  const Index back = 4;
  const StreamBatches apart(counting(50), 2, time);
  const StreamBatches batches(counting(50), 2, time, back);
  BOOST_REQUIRE(batches.size() == apart.size());
  const TruncatedBPTT truncated({.k1 = time, .k2 = time + back});
  for (Index k = 0; k < batches.size(); ++k) {
    const auto steps = truncated.window(k, batches.size() * time);
    const StreamWindow window = batches[k];
    Ids inputs;
    for (auto t = static_cast<std::int32_t>(steps.begin); t < steps.end; ++t) inputs.insert(inputs.end(), {t, t + 24});
    BOOST_TEST(window.inputs == inputs, boost::test_tools::per_element());
    BOOST_TEST(window.targets == apart[k].targets, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(the_last_id_is_used_when_all_fits) {
  const StreamBatches batches(counting(13), 3, 2);
  BOOST_TEST(batches.size() == 2);
  BOOST_TEST(batches[1].targets.back() == 12);
}

BOOST_AUTO_TEST_CASE(too_few_ids_are_refused_with_the_number_needed) {
  BOOST_TEST(StreamBatches(counting(21), 4, 5).size() == 1);
  BOOST_CHECK_EXCEPTION(StreamBatches(counting(20), 4, 5), ValueError, [](const ValueError& error) {
    return std::string(error.what()).find("needs 21") != std::string::npos;
  });
  BOOST_CHECK_THROW(StreamBatches({}, 1, 1), ValueError);
  BOOST_CHECK_THROW(StreamBatches(counting(9), 0, 1), ValueError);
  BOOST_CHECK_THROW(StreamBatches(counting(9), 1, -1), ValueError);
  BOOST_CHECK_THROW(StreamBatches(counting(9), 1, 2, -1), ValueError);
  BOOST_CHECK_THROW((void)StreamBatches(counting(9), 2, 2)[2], ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
