#include "cell_gradients.h"

#include <recur/layers/cells/gru_cell.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(gru_cell)

BOOST_AUTO_TEST_CASE(gradients) {
  check_cell_gradients<GRUCell>("reset_after", {});
  GRUCellOptions before;
  before.reset_after = false;
  check_cell_gradients<GRUCell>("reset before", before);
  for (const bool reset_after : {true, false}) {
    GRUCellOptions bare;
    bare.reset_after = reset_after;
    bare.use_bias = false;
    bare.activation = Activation::softsign;
    check_cell_gradients("no bias", [&] { return GRUCell(4, bare); });
  }
}

BOOST_AUTO_TEST_CASE(two_biases_go_with_reset_after) {
  GRUCellOptions options;
  options.reset_after = false;
  options.separate_bias = true;
  BOOST_CHECK_THROW(GRUCell(2, options), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
