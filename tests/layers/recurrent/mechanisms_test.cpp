// Each mechanism of the tape switched off: the same numbers, to the bit where no sum changes its order, to rounding
// elsewhere.
#include "training_step.h"

#include <recur/framework/threads/parallel.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/peephole_lstm_cell.h>
#include <recur/layers/cells/stacked_rnn_cells.h>

using namespace recur;
using namespace recur::test;

namespace {

struct Numbers {
  std::vector<double> outputs;
  std::vector<double> inputs;
  std::vector<double> parameters;
  std::size_t records = 0;
};

Numbers step(const Mechanisms& mechanisms) {
  RNN rnn(StackedRNNCells(LSTMCell(17), GRUCell(9), PeepholeLSTMCell(8)), {.return_sequences = true});
  build(rnn, cell_features);
  Tape tape(DType::float64);
  tape.mechanisms() = mechanisms;
  const Var x = tape.input(random_tensor({6, 9, cell_features}, 3));
  const Var y = rnn(x);
  tape.backward(sum(y * y));
  Numbers numbers{y.to_doubles(), x.gradient().to_doubles(), {}, tape.size()};
  for (const NamedParameter& p : parameters(rnn)) append(numbers.parameters, p.parameter->gradient.to_doubles());
  return numbers;
}

constexpr Mechanisms none{false, false, false, false, false, false};

void check(const Mechanisms& mechanisms, double tolerance, const char* what) {
  const Numbers expected = step(none);
  const Numbers found = step(mechanisms);
  BOOST_TEST(largest_error(found.outputs, expected.outputs) <= tolerance, what << ": outputs");
  BOOST_TEST(largest_error(found.inputs, expected.inputs) <= tolerance, what << ": gradients of inputs");
  BOOST_TEST(largest_error(found.parameters, expected.parameters) <= tolerance, what << ": gradients of parameters");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mechanisms)

BOOST_AUTO_TEST_CASE(overwritten_operands_change_no_bit) {
  Mechanisms on = none;
  on.overwrite_operands = true;
  check(on, 0, "overwrite_operands");
}

BOOST_AUTO_TEST_CASE(placed_outputs_change_no_bit) {
  Mechanisms on = none;
  on.place_outputs = true;
  check(on, 0, "place_outputs");
}

BOOST_AUTO_TEST_CASE(packed_weights_change_rounding_at_most) {
  Mechanisms on = none;
  on.pack_weights = true;
  check(on, rounding, "pack_weights");
}

BOOST_AUTO_TEST_CASE(hoisted_products_change_rounding_at_most) {
  Mechanisms on = none;
  on.hoist_products = true;
  check(on, rounding, "hoist_products");
}

BOOST_AUTO_TEST_CASE(collected_weight_gradients_change_rounding_at_most) {
  Mechanisms on = none;
  on.collect_weight_gradients = true;
  check(on, rounding, "collect_weight_gradients");
}

BOOST_AUTO_TEST_CASE(a_divided_batch_changes_rounding_at_most) {
  const int before = threads();
  set_threads(3);
  Mechanisms on = none;
  on.divide_batch = true;
  check(on, rounding, "divide_batch");
  BOOST_TEST(step(on).records < step(none).records);  // the records are on the tapes of the shares
  set_threads(before);
}

BOOST_AUTO_TEST_CASE(all_together_change_rounding_at_most) { check({}, rounding, "all"); }

BOOST_AUTO_TEST_SUITE_END()
