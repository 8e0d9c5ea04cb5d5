#include "training_step.h"

#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/stacked_rnn_cells.h>

using namespace recur;
using namespace recur::test;

namespace {

// Enough rows for the steps of small cells to be shared out.
constexpr Index large_batch = 1003;

Outcome train_with(int count, RNN& rnn, const Case& c, const Checkpointing& checkpoint = {}) {
  const int before = threads();
  set_threads(count);
  Outcome outcome = train(rnn, c, checkpoint);
  set_threads(before);
  return outcome;
}

// Threads share out rows and columns. A sum along a row is made in one order by every thread; but a row by itself
// is multiplied in another way than several, so those with few rows may differ by rounding, as may sums over rows: each
// thread makes those of its own. With as many threads everything is the same every time.
void check(const std::string& what, AnyCell cell, const Case& c, const Checkpointing& checkpoint = {}) {
  RNN rnn(std::move(cell), c.options);
  build(rnn, cell_features);
  const double tolerance = c.batch >= large_batch ? 0 : rounding;
  const Outcome expected = train_with(1, rnn, c, checkpoint);
  for (const int count : {2, 3, 4}) {
    const std::string how = what + ", " + std::to_string(count) + " threads: ";
    const Outcome found = train_with(count, rnn, c, checkpoint);
    BOOST_TEST(largest_error(found.outputs, expected.outputs) <= tolerance, how << "outputs");
    BOOST_TEST(largest_error(found.inputs, expected.inputs) <= tolerance, how << "gradients of inputs");
    BOOST_TEST(largest_error(found.parameters, expected.parameters) <= rounding, how << "gradients of parameters");
    const Outcome again = train_with(count, rnn, c, checkpoint);
    BOOST_TEST(largest_error(again.outputs, found.outputs) == 0, how << "outputs, again");
    BOOST_TEST(largest_error(again.inputs, found.inputs) == 0, how << "gradients of inputs, again");
    BOOST_TEST(largest_error(again.parameters, found.parameters) == 0, how << "gradients of parameters, again");
  }
}

// Computes with rows of its own and with others'.
struct CrossingCell {
  static constexpr bool divides_batch = false;
  struct State {
    Var h;
  };
  Parameter kernel{"kernel"};
  Parameter bias{"bias"};

  [[nodiscard]] StateSize state_size() const { return {8}; }
  void build(Builder& build) {
    build(kernel, {build.input_size + 8, 8}, glorot_uniform());
    build(bias, {8}, zeros());
  }
  [[nodiscard]] Step<State> call(Var x, State s) {
    const Var h = s.h;
    const Index rows = h.rows();
    const Var shifted = concat({slice(h, 0, 1, rows - 1), slice(h, 0, 0, 1)}, 0);
    const Var folded = reshape(Var(tanh(h)), {rows * 2, 4});
    const Var first_row = slice(Var(h * 0.5), 0, 0, 1);
    const Var z = matmul(concat({x, Var(sigmoid(h) + shifted)}, -1), kernel) + bias;
    const Var half = slice(Var(z * 2.0), 0, rows / 2, rows - rows / 2);
    const Var pushed = slice(z, 0, 0, rows - rows / 2) + half;
    const Var next = tanh(z) + reshape(folded * folded, {rows, 8}) * 0.1 + first_row + mean(pushed);
    return {next, {next}};
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel, bias); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(threads_of_layers)

BOOST_AUTO_TEST_CASE(every_cell) {
  for (NamedCell& cell : all_cells()) check(cell.name, std::move(cell.cell), {.time = 6, .batch = large_batch});
}

BOOST_AUTO_TEST_CASE(every_cell_with_masks_and_states) {
  for (NamedCell& cell : all_cells())
    check(cell.name, std::move(cell.cell), {.time = 5, .batch = large_batch, .mask = true, .initial_state = true});
}

BOOST_AUTO_TEST_CASE(every_cell_checkpointed) {
  for (NamedCell& cell : all_cells())
    check(cell.name, std::move(cell.cell), {.time = 7, .batch = large_batch}, Checkpointing::steps(3));
}

BOOST_AUTO_TEST_CASE(sequences_that_end_one_after_the_other) {
  for (NamedCell& cell : all_cells()) {
    Case c{.time = 6, .batch = 700};
    for (Index i = 0; i < c.batch; ++i) c.lengths.push_back(i % 100 < 60 ? 6 : i % 100 < 61 ? 1 : 4);
    check(cell.name, std::move(cell.cell), c);
  }
}

BOOST_AUTO_TEST_CASE(units_and_batches_of_many_sizes) {
  for (const Index units : {32, 33, 64, 90})
    for (const Index batch : {1, 3, 7, 16, 37}) {
      const std::string what = std::to_string(units) + " units, batch " + std::to_string(batch);
      check("LSTM, " + what, LSTMCell(units), {.time = 12, .batch = batch});
      check("GRU, " + what, GRUCell(units), {.time = 12, .batch = batch});
    }
}

// What a tape keeps for its threads must not depend on how many there were in the pass before. Once products are large
// enough to be shared, once only the rows of the batch are.
BOOST_AUTO_TEST_CASE(a_tape_that_gets_more_threads) {
  struct Sizes {
    Index units, time, batch;
  };
  const int before = threads();
  for (const auto& [units, time, batch] : {Sizes{100, 12, 33}, Sizes{8, 5, large_batch}}) {
    RNN rnn(LSTMCell(units), {.return_sequences = true});
    build(rnn, cell_features);
    const Tensor<double> x = random_tensor({batch, time, cell_features}, 3);
    const Tensor<double> weights = random_tensor({batch, time, units}, 4);
    const auto step = [&](Tape& tape, int count) {
      set_threads(count);
      const auto learned = parameters(rnn);
      for (const NamedParameter& p : learned) p.parameter->zero_gradient();
      const Var input = tape.input(x);
      const Var y = rnn(input);
      tape.backward(sum(y * tape.constant(weights)));
      Outcome outcome{.outputs = y.to_doubles(), .inputs = input.gradient().to_doubles(), .parameters = {}};
      for (const NamedParameter& p : learned) append(outcome.parameters, p.parameter->gradient.to_doubles());
      tape.reset();
      return outcome;
    };
    Tape first_tape(DType::float64);
    const Outcome alone = step(first_tape, 1);
    Tape tape(DType::float64);
    for (const int count : {2, 3, 1, 4, 2}) {
      const std::string how = std::to_string(units) + " units, " + std::to_string(count) + " threads: ";
      Tape fresh(DType::float64);
      const Outcome expected = step(fresh, count);
      const Outcome found = step(tape, count);
      BOOST_TEST(largest_error(found.outputs, expected.outputs) == 0, how << "outputs");
      BOOST_TEST(largest_error(found.inputs, expected.inputs) == 0, how << "gradients of inputs");
      BOOST_TEST(largest_error(found.parameters, expected.parameters) == 0, how << "gradients of parameters");
      BOOST_TEST(largest_error(found.outputs, alone.outputs) <= rounding, how << "outputs, beside one thread");
      BOOST_TEST(largest_error(found.inputs, alone.inputs) <= rounding, how << "inputs, beside one thread");
      // Sums over all rows and steps in another order.
      BOOST_TEST(largest_error(found.parameters, alone.parameters) <= rounding, how << "parameters, beside one thread");
    }
  }
  set_threads(before);
}

BOOST_AUTO_TEST_CASE(rows_that_meet_in_a_step) {
  check("crossing", CrossingCell(), {.time = 6, .batch = large_batch});
  check("crossing", CrossingCell(), {.time = 6, .batch = large_batch}, Checkpointing::steps(2));
  check("stacked", StackedRNNCells(LSTMCell(8), CrossingCell(), GRUCell(4)), {.time = 6, .batch = large_batch});
}

BOOST_AUTO_TEST_SUITE_END()
