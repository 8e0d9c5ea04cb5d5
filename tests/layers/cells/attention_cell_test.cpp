#include "cell_gradients.h"

#include <recur/framework/ops/split.h>
#include <recur/layers/cells/attention_cell.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/residual_cell.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(attention_cell)

BOOST_AUTO_TEST_CASE(gradients) {
  for (const char* score : {"additive", "dot"})
    check_cell_gradients(score, [&] { return AttentionCell(LSTMCell(3), memory_size, {.units = 4, .score = score}); });
  check_cell_gradients("in a stack", [] {
    return StackedRNNCells(LSTMCell(4, dropping(LSTMCellOptions{}, 1)),
                           AttentionCell(GRUCell(3), memory_size, {.units = 2}),
                           ResidualCell(AttentionCell(GRUCell(3), memory_size, {.units = 2})));
  });
}

// What an RNN prepares once a sequence is what each step would compute for itself.
BOOST_AUTO_TEST_CASE(attention_prepares_its_keys) {
  constexpr Index batch = 3, steps = 4, features = 5;
  RNN rnn(AnyCell(AttentionCell(GRUCell(3), 2, {.units = 4})), {.return_sequences = true});
  build(rnn, features);
  BOOST_TEST(rnn.cell()->prepared_count() == 1);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({batch, steps, features}));
  const std::vector<Var> constants = {tape.constant(random_tensor({batch, 6, 2}, 2))};
  RNNCall call;
  call.constants = constants;
  const Var all = rnn(x, call);
  std::vector<Var> states(2);
  rnn.cell()->initial_states(tape, batch, states);
  for (Index t = 0; t < steps; ++t) {
    const Var step = reshape(slice(x, 1, t, 1), {batch, features});
    const Var output = rnn.cell()->call(step, states, states, {{}, constants, {}});
    BOOST_TEST(difference(output, reshape(slice(all, 1, t, 1), {batch, 4})) < 1e-13);
  }
}

BOOST_AUTO_TEST_SUITE_END()
