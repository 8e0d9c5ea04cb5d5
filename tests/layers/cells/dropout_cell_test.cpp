#include "cell_gradients.h"

#include <recur/framework/expr/fuse.h>
#include <recur/layers/cells/dropout_cell.h>
#include <recur/layers/cells/lstm_cell.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(dropout_cell)

BOOST_AUTO_TEST_CASE(gradients) {
  check_cell_gradients("Dropout",
                       [] { return DropoutCell(LSTMCell(4), {.input_dropout = 0.3, .output_dropout = 0.4}); });
}

BOOST_AUTO_TEST_CASE(masks_are_the_same_at_every_step) {
  RNN dropping(AnyCell(DropoutCell(LSTMCell(4), {.input_dropout = 0.5, .output_dropout = 0.5})),
               {.return_sequences = true});
  RNN plain(AnyCell(LSTMCell(4)), {.return_sequences = true});
  build(dropping, 2);
  build(plain, 2);
  copy_parameters(dropping, plain);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({1, 3, 2}));
  const std::vector<Var> masks = {tape.constant(Tensor<double>({1, 2}, {2, 0})),
                                  tape.constant(Tensor<double>({1, 4}, {0, 2, 2, 0}))};
  RNNCall call;
  call.dropout_masks = masks;
  const Var rows = reshape(x, {3, 2});
  const Var expected = reshape(plain(reshape(Var(rows * masks[0]), {1, 3, 2})), {3, 4}) * masks[1];
  BOOST_TEST(difference(reshape(dropping(x, call), {3, 4}), expected) < 1e-14);
}

BOOST_AUTO_TEST_SUITE_END()
