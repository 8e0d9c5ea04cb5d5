#include <recur/layers/recurrent/lstm.h>

#include <recur/layers/dense.h>
#include <recur/layers/sequential.h>

#include <boost/test/unit_test.hpp>

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(layer_options)

BOOST_AUTO_TEST_CASE(reach_cell_and_sequence) {
  const LSTM lstm(3, {.dropout = 0.25, .recurrent_dropout = 0.5, .return_sequences = true, .stateful = true});
  BOOST_TEST(lstm.options().return_sequences);
  BOOST_TEST(lstm.options().stateful);
  BOOST_TEST(!lstm.options().time_major);
  BOOST_TEST(lstm.config().cell.options.dropout == 0.25);
  BOOST_TEST(lstm.config().cell.options.recurrent_dropout == 0.5);
  BOOST_TEST(GRU(2, {.go_backwards = true}).options().go_backwards);
}

BOOST_AUTO_TEST_CASE(empty_braces_and_options_of_the_cell_are_not_ambiguous) {
  BOOST_TEST(!LSTM(3, {}).options().return_sequences);
  LSTMCellOptions cell;
  cell.use_bias = false;
  BOOST_TEST(!LSTM(3, cell).config().cell.options.use_bias);
  BOOST_TEST(LSTM(3, cell, {.return_state = true}).options().return_state);
}

BOOST_AUTO_TEST_CASE(remember_sets_the_biases) {
  Sequential model{LSTM(4, {.remember = 100}), Dense(1)};
  model.build(2, 1);
  const auto bias = parameters(model)[2].parameter->value().to_doubles();
  for (std::size_t i = 0; i < 4; ++i) {
    BOOST_TEST(bias[4 + i] >= 0);  // forget: ln u, u from 1 to 99
    BOOST_TEST(bias[i] == -bias[4 + i]);
  }
  BOOST_CHECK_THROW(GRU(4, {.remember = 100}), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sequential_build)

BOOST_AUTO_TEST_CASE(equal_seeds_give_equal_parameters) {
  const auto first_weight = [](std::uint64_t seed, DType dtype) {
    Sequential model{LSTM(3), Dense(1)};
    BOOST_TEST(model.input_size() == 0);
    model.build(2, seed, dtype);
    BOOST_TEST(model.input_size() == 2);
    BOOST_TEST((parameters(model)[0].parameter->dtype() == dtype));
    return parameters(model)[0].parameter->value().to_doubles()[0];
  };
  BOOST_TEST(first_weight(1, DType::float32) == first_weight(1, DType::float32));
  BOOST_TEST(first_weight(1, DType::float64) != first_weight(2, DType::float64));
  Sequential model{Dense(1)};
  BOOST_CHECK_THROW(model.build(0, 1), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
