#include <recur/train/samples/dyck.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace recur;

BOOST_AUTO_TEST_SUITE(dyck)

// Figures of an independent computation (linear algebra over the automaton's states), given to four digits.
BOOST_AUTO_TEST_CASE(entropies_are_the_known_ones) {
  const auto check = [](const samples::DyckOptions& options, double rate, double depth_only) {
    const samples::DyckEntropy entropy = samples::dyck_entropy(options);
    BOOST_TEST(std::abs(entropy.rate - rate) < 0.00005);
    BOOST_TEST(std::abs(entropy.depth_only - depth_only) < 0.00005);
  };
  check({.types = 2, .depth = 4}, 0.8664, 1.2130);
  check({.types = 2, .depth = 8}, 0.9531, 1.2997);
  check({.types = 3, .depth = 6, .close = 0.55}, 1.1153, 1.6646);
}

// What each character cost one who knows the rules, in a text that obeys them.
BOOST_AUTO_TEST_CASE(the_text_has_this_entropy) {
  const samples::DyckOptions options{.types = 3, .depth = 6, .close = 0.55};
  Generator generator(4);
  const std::string text = samples::dyck_text(400'000, options, generator);
  const std::string opening = "([{";
  const std::string closing = ")]}";
  std::string open;
  double nats = 0;
  for (const char c : text) {
    const auto depth = static_cast<Index>(open.size());
    const bool free = depth > 0 && depth < options.depth;
    if (opening.find(c) != std::string::npos) {
      BOOST_REQUIRE(depth < options.depth);
      nats += std::log(3.0) - (free ? std::log(1 - options.close) : 0);
      open += c;
    } else {
      BOOST_REQUIRE(!open.empty());
      BOOST_REQUIRE(closing.find(c) == opening.find(open.back()));
      nats -= free ? std::log(options.close) : 0;
      open.pop_back();
    }
  }
  BOOST_TEST(std::abs(nats / 400'000 - samples::dyck_entropy(options).rate) < 0.005);
}

BOOST_AUTO_TEST_CASE(a_depth_of_one_is_pairs) {
  Generator generator(1);
  BOOST_TEST(samples::dyck_text(6, {.types = 1, .depth = 1}, generator) == "()()()");
  BOOST_TEST(samples::dyck_entropy({.types = 1, .depth = 1}).rate == 0);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused) {
  Generator generator(1);
  BOOST_CHECK_THROW((void)samples::dyck_text(-1, {}, generator), ValueError);
  BOOST_CHECK_THROW((void)samples::dyck_text(1, {.types = 5}, generator), ValueError);
  BOOST_CHECK_THROW((void)samples::dyck_text(1, {.depth = 0}, generator), ValueError);
  BOOST_CHECK_THROW((void)samples::dyck_entropy({.close = 1}), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
