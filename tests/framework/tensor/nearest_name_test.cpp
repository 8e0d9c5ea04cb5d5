#include <recur/framework/tensor/nearest_name.h>

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace recur;

BOOST_AUTO_TEST_SUITE(name_hints)

const std::vector<std::string> known = {"units", "learning_rate", "use_bias", "LSTM", "GRU", ""};

BOOST_AUTO_TEST_CASE(finds_what_is_misspelt) {
  BOOST_TEST(nearest_name("unit", known) == "units");
  BOOST_TEST(nearest_name("untis", known) == "units");  // one exchange
  BOOST_TEST(nearest_name("lstm", known) == "LSTM");
  BOOST_TEST(nearest_name("learningRate", known) == "learning_rate");
  BOOST_TEST(nearest_name("bias_use", known) == "");
  BOOST_TEST(nearest_name("momentum", known) == "");
  BOOST_TEST(nearest_name("GRX", known) == "GRU");
  BOOST_TEST(nearest_name("GXX", known) == "");
  BOOST_TEST(nearest_name(std::string(100'000, 'u'), known) == "");
}

BOOST_AUTO_TEST_CASE(prefers_the_nearest) {
  const std::vector<std::string> alike = {"beta_12", "beta_1", "beta_2"};
  BOOST_TEST(nearest_name("beta1", alike) == "beta_1");
  BOOST_TEST(nearest_name("beta_2", alike) == "beta_2");
}

BOOST_AUTO_TEST_CASE(says_it_in_a_message) {
  BOOST_TEST(did_you_mean("unit", known) == " (did you mean units?)");
  BOOST_TEST(did_you_mean("momentum", known) == "");
}

BOOST_AUTO_TEST_SUITE_END()
