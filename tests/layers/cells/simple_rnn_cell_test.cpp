#include "cell_gradients.h"

#include <recur/layers/cells/simple_rnn_cell.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(simple_rnn_cell)

BOOST_AUTO_TEST_CASE(gradients) {
  check_cell_gradients<SimpleRNNCell>("SimpleRNN", {});
  SimpleRNNCellOptions other;
  other.activation = Activation::softsign;
  other.use_bias = false;
  check_cell_gradients("softsign, no bias", [&] { return SimpleRNNCell(4, other); });
}

BOOST_AUTO_TEST_CASE(dropout_masks_are_drawn_once_a_sequence_and_anew_for_the_next) {
  SimpleRNNCellOptions options;
  options.activation = Activation::linear;
  options.use_bias = false;
  options.dropout = 0.5;
  RNN rnn(AnyCell(SimpleRNNCell(8, options)), {.return_sequences = true});
  Builder builder(8, DType::float64, Generator(1));
  rnn.build(builder);
  for (const NamedParameter& p : parameters(rnn)) {
    Generator unused;
    if (p.parameter->name() == "kernel") identity()(p.parameter->edit(), unused);
    else p.parameter->edit().fill(0);
  }
  Tape tape(DType::float64);
  const Var ones = tape.filled({1, 3, 8}, 1);
  const auto first = rnn(ones).to_doubles();
  const auto second = rnn(ones).to_doubles();
  for (std::size_t i = 0; i < 8; ++i) BOOST_TEST((first[i] == first[8 + i] && first[i] == first[16 + i]));
  BOOST_TEST(first != second);
  tape.set_training(false);
  for (const double value : rnn(ones).to_doubles()) BOOST_TEST(value == 1);
}

BOOST_AUTO_TEST_CASE(a_dropout_rate_is_below_one) {
  SimpleRNNCellOptions rate;
  rate.dropout = 1;
  BOOST_CHECK_THROW(SimpleRNNCell(2, rate), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
