#include "cell_gradients.h"

#include <recur/layers/cells/layer_norm_lstm_cell.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(layer_norm_lstm_cell)

BOOST_AUTO_TEST_CASE(gradients) {
  check_cell_gradients<LayerNormLSTMCell>("LayerNormLSTM", {});
  LayerNormLSTMCellOptions bare;
  bare.use_bias = false;
  check_cell_gradients("no bias", [&] { return LayerNormLSTMCell(4, bare); });
}

BOOST_AUTO_TEST_CASE(it_has_no_cell_clip) {
  LayerNormLSTMCellOptions clipped;
  clipped.cell_clip = 1;
  BOOST_CHECK_THROW(LayerNormLSTMCell(2, clipped), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
