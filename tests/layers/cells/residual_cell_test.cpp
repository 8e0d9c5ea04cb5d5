#include "cell_gradients.h"

#include <recur/framework/expr/fuse.h>
#include <recur/layers/cells/attention_cell.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/residual_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(residual_cell)

BOOST_AUTO_TEST_CASE(gradients) {
  check_cell_gradients("Residual", [] { return ResidualCell(GRUCell(cell_features)); });
  check_cell_gradients("Residual around attention",
                       [] { return ResidualCell(AttentionCell(GRUCell(3), memory_size, {.units = cell_features})); });
}

BOOST_AUTO_TEST_CASE(it_adds_the_input) {
  RNN residual(AnyCell(ResidualCell(GRUCell(3))), {.return_sequences = true});
  RNN plain(AnyCell(GRUCell(3)), {.return_sequences = true});
  build(residual, 3);
  build(plain, 3);
  copy_parameters(residual, plain);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 4, 3}));
  BOOST_TEST(difference(residual(x), Var(plain(x) + x)) < 1e-14);
}

BOOST_AUTO_TEST_CASE(sizes_must_be_equal) {
  ResidualCell residual(SimpleRNNCell(3));
  Builder builder(2, DType::float64, Generator(1));
  BOOST_CHECK_THROW(residual.build(builder), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
