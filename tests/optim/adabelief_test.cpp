#include <recur/optim/adabelief.h>

#include <recur/optim/config.h>

#include <boost/test/unit_test.hpp>

#include "toy_model.h"

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(adabelief)

// Algorithm 2 of the paper in Python's doubles, four steps of three elements; epsilon is large, so that one in the
// wrong place shows.
BOOST_AUTO_TEST_CASE(follows_the_paper) {
  const std::vector<std::vector<double>> gradients{
      {0.1, -0.2, 0.3}, {0.15, -0.1, 0.0}, {-0.3, 0.4, 1e-3}, {0.05, 0.0, -0.7}};
  const std::vector<std::vector<double>> expected{{0.46691536268557154, -1.1971389854951586, 1.9363457456519384},
                                                  {0.4270666730241816, -1.151997514128165, 1.8967562868453596},
                                                  {0.43526181659445573, -1.160579838231971, 1.8674695243645072},
                                                  {0.43649990671235434, -1.1653361161473739, 1.88385555282552}};
  for (const DType dtype : {DType::float64, DType::float32}) {
    ToyModel model(dtype);
    model.add("w", {0.5, -1.25, 2.0});
    auto optimizer =
        optim::adabelief({.learning_rate = 0.05, .beta_1 = 0.8, .beta_2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1});
    for (std::size_t t = 0; t < expected.size(); ++t) {
      model.set_gradient(0, gradients[t]);
      optimizer.step(model.list());
      for (std::size_t i = 0; i < 3; ++i)
        BOOST_TEST(model.values()[i] == expected[t][i],
                   boost::test_tools::tolerance(dtype == DType::float64 ? 1e-12 : 1e-5));
    }
  }
}

BOOST_AUTO_TEST_CASE(has_a_config) {
  const auto optimizer = optim::from_config("adabelief", R"({"learning_rate": 0.25, "beta_1": 0.5, "clipnorm": 2})");
  const auto config = optim::get_config(optimizer);
  BOOST_TEST(config.class_name == "keras.optimizers.AdaBelief");
  const auto again = optim::get_config(optim::from_config(config.class_name, config.config));
  BOOST_TEST(again.config == config.config);
  BOOST_TEST(config.config.find("\"beta_1\":0.5") != std::string::npos);
  BOOST_CHECK_THROW((void)optim::from_config("adabelief", R"({"beta1": 0.5})"), ValueError);
  BOOST_CHECK_THROW((void)optim::adabelief({.beta_1 = 1}), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
