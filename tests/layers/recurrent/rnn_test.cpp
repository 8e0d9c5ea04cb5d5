#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/ops/transpose.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/residual_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>

using namespace recur;
using namespace recur::test;

namespace {

// Another order of the same sums: products of all steps at once, or step by step.
constexpr double rounding = 1e-13;

// Adds twice the constant to its input, and counts how often the constant is doubled.
struct PreparingCell {
  struct State {
    Var h;
  };
  static constexpr bool takes_constants = true;
  static constexpr bool divides_batch = false;  // it counts
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

// Makes more values at some steps than at others, and at one hands on its input.
struct UnevenCell {
  struct State {
    Var h;
  };
  static constexpr bool divides_batch = false;  // it counts
  int* steps;
  [[nodiscard]] StateSize state_size() const { return 3; }
  [[nodiscard]] Step<State> call(Var x, State s) const {
    const int step = (*steps)++;
    if (step == 4) return {x, s};
    Var h = tanh(0.5 * x + s.h);
    if (step % 3 == 2) h = 0.9 * h;
    return {h, {h}};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(rnn)

// Outputs are told to lie where the sequence is; the one that is an input does not.
BOOST_AUTO_TEST_CASE(steps_that_are_not_alike) {
  int steps = 0;
  RNN layer(AnyCell(UnevenCell{&steps}), {.return_sequences = true});
  build(layer, 3);
  check_derivatives("uneven steps",
                    [&](Tape&, std::span<const Var> x) {
                      steps = 0;
                      return layer(x[0]);
                    },
                    {Shape{2, 8, 3}}, {});
  steps = 0;
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 8, 3}));
  const Var y = layer(x);
  BOOST_TEST(difference(slice(y, 1, 4, 1), slice(x, 1, 4, 1)) == 0);
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

// The second call's gradients are those of a call that starts from constants.
BOOST_AUTO_TEST_CASE(gradients_do_not_cross_calls) {
  RNN stateful(AnyCell(StackedRNNCells(LSTMCell(4), GRUCell(3))), {.return_state = true, .stateful = true});
  RNN plain(AnyCell(StackedRNNCells(LSTMCell(4), GRUCell(3))));
  build(stateful, 2);
  build(plain, 2);
  copy_parameters(stateful, plain);
  Tape tape(DType::float64);
  const Var first = tape.input(Array(random_tensor({2, 3, 2})));
  const Var second = tape.input(Array(random_tensor({2, 3, 2}, 2)));
  const RNNResult before = stateful.call(first);
  std::vector<Var> constants;
  for (const Var state : before.states) {
    Array value(state.shape(), DType::float64);
    state.copy_to(value);
    constants.push_back(tape.constant(value));
  }
  tape.backward(sum(stateful(second)));
  for (const double g : first.gradient().to_doubles()) BOOST_TEST(g == 0);
  const auto of_second = second.gradient().to_doubles();

  Tape other(DType::float64);
  const Var x = other.input(Array(random_tensor({2, 3, 2}, 2)));
  std::vector<Var> initial;
  for (const Var constant : constants) {
    Array value(constant.shape(), DType::float64);
    constant.copy_to(value);
    initial.push_back(other.constant(value));
  }
  RNNCall call;
  call.initial_state = initial;
  other.backward(sum(plain(x, call)));
  BOOST_TEST(x.gradient().to_doubles() == of_second, boost::test_tools::per_element());
  const auto a = parameters(stateful);
  const auto b = parameters(plain);
  for (std::size_t i = 0; i < a.size(); ++i)
    BOOST_TEST(a[i].parameter->gradient.to_doubles() == b[i].parameter->gradient.to_doubles(),
               boost::test_tools::per_element());
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
    // Backwards, a mask skips the padding first, lengths begin at the last valid step: states are alike, places are
    // not.
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

// Times first, in and out; unrolling changes nothing.
BOOST_AUTO_TEST_CASE(time_major_is_the_transpose) {
  for (const bool sequences : {true, false}) {
    const RNNOptions options{.return_sequences = sequences, .go_backwards = true, .zero_output_for_mask = true};
    RNNOptions turned = options;
    turned.time_major = turned.unroll = true;
    RNN batches(AnyCell(StackedRNNCells(LSTMCell(4), GRUCell(3))), options);
    RNN times(AnyCell(StackedRNNCells(LSTMCell(4), GRUCell(3))), turned);
    build(batches, 3);
    build(times, 3);
    copy_parameters(batches, times);
    Tape tape(DType::float64);
    const Var x = tape.constant(random_tensor({2, 5, 3}));
    const Var mask = tape.constant(Tensor<double>({2, 5}, {0, 1, 1, 0, 1, 1, 1, 1, 0, 0}));
    const std::vector<Index> lengths = {3, 5};
    for (const bool masked : {true, false}) {
      RNNCall call;
      RNNCall call_turned;
      if (masked) {
        call.mask = mask;
        call_turned.mask = transpose(mask);
      } else {
        call.lengths = call_turned.lengths = lengths;
      }
      const Var y = times(transpose(x, 0, 1), call_turned);
      BOOST_TEST(difference(batches(x, call), sequences ? transpose(y, 0, 1) : y) < rounding);
    }
  }
}

// Before the first valid step the output is zeros, whatever the initial state; a row without one keeps its state.
BOOST_AUTO_TEST_CASE(masked_steps_repeat_or_are_zeros) {
  for (const bool zeros : {true, false}) {
    RNN rnn(AnyCell(GRUCell(2)), {.return_sequences = true, .return_state = true, .zero_output_for_mask = zeros});
    build(rnn, 1);
    Tape tape(DType::float64);
    const std::vector<Var> initial = {tape.constant(random_tensor({2, 2}, 3))};
    RNNCall call;
    call.initial_state = initial;
    call.mask = tape.constant(Tensor<double>({2, 4}, {0, 1, 0, 1, 0, 0, 0, 0}));
    const RNNResult result = rnn.call(tape.constant(random_tensor({2, 4, 1})), call);
    const auto y = result.output.to_doubles();
    const auto state = result.states[0].to_doubles();
    const auto start = initial[0].to_doubles();
    for (std::size_t u = 0; u < 2; ++u) {
      BOOST_TEST(y[u] == 0);
      BOOST_TEST(y[4 + u] == (zeros ? 0 : y[2 + u]));
      BOOST_TEST(y[6 + u] == state[u]);
      for (std::size_t t = 0; t < 4; ++t) BOOST_TEST(y[8 + 2 * t + u] == 0);
      BOOST_TEST(state[2 + u] == start[2 + u]);
    }
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

BOOST_AUTO_TEST_CASE(errors_name_what_is_wrong) {
  RNN rnn(AnyCell(LSTMCell(4)));
  build(rnn, 3);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 5, 3}));
  BOOST_CHECK_EXCEPTION((void)rnn(tape.zeros({2, 3})), ShapeError,
                        says<ShapeError>("[batch, time, features] is expected (set return_sequences"));
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
  RNNCall both;
  const std::vector<Index> right = {5, 4};
  both.lengths = right;
  both.mask = tape.filled({2, 5}, 1);
  BOOST_CHECK_EXCEPTION((void)rnn(x, both), ValueError, says<ValueError>("a mask or lengths, not both"));
  RNNCall turned;
  turned.mask = tape.filled({5, 2}, 1);
  BOOST_CHECK_EXCEPTION((void)rnn(x, turned), ShapeError, says<ShapeError>("mask [5, 2] where [2, 5] is expected"));
  BOOST_CHECK_THROW(rnn.reset_states(), StateError);
}

BOOST_AUTO_TEST_SUITE_END()
