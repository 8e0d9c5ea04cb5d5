#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/linear.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/ops/transpose.h>
#include <recur/layers/bidirectional.h>
#include <recur/layers/gru_cell.h>
#include <recur/layers/lstm_cell.h>
#include <recur/layers/residual_cell.h>
#include <recur/layers/simple_rnn_cell.h>

using namespace recur;
using namespace recur::test;

namespace {

// Another order of the same sums: products of all steps at once, or step by step.
constexpr double rounding = 1e-13;

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

// Adds twice the constant to its input, and counts how often the constant is doubled.
struct PreparingCell {
  struct State {
    Var h;
  };
  static constexpr bool takes_constants = true;
  int* times;
  [[nodiscard]] StateSize state_size() const { return 2; }
  [[nodiscard]] Index prepared_count() const { return 1; }
  void prepare(std::span<const Var> constants, std::span<Var> prepared) const {
    ++*times;
    prepared[0] = 2 * constants[0];
  }
  [[nodiscard]] Step<State> call(Var x, State, const CellContext& context) const {
    const Var y = x + context.prepared[0];
    return {y, {y}};
  }
};

// What a message must contain.
template <class E = Error>
auto says(std::string text) {
  return [text](const E& error) {
    const bool found = std::string(error.what()).find(text) != std::string::npos;
    if (!found) BOOST_TEST_MESSAGE("message: " << error.what());
    return found;
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rnn)

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

BOOST_AUTO_TEST_CASE(stateful_calls_are_one_call) {
  RNN whole(AnyCell(StackedRNNCells(LSTMCell(4), GRUCell(3))), {.return_sequences = true});
  RNN parts(AnyCell(StackedRNNCells(LSTMCell(4), GRUCell(3))), {.return_sequences = true, .stateful = true});
  build(whole, 3);
  build(parts, 3);
  copy_parameters(whole, parts);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 6, 3}));
  const Var all = whole(x);
  const Var begin = parts(slice(x, 1, 0, 2));
  const Var end = parts(slice(x, 1, 2, 4));
  BOOST_TEST(difference(slice(all, 1, 0, 2), begin) < rounding);
  BOOST_TEST(difference(slice(all, 1, 2, 4), end) < rounding);
  parts.reset_states();
  BOOST_TEST(difference(parts(slice(x, 1, 0, 2)), begin) == 0);
  BOOST_CHECK_EXCEPTION((void)parts(tape.zeros({3, 2, 3})), StateError, says<StateError>("batch size 2, now 3"));
}

BOOST_AUTO_TEST_CASE(lengths_are_a_mask) {
  for (const bool backwards : {false, true}) {
    RNN rnn(AnyCell(StackedRNNCells(LSTMCell(4), GRUCell(3))),
            {.return_sequences = true, .return_state = true, .go_backwards = backwards, .zero_output_for_mask = true});
    build(rnn, 3);
    Tape tape(DType::float64);
    const Var x = tape.constant(random_tensor({3, 4, 3}));
    const std::vector<Index> lengths = {2, 4, 1};
    RNNCall by_lengths;
    by_lengths.lengths = lengths;
    RNNCall by_mask;
    by_mask.mask = tape.constant(Tensor<double>({3, 4}, {1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0}));
    const auto a = rnn.call(x, by_lengths);
    const auto b = rnn.call(x, by_mask);
    // Backwards, a mask skips the padding first, lengths begin at the last valid step: states are alike, places are not.
    if (!backwards) BOOST_TEST(difference(a.output, b.output) < rounding);
    for (std::size_t i = 0; i < a.states.size(); ++i) BOOST_TEST(difference(a.states[i], b.states[i]) < rounding);
  }
}

BOOST_AUTO_TEST_CASE(an_empty_sequence_keeps_its_state) {
  for (const bool sequences : {false, true}) {
    RNN rnn(AnyCell(StackedRNNCells(LSTMCell(4), GRUCell(3))),
            {.return_sequences = sequences, .return_state = true, .zero_output_for_mask = true});
    build(rnn, 3);
    Tape tape(DType::float64);
    const Var x = tape.constant(random_tensor({3, 4, 3}));
    const std::vector<Var> initial = {tape.constant(random_tensor({3, 4}, 2)), tape.constant(random_tensor({3, 4}, 3)),
                                      tape.constant(random_tensor({3, 3}, 4))};
    const std::vector<Index> lengths = {0, 4, 0};
    RNNCall by_lengths;
    by_lengths.lengths = lengths;
    by_lengths.initial_state = initial;
    RNNCall by_mask;
    by_mask.mask = tape.constant(Tensor<double>({3, 4}, {0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0}));
    by_mask.initial_state = initial;
    const auto a = rnn.call(x, by_lengths);
    const auto b = rnn.call(x, by_mask);
    BOOST_TEST(difference(a.output, b.output) < rounding);
    for (std::size_t i = 0; i < a.states.size(); ++i) {
      BOOST_TEST(difference(a.states[i], b.states[i]) < rounding);
      for (const Index row : {0, 2})
        BOOST_TEST(difference(slice(a.states[i], 0, row, 1), slice(initial[i], 0, row, 1)) == 0);
    }
    const std::vector<Index> none = {0, 0, 0};
    by_lengths.lengths = none;
    BOOST_CHECK_EXCEPTION((void)rnn(x, by_lengths), ValueError, says<ValueError>("all 3 lengths are 0"));
  }
}

BOOST_AUTO_TEST_CASE(constants_are_prepared_once_a_sequence) {
  int times = 0;
  RNN rnn(AnyCell(StackedRNNCells(ResidualCell(PreparingCell{&times}), PreparingCell{&times})));
  Builder builder(2, DType::float64, Generator(1));
  rnn.build(builder);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({3, 5, 2}));
  const std::vector<Var> constants = {tape.constant(Tensor<double>({3, 2}, {1, 2, 3, 4, 5, 6}))};
  const std::vector<Index> lengths = {2, 5, 3};
  RNNCall call;
  call.constants = constants;
  call.lengths = lengths;
  const auto output = rnn(x, call).to_doubles();
  BOOST_TEST(times == 2);  // two such cells
  const auto given = x.to_doubles();
  for (std::size_t b = 0; b < 3; ++b)
    for (std::size_t f = 0; f < 2; ++f) {
      const auto last = static_cast<std::size_t>(lengths[b]) - 1;
      const double twice = 2 * static_cast<double>(2 * b + f + 1);
      BOOST_TEST(std::abs(output[2 * b + f] - (2 * given[(b * 5 + last) * 2 + f] + 2 * twice)) < rounding);
    }
}

BOOST_AUTO_TEST_CASE(bidirectional_is_forward_and_reversed) {
  Bidirectional both([] { return LSTMCell(4); }, {.return_sequences = true});
  build(both, 3);
  RNN forward(AnyCell(LSTMCell(4)), {.return_sequences = true});
  RNN backward(AnyCell(LSTMCell(4)), {.return_sequences = true});
  build(forward, 3);
  build(backward, 3);
  copy_parameters(both.config().layer, forward);
  copy_parameters(both.config().backward_layer, backward);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 5, 3}));
  const Var merged = both(x);
  BOOST_TEST(difference(slice(merged, 2, 0, 4), forward(x)) == 0);
  BOOST_TEST(difference(slice(merged, 2, 4, 4), reverse(backward(reverse(x, 1)), 1)) < rounding);
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

BOOST_AUTO_TEST_CASE(states_can_be_set) {
  RNN given(AnyCell(StackedRNNCells(LSTMCell(4), GRUCell(3))), {.stateful = true});
  RNN plain(AnyCell(StackedRNNCells(LSTMCell(4), GRUCell(3))));
  build(given, 3);
  build(plain, 3);
  copy_parameters(given, plain);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 5, 3}));
  const std::array<Array, 3> states = {Array(random_tensor({2, 4}, 2)), Array(random_tensor({2, 4}, 3)),
                                       Array(random_tensor({2, 3}, 4))};
  std::vector<Var> values;
  for (const Array& state : states) values.push_back(tape.constant(state));
  RNNCall call;
  call.initial_state = values;
  for (int time = 0; time < 2; ++time) {  // the first time there is nothing stored yet
    given.reset_states(states);
    BOOST_TEST(difference(given(x), plain(x, call)) == 0);
  }
  // An explicit state comes first, and the final ones are stored all the same.
  const auto before = given.states()[0].to_doubles();
  BOOST_TEST(difference(given(x, call), plain(x, call)) == 0);
  BOOST_TEST(given.states()[0].to_doubles() == before, boost::test_tools::per_element());
  BOOST_CHECK_EXCEPTION(given.reset_states(std::span<const Array>(states).first(2)), ShapeError,
                        says<ShapeError>("2 states given, the cell has 3"));
  const std::array<Array, 3> wrong = {Array(random_tensor({2, 4})), Array(random_tensor({2, 3})),
                                      Array(random_tensor({2, 3}))};
  BOOST_CHECK_EXCEPTION(given.reset_states(wrong), ShapeError, says<ShapeError>("state 1 has shape [2, 3]"));
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

BOOST_AUTO_TEST_CASE(errors_name_what_is_wrong) {
  RNN rnn(AnyCell(LSTMCell(4)));
  build(rnn, 3);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 5, 3}));
  BOOST_CHECK_EXCEPTION((void)rnn(tape.zeros({2, 3})), ShapeError, says<ShapeError>("[batch, time, features]"));
  BOOST_CHECK_EXCEPTION((void)rnn(tape.zeros({2, 0, 3})), ShapeError, says<ShapeError>("at least one step"));
  const std::vector<Var> one_state = {tape.zeros({2, 4})};
  RNNCall call;
  call.initial_state = one_state;
  BOOST_CHECK_EXCEPTION((void)rnn(x, call), ShapeError, says<ShapeError>("1 initial states given, the cell has 2"));
  const std::vector<Var> wrong = {tape.zeros({2, 4}), tape.zeros({2, 3})};
  call.initial_state = wrong;
  BOOST_CHECK_EXCEPTION((void)rnn(x, call), ShapeError, says<ShapeError>("state 1 has shape [2, 3], expected [2, 4]"));
  RNNCall constants;
  constants.constants = one_state;
  BOOST_CHECK_EXCEPTION((void)rnn(x, constants), ValueError, says<ValueError>("takes none"));
  const std::vector<Index> lengths = {5, 6};
  RNNCall ragged;
  ragged.lengths = lengths;
  BOOST_CHECK_EXCEPTION((void)rnn(x, ragged), ValueError, says<ValueError>("length 6 of sequence 1"));
  BOOST_CHECK_THROW(rnn.reset_states(), StateError);
  BOOST_CHECK_EXCEPTION(StackedRNNCells(std::vector<AnyCell>{}), ValueError, says<ValueError>("empty"));
  std::vector<AnyCell> hole(2);
  hole[0] = LSTMCell(2);
  BOOST_CHECK_EXCEPTION(StackedRNNCells(std::move(hole)), ValueError, says<ValueError>("element 1 of 2"));
}

BOOST_AUTO_TEST_SUITE_END()
