#include "cell_gradients.h"

#include <recur/layers/cells/peephole_lstm_cell.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(peephole_lstm_cell)

BOOST_AUTO_TEST_CASE(gradients) {
  check_cell_gradients<PeepholeLSTMCell>("PeepholeLSTM", {});
  LSTMCellOptions clipped;
  clipped.cell_clip = 0.4;
  check_cell_gradients("cell_clip", [&] { return PeepholeLSTMCell(4, clipped); });
  clipped.recurrent_activation = Activation::hard_sigmoid;
  check_cell_gradients("cell_clip, hard_sigmoid", [&] { return PeepholeLSTMCell(4, clipped); });
}

// With no weight on them, and the same limit.
BOOST_AUTO_TEST_CASE(without_peepholes_it_is_an_lstm) {
  LSTMCellOptions options;
  options.cell_clip = 0.3;
  RNN peephole(AnyCell(PeepholeLSTMCell(4, options)), {.return_sequences = true});
  RNN plain(AnyCell(LSTMCell(4, options)), {.return_sequences = true});
  build(peephole, 3);
  build(plain, 3);
  const auto from = parameters(plain);
  const auto to = parameters(peephole);
  for (std::size_t i = 0; i < to.size(); ++i)
    if (i < from.size()) to[i].parameter->edit().assign(from[i].parameter->value());
    else to[i].parameter->edit().fill(0);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 6, 3}));
  BOOST_TEST(difference(peephole(x), plain(x)) < 1e-14);
}

BOOST_AUTO_TEST_SUITE_END()
