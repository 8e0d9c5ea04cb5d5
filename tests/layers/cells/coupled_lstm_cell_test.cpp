#include "cell_gradients.h"

#include <recur/layers/cells/coupled_lstm_cell.h>
#include <recur/layers/cells/lstm_cell.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(coupled_lstm_cell)

BOOST_AUTO_TEST_CASE(gradients) { check_cell_gradients<CoupledLSTMCell>("CoupledLSTM", {}); }

// The input gate of an LSTM whose forget gate is 1 - i, which is σ of the opposite pre-activation.
BOOST_AUTO_TEST_CASE(it_is_an_lstm_with_opposite_gates) {
  RNN coupled(AnyCell(CoupledLSTMCell(2)), {.return_sequences = true});
  RNN plain(AnyCell(LSTMCell(2)), {.return_sequences = true});
  build(coupled, 3);
  build(plain, 3);
  const auto from = parameters(coupled);
  const auto to = parameters(plain);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto given = from[i].parameter->value().to_doubles();  // columns i, i, c, c, o, o
    std::vector<double> values;
    for (std::size_t row = 0; row < given.size(); row += 6)
      for (const auto& [column, sign] : {std::pair(0, 1), {1, 1}, {0, -1}, {1, -1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}})
        values.push_back(sign * given[row + static_cast<std::size_t>(column)]);
    to[i].parameter->edit().assign(values);
  }
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 6, 3}));
  BOOST_TEST(difference(coupled(x), plain(x)) < 1e-14);
}

BOOST_AUTO_TEST_SUITE_END()
