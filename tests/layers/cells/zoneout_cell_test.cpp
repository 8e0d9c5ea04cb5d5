#include "cell_gradients.h"

#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/zoneout_cell.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(zoneout_cell)

BOOST_AUTO_TEST_CASE(gradients) {
  check_cell_gradients("Zoneout", [] { return ZoneoutCell(LSTMCell(4), {.zoneout_h = 0.2, .zoneout_c = 0.3}); });
  check_cell_gradients("Zoneout of a GRU", [] { return ZoneoutCell(GRUCell(4), {.zoneout_h = 0.5}); });
}

BOOST_AUTO_TEST_CASE(it_is_the_expectation_outside_training) {
  RNN all(AnyCell(ZoneoutCell(LSTMCell(4), {.zoneout_h = 1, .zoneout_c = 1})), {.return_state = true});
  build(all, 5);
  Tape tape(DType::float64);
  tape.set_training(false);
  const auto result = all.call(tape.constant(random_tensor({3, 3, 5})));
  for (const double value : result.states[0].to_doubles()) BOOST_TEST(value == 0);  // nothing ever changes
}

// Each unit keeps its previous value, or has the new one.
BOOST_AUTO_TEST_CASE(units_keep_their_values_in_training) {
  RNN kept(AnyCell(ZoneoutCell(GRUCell(50), {.zoneout_h = 0.3})));
  RNN plain(AnyCell(GRUCell(50)));
  build(kept, 3);
  build(plain, 3);
  copy_parameters(kept, plain);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({4, 1, 3}));
  const std::vector<Var> initial = {tape.constant(random_tensor({4, 50}, 2))};
  RNNCall call;
  call.initial_state = initial;
  const auto before = initial[0].to_doubles();
  const auto expected = plain(x, call).to_doubles();
  const auto after = kept(x, call).to_doubles();
  std::size_t unchanged = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    BOOST_TEST((after[i] == before[i] || std::abs(after[i] - expected[i]) < 1e-14));
    if (after[i] == before[i]) ++unchanged;
  }
  BOOST_TEST((unchanged > 30 && unchanged < 90));  // 60 of 200 expected
}

BOOST_AUTO_TEST_SUITE_END()
