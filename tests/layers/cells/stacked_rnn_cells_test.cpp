#include "cell_gradients.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/residual_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>

using namespace recur;
using namespace recur::test;

namespace {

// A cell of a user's own: a hidden state and a count of the steps.
struct CountingCell {
  struct State {
    Var h;
    Var count;
  };
  Index units = 3;
  Parameter kernel{"kernel"};
  [[nodiscard]] StateSize state_size() const { return {units, 1}; }
  void build(Builder& build) { build(kernel, {build.input_size, units}, glorot_uniform()); }
  void visit(ParameterVisitor& v) { v(kernel); }
  [[nodiscard]] Step<State> call(Var x, State s) {
    const Var h = tanh(Var(matmul(x, kernel)) + s.h);
    return {h, {h, s.count + 1.0}};
  }
};

// Starts with something else than zeros.
struct StartingCell {
  struct State {
    Var h;
  };
  [[nodiscard]] StateSize state_size() const { return 2; }
  [[nodiscard]] State get_initial_state(Tape& tape, Index batch) const { return {tape.filled({batch, 2}, 0.5)}; }
  [[nodiscard]] Step<State> call(Var /*x*/, State s) const { return {s.h, s}; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(stacked_rnn_cells)

BOOST_AUTO_TEST_CASE(gradients) {
  check_cell_gradients("mixed, nested", [] {
    return StackedRNNCells(LSTMCell(4), StackedRNNCells(GRUCell(3), SimpleRNNCell(2)), CountingCell{});
  });
  check_cell_gradients("reversed states", [] {
    std::vector<AnyCell> cells;
    cells.emplace_back(LSTMCell(4));
    cells.emplace_back(GRUCell(3));
    return StackedRNNCells(std::move(cells), true);
  });
  check_cell_gradients("dropout", [] {
    return StackedRNNCells(LSTMCell(4, dropping(LSTMCellOptions{}, 1)), GRUCell(3, dropping(GRUCellOptions{}, 2)));
  });
}

BOOST_AUTO_TEST_CASE(stack_of_one_is_the_cell) {
  RNN one(AnyCell(LSTMCell(4)), {.return_sequences = true, .return_state = true});
  std::vector<AnyCell> list;
  list.emplace_back(LSTMCell(4));
  RNN stack(std::move(list), {.return_sequences = true, .return_state = true});
  build(one, 3);
  build(stack, 3);
  copy_parameters(one, stack);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 5, 3}));
  const auto a = one.call(x);
  const auto b = stack.call(x);
  BOOST_TEST(difference(a.output, b.output) == 0);
  for (std::size_t i = 0; i < 2; ++i) BOOST_TEST(difference(a.states[i], b.states[i]) == 0);
}

BOOST_AUTO_TEST_CASE(stack_is_layers_in_a_row) {
  RNN stack(AnyCell(StackedRNNCells(LSTMCell(4), GRUCell(3), SimpleRNNCell(2))), {.return_state = true});
  RNN first(AnyCell(LSTMCell(4)), {.return_sequences = true, .return_state = true});
  RNN second(AnyCell(GRUCell(3)), {.return_sequences = true, .return_state = true});
  RNN third(AnyCell(SimpleRNNCell(2)), {.return_state = true});
  build(stack, 3);
  auto cells = stack.cell()->stacked();
  build(first, 3);
  build(second, 4);
  build(third, 3);
  copy_parameters(cells[0], first);
  copy_parameters(cells[1], second);
  copy_parameters(cells[2], third);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 5, 3}));
  const auto all = stack.call(x);
  const auto a = first.call(x);
  const auto b = second.call(a.output);
  const auto c = third.call(b.output);
  BOOST_TEST(difference(all.output, c.output) == 0);
  BOOST_TEST(difference(all.states[1], a.states[1]) == 0);
  BOOST_TEST(difference(all.states[2], b.states[0]) == 0);
  BOOST_TEST(difference(all.states[3], c.states[0]) == 0);
}

// Of inner cells all outputs count, of the last one what is handed out.
BOOST_AUTO_TEST_CASE(penalties_are_those_of_layers_in_a_row) {
  for (const bool sequences : {true, false}) {
    AnyCell inner = LSTMCell(4);
    inner->activity_regularizer = l1_l2(0.5, 2);
    AnyCell outer = GRUCell(3);
    outer->activity_regularizer = l1(3);
    std::vector<AnyCell> cells;
    cells.push_back(std::move(inner));
    cells.push_back(std::move(outer));
    RNN stack(AnyCell(StackedRNNCells(std::move(cells))), {.return_sequences = sequences});
    RNN first(AnyCell(LSTMCell(4)), {.return_sequences = true, .activity_regularizer = l1_l2(0.5, 2)});
    RNN second(AnyCell(GRUCell(3)), {.return_sequences = sequences, .activity_regularizer = l1(3)});
    build(stack, 3);
    build(first, 3);
    build(second, 4);
    copy_parameters(stack.cell()->stacked()[0], first);
    copy_parameters(stack.cell()->stacked()[1], second);
    Tape tape(DType::float64);
    const Var x = tape.constant(random_tensor({2, 5, 3}));
    const RNNResult a = first.call(x);
    const RNNResult b = second.call(a.output);
    BOOST_TEST(std::abs(stack.call(x).penalty.item() - a.penalty.item() - b.penalty.item()) < 1e-13);
  }
  AnyCell penalized = LSTMCell(3);
  penalized->activity_regularizer = l2(1);
  BOOST_CHECK_EXCEPTION(ResidualCell(StackedRNNCells(std::move(penalized), LSTMCell(3))), ValueError,
                        says<ValueError>("give it to the ResidualCell instead"));
}

BOOST_AUTO_TEST_CASE(static_list_is_the_list_made_at_run_time) {
  StackedRNNCells fixed{LSTMCell(4), GRUCell(3)};
  std::vector<AnyCell> list;
  list.emplace_back(LSTMCell(4));
  list.emplace_back(GRUCell(3));
  StackedRNNCells made(std::move(list));
  BOOST_TEST((fixed.state_size() == made.state_size()));
  BOOST_TEST(to_string(fixed.state_size()) == "((4, 4), 3)");
  BOOST_TEST(to_string(StackedRNNCells(StackedRNNCells(LSTMCell(4), GRUCell(3)), SimpleRNNCell(2)).state_size()) ==
             "(((4, 4), 3), 2)");
  BOOST_TEST(made.output_size() == 3);
}

BOOST_AUTO_TEST_CASE(states_to_start_with) {
  for (const bool reversed : {false, true}) {
    std::vector<AnyCell> cells;
    cells.emplace_back(LSTMCell(4));
    cells.emplace_back(StartingCell{});
    StackedRNNCells stack(std::move(cells), reversed);
    Tape tape(DType::float64);
    const auto by_batch = stack.get_initial_state(tape, 3);
    const auto by_inputs = stack.get_initial_state(tape.zeros({3, 7, 2}));
    BOOST_REQUIRE_EQUAL(by_batch.size(), 3U);
    const std::size_t own = reversed ? 0 : 2;
    for (std::size_t i = 0; i < 3; ++i) {
      BOOST_TEST((by_batch[i].shape() == Shape{3, i == own ? 2 : 4}));
      for (const double value : by_batch[i].to_doubles()) BOOST_TEST(value == (i == own ? 0.5 : 0));
      BOOST_TEST(difference(by_batch[i], by_inputs[i]) == 0);
    }
    BOOST_CHECK_THROW((void)stack.get_initial_state(tape.zeros({3})), ShapeError);
  }
}

BOOST_AUTO_TEST_CASE(cells_of_ones_own) {
  RNN alone(AnyCell(CountingCell{}), {.return_state = true});
  build(alone, 2);
  RNN stacked(AnyCell(StackedRNNCells(LSTMCell(4), CountingCell{}, GRUCell(2))), {.return_state = true});
  build(stacked, 2);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 5, 2}));
  BOOST_TEST(alone.call(x).states[1].to_doubles()[0] == 5);
  BOOST_TEST(stacked.call(x).states[3].to_doubles()[1] == 5);
  BOOST_TEST(to_string(stacked.cell()->state_size()) == "((4, 4), (3, 1), 2)");
}

BOOST_AUTO_TEST_CASE(errors_name_the_element) {
  BOOST_CHECK_EXCEPTION(StackedRNNCells(std::vector<AnyCell>{}), ValueError, says<ValueError>("empty"));
  std::vector<AnyCell> hole(2);
  hole[0] = LSTMCell(2);
  BOOST_CHECK_EXCEPTION(StackedRNNCells(std::move(hole)), ValueError, says<ValueError>("element 1 of 2"));
  // A config's list is read by the registry: config_test has what it says of elements that are no cells.
}

BOOST_AUTO_TEST_SUITE_END()
