#include "layer_gradients.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/ops/transpose.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/recurrent/bidirectional.h>

#include <deque>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(bidirectional)

BOOST_AUTO_TEST_CASE(gradients) {
  for (const char* mode : {"concat", "sum", "mul", "ave"}) {
    Bidirectional both([] { return GRUCell(3); }, {.return_sequences = true}, mode);
    build(both, 2);
    check_layer_gradient(mode, both, Shape{3, 4, 2});
    check_layer_gradient(mode, both, Shape{3, 4, 2}, {4, 2, 1});
    check_layer_gradient(mode, both, Shape{3, 4, 2}, {2, 0, 3});
  }
}

BOOST_AUTO_TEST_CASE(it_is_forward_and_reversed) {
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
  BOOST_TEST(difference(slice(merged, 2, 4, 4), reverse(backward(reverse(x, 1)), 1)) < 1e-13);
}

// A backward layer of its own, both outputs, times first; the modes from them by hand.
BOOST_AUTO_TEST_CASE(modes_are_what_their_names_say) {
  const auto make = [](const std::string& mode) {
    Bidirectional both(RNN(AnyCell(LSTMCell(3)), {.return_sequences = true, .time_major = true}),
                       RNN(AnyCell(GRUCell(3)), {.return_sequences = true, .go_backwards = true, .time_major = true}),
                       mode);
    build(both, 2);
    return both;
  };
  Tape tape(DType::float64);
  LayerValue input;
  input.value = tape.constant(random_tensor({5, 2, 2}));
  const std::vector<Index> lengths = {3, 5};
  input.lengths = lengths;
  std::deque<Bidirectional> models;  // as long as the tape that refers to their parameters
  const LayerValue two = models.emplace_back(make("")).call(input);
  const Var a = two.value;
  const Var b = two.backward;
  for (const auto& [mode, expected] : {std::pair("sum", Var(a + b)), std::pair("mul", Var(a * b)),
                                       std::pair("ave", Var((a + b) / 2.0)), std::pair("concat", concat({a, b}, -1))}) {
    const LayerValue one = models.emplace_back(make(mode)).call(input);
    BOOST_TEST(!one.backward.defined());
    BOOST_TEST(difference(one.value, expected) < 1e-15, mode);
  }
}

BOOST_AUTO_TEST_CASE(it_wants_opposite_directions) {
  BOOST_CHECK_THROW(Bidirectional(RNN(AnyCell(LSTMCell(2))), RNN(AnyCell(LSTMCell(2)))), ValueError);
  BOOST_CHECK_THROW(Bidirectional([] { return LSTMCell(2); }, {}, "max"), ValueError);
  BOOST_CHECK_EXCEPTION(
      Bidirectional(RNN(AnyCell(LSTMCell(2))), RNN(AnyCell(LSTMCell(3)), {.go_backwards = true}), "sum"), ValueError,
      says<ValueError>("outputs of 2 and 3 units cannot be merged by sum"));
  BOOST_CHECK_EXCEPTION(
      Bidirectional(RNN(AnyCell(LSTMCell(2))), RNN(AnyCell(LSTMCell(2)), {.go_backwards = true, .stateful = true})),
      ValueError, says<ValueError>("must agree in"));
}

BOOST_AUTO_TEST_CASE(it_adds_up_penalties) {
  for (const auto& [forward, backward] : {std::pair(1.0, 0.0), std::pair(0.0, 1.0), std::pair(1.0, 1.0)}) {
    Bidirectional both(RNN(AnyCell(LSTMCell(2)), {.activity_regularizer = l2(forward)}),
                       RNN(AnyCell(GRUCell(2)), {.go_backwards = true, .activity_regularizer = l2(backward)}));
    build(both, 3);
    Tape tape(DType::float64);
    LayerValue input;
    input.value = tape.constant(random_tensor({2, 4, 3}));
    const LayerValue output = both.call(input);
    double expected = 0;
    std::size_t at = 0;
    for (const double y : output.value.to_doubles()) expected += (at++ % 4 < 2 ? forward : backward) * y * y;
    BOOST_TEST(std::abs(output.penalty.item() - expected) < 1e-14);
  }
}

BOOST_AUTO_TEST_CASE(it_says_how_many_states_it_takes) {
  Bidirectional both(RNN(AnyCell(LSTMCell(2))), RNN(AnyCell(GRUCell(2)), {.go_backwards = true}));
  build(both, 3);
  Tape tape(DType::float64);
  const std::vector<Var> two(2, tape.zeros({1, 2}));
  RNNCall call;
  call.initial_state = two;
  BOOST_CHECK_EXCEPTION((void)both(tape.zeros({1, 4, 3}), call), ShapeError, [](const ShapeError& error) {
    return std::string(error.what()).find("2 initial states given, the forward layer has 2 and the backward layer 1") !=
           std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
