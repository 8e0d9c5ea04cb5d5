#include <recur/train/samples/reber.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numbers>

using namespace recur;

namespace {

struct Score {
  double nats = 0;  ///< A prediction, of one who knows the grammar.
  double length = 0;
};

Score score(const samples::ReberGrammar& grammar, Index strings) {
  Generator generator(3);
  double nats = 0;
  double predictions = 0;
  for (Index i = 0; i < strings; ++i) {
    const auto legal = grammar.continuations(grammar.string(generator));
    predictions += static_cast<double>(legal.size());
    for (const std::string& symbols : legal) nats += std::log(static_cast<double>(symbols.size()));
  }
  return {nats / predictions, predictions / static_cast<double>(strings) + 1};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reber)

// Over 20,000 strings; lengths have a standard deviation of about 4, the nats of a string follow the length.
BOOST_AUTO_TEST_CASE(length_and_entropy_are_the_known_ones) {
  const Score plain = score(samples::ReberGrammar(false), 20'000);
  BOOST_TEST(std::abs(plain.length - 8) < 0.15);
  BOOST_TEST(std::abs(plain.nats - samples::ReberGrammar(false).optimum()) < 0.005);
  const Score embedded = score(samples::ReberGrammar(true), 20'000);
  BOOST_TEST(std::abs(embedded.length - 12) < 0.15);
  BOOST_TEST(std::abs(embedded.nats - samples::ReberGrammar(true).optimum()) < 0.005);
  BOOST_TEST(std::abs(samples::ReberGrammar(false).optimum() - 0.5941) < 0.00005);
  BOOST_TEST(std::abs(samples::ReberGrammar(true).optimum() - 0.4411) < 0.00005);
  BOOST_TEST(std::abs(samples::ReberGrammar(true).forgetful() - 0.5041) < 0.00005);
}

// Strings of the published grammar, and their alternatives read off its drawing.
BOOST_AUTO_TEST_CASE(continuations_are_those_of_the_automaton) {
  const samples::ReberGrammar plain(false);
  const std::vector<std::string> legal = {"TP", "SX", "SX", "XS", "TV", "PV", "XS", "E"};
  BOOST_TEST(plain.continuations("BTSXXVPSE") == legal, boost::test_tools::per_element());
  const samples::ReberGrammar embedded(true);
  const std::vector<std::string> around = {"TP", "B", "TP", "TV", "PV", "E", "P", "E"};
  BOOST_TEST(embedded.continuations("BPBPVVEPE") == around, boost::test_tools::per_element());
  for (const char* wrong : {"BPBPVVETE", "BPBPVVEP", "", "BPBPVVEPEE", "BPBPXVEPE"})
    BOOST_CHECK_THROW((void)embedded.continuations(wrong), ValueError);
}

BOOST_AUTO_TEST_CASE(a_batch_is_padded_and_weighted) {
  const std::vector<std::string> strings = {"BTE", "BV"};
  const samples::IdSequences batch = samples::reber_batch(strings);
  BOOST_TEST((batch.batch == 2 && batch.time == 2));
  BOOST_TEST(batch.inputs == (std::vector<std::int32_t>{0, 1, 0, 0}), boost::test_tools::per_element());
  BOOST_TEST(batch.targets == (std::vector<std::int32_t>{1, 6, 5, 0}), boost::test_tools::per_element());
  BOOST_TEST(batch.weights == (std::vector<float>{1, 1, 1, 0}), boost::test_tools::per_element());
  BOOST_CHECK_THROW((void)samples::reber_batch({}), ValueError);
  BOOST_CHECK_THROW((void)samples::reber_batch(std::vector<std::string>{"B"}), ValueError);
  BOOST_CHECK_THROW((void)samples::reber_batch(std::vector<std::string>{"BQ"}), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
