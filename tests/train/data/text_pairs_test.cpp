#include <recur/train/data/text_pairs.h>

#include <recur/train/data/fresh_streams.h>
#include <recur/train/data/growth_series.h>
#include <recur/train/samples/number_words.h>

#include "../../temporary_directory.h"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(text_pairs)

BOOST_AUTO_TEST_CASE(come_back_after_coding) {
  const PairCoder coder("abc", "xy");
  const PairBatch batch = coder.encode({{"ab", "x"}, {"c", "yxy"}});
  BOOST_TEST(batch.batch == 2);
  BOOST_TEST(batch.source_time == 2);
  BOOST_TEST(batch.target_time == 4);  // with the end
  BOOST_TEST(batch.lengths == (std::vector<Index>{2, 1}));
  BOOST_TEST(batch.weights == (std::vector<float>{1, 1, 0, 0, 1, 1, 1, 1}));
  std::vector<std::vector<std::int32_t>> steps(4);
  for (std::size_t t = 0; t < 4; ++t) steps[t] = {batch.targets[t], batch.targets[4 + t]};
  BOOST_TEST(coder.decode(steps) == (std::vector<std::string>{"x", "yxy"}));
}

BOOST_AUTO_TEST_CASE(are_read_from_lines) {
  const TemporaryDirectory folder;
  TemporaryDirectory::write(folder.file("pairs"), "one\t1\ntwo\t2\r\nthree\t3\n");
  const PairFile pairs = read_pairs(folder.file("pairs"));
  BOOST_TEST(pairs.train.size() == 2U);
  BOOST_TEST(pairs.test.at(0).source == "three");
  BOOST_TEST(pairs.train.at(1).target == "2");
  TemporaryDirectory::write(folder.file("pairs"), "one\t1\ntwo 2\n");
  BOOST_CHECK_EXCEPTION((void)read_pairs(folder.file("pairs")), ValueError, [](const ValueError& error) {
    return std::string(error.what()).find("line 2: 'two 2' is not two texts") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(steps_of_unequal_sizes_and_no_pairs_are_refused) {
  const PairCoder coder("ab", "xy");
  BOOST_CHECK_THROW((void)coder.decode({{1, 2}, {1}}), ShapeError);
  BOOST_CHECK_THROW((void)coder.decode({{3}}), ValueError);
  Generator random(1);
  BOOST_CHECK_THROW((void)some_of({}, 1, random), ValueError);
}

BOOST_AUTO_TEST_CASE(numbers_of_tests_never_occur_in_training) {
  Generator random(1);
  std::set<std::string> learned;
  for (const TextPair& pair : samples::number_pairs(500, samples::Part::train, random)) learned.insert(pair.target);
  for (const TextPair& pair : samples::number_pairs(200, samples::Part::test, random)) {
    BOOST_TEST(!learned.contains(pair.target));
    BOOST_TEST(pair.source == samples::number_words(std::stol(pair.target)));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(growth_series)

// Growth by a tenth of last year's and steady change: inputs are zero in the mean, and what level_for makes of a target
// is the series.
BOOST_AUTO_TEST_CASE(levels_follow_from_changes) {
  std::vector<double> values;
  for (int t = 0; t < 40; ++t) values.push_back(std::exp(0.03 * t + 0.2 * std::sin(t) + 0.01 * (t % 3)));
  const GrowthSeries series(values, 4, 30);
  const Batch known = series.known(41);
  BOOST_TEST((known.inputs.shape() == Shape{1, 36, 3}));
  BOOST_TEST(known.targets(0, 35, 0) == 0.0F);  // not known yet
  for (Index t = series.first_step(); t < 40; ++t)
    BOOST_TEST(series.to_value(series.level_for(t, series.target(t))) == values[static_cast<std::size_t>(t)],
               boost::test_tools::tolerance(1e-12));
  BOOST_CHECK_THROW((void)series.known(42), ValueError);
  BOOST_CHECK_THROW((void)series.inputs(4), ValueError);
  BOOST_CHECK_THROW((void)series.inputs(41), ValueError);
  BOOST_CHECK_THROW((void)series.target(40), ValueError);
  BOOST_CHECK_THROW((void)series.level_for(41, 0), ValueError);
  BOOST_CHECK_THROW(GrowthSeries(series).set_level(40, 0), ValueError);
  BOOST_CHECK_THROW(GrowthSeries(values, 12, 30), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fresh_streams)

BOOST_AUTO_TEST_CASE(each_epoch_has_a_text_of_its_own) {
  FreshStreams streams([](Index epoch) { return std::vector<std::int32_t>(11, static_cast<std::int32_t>(epoch)); }, 1,
                       5);
  BOOST_TEST(streams.size() == 2);
  BOOST_TEST(streams[0].inputs[0] == 1);
  streams.start_epoch(3);
  BOOST_TEST(streams[1].targets[4] == 3);
  streams.start_epoch(1);
  BOOST_TEST(streams[0].inputs[0] == 1);
}

BOOST_AUTO_TEST_CASE(a_range_goes_through_all_windows) {
  const StreamBatches windows(std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 6}, 1, 2);
  std::vector<std::int32_t> seen;
  for (const StreamWindow& window : windows) seen.insert(seen.end(), window.inputs.begin(), window.inputs.end());
  BOOST_TEST(seen == (std::vector<std::int32_t>{0, 1, 2, 3, 4, 5}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
