#include <recur/train/samples/adding.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace recur;

BOOST_AUTO_TEST_SUITE(adding)

BOOST_AUTO_TEST_CASE(the_answer_is_the_sum_of_one_marked_number_in_each_half) {
  Generator generator(1);
  constexpr Index time = 9;
  const Batch batch = samples::adding_problem(200, time, generator);
  BOOST_TEST((batch.inputs.shape() == Shape{200, time, 2}));
  std::vector<bool> marked(time, false);
  for (Index b = 0; b < 200; ++b) {
    float sum = 0;
    Index marks[] = {0, 0};
    for (Index t = 0; t < time; ++t) {
      const float number = batch.inputs(b, t, 0);
      const float mark = batch.inputs(b, t, 1);
      BOOST_TEST((number >= 0 && number < 1 && (mark == 0 || mark == 1)));
      sum += number * mark;
      if (mark == 1) ++marks[t < time / 2 ? 0 : 1], marked[static_cast<std::size_t>(t)] = true;
    }
    BOOST_TEST((marks[0] == 1 && marks[1] == 1));
    BOOST_TEST(batch.targets(b, 0) == sum);
  }
  for (std::size_t t = 0; t < time; ++t) BOOST_TEST(marked[t]);
}

// The squared error of 1 has mean 1/6 and a standard deviation of 0.2 or so: five standard errors.
BOOST_AUTO_TEST_CASE(answering_one_scores_the_baseline) {
  Generator generator(2);
  constexpr Index n = 20'000;
  const Batch batch = samples::adding_problem(n, 2, generator);
  double error = 0;
  for (const float answer : batch.targets.values()) error += (answer - 1.0) * (answer - 1.0) / n;
  BOOST_TEST(std::abs(error - samples::adding_baseline) < 5 * 0.2 / std::sqrt(n));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused) {
  Generator generator(1);
  BOOST_CHECK_THROW((void)samples::adding_problem(0, 10, generator), ValueError);
  BOOST_CHECK_THROW((void)samples::adding_problem(1, 1, generator), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
