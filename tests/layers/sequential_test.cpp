#include "layer_gradients.h"

#include <recur/framework/expr/fuse.h>
#include <recur/layers/cells/attention_cell.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/layer_normalization.h>
#include <recur/layers/masking.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>
#include <recur/layers/time_distributed.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(sequential)

BOOST_AUTO_TEST_CASE(gradients) {
  Sequential model(LSTM(3, {}, {.return_sequences = true}), LayerNormalization(), TimeDistributed(Dense(2)), GRU(2));
  build(model, 2);
  check_layer_gradient("Sequential", model, Shape{2, 4, 2});
}

BOOST_AUTO_TEST_CASE(it_names_parameters) {
  Sequential model(LSTM(3, {}, {.return_sequences = true}), Dense(2), Dense(1));
  build(model, 2);
  const auto list = parameters(model);
  BOOST_TEST(list.front().path == "lstm/kernel");
  BOOST_TEST(list.back().path == "dense_1/bias");
}

BOOST_AUTO_TEST_CASE(masking_skips_steps) {
  Sequential model(Masking(-1), LSTM(3));
  LSTM bare(3);
  build(model, 2);
  build(bare, 2);
  copy_parameters(model, bare);
  Tape tape(DType::float64);
  const Var padded = tape.constant(Tensor<double>({1, 4, 2}, {0.5, 1, -1, -1, 2, -1, -1, -1}));
  const Var plain = tape.constant(Tensor<double>({1, 2, 2}, {0.5, 1, 2, -1}));
  BOOST_TEST(difference(model(padded), bare(plain)) < 1e-14);
}

BOOST_AUTO_TEST_CASE(layer_normalization_takes_the_last_axis) {
  Tape tape(DType::float64);
  for (const int axis : {-1, 2}) {
    LayerNormalization layer({.axis = axis});
    build(layer, 3);
    BOOST_TEST((layer(tape.zeros({2, 4, 3})).shape() == Shape{2, 4, 3}));
  }
  LayerNormalization other({.axis = 1});
  build(other, 3);
  BOOST_CHECK_THROW((void)other(tape.zeros({2, 4, 3})), ValueError);
}

BOOST_AUTO_TEST_CASE(initial_states_reach_the_first_recurrent_layer) {
  Sequential model(LayerNormalization(), LSTM(3, {}, {.return_sequences = true, .return_state = true}), GRU(2),
                   Dense(1));
  build(model, 2);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 4, 2}));
  const std::vector<Var> states = {tape.constant(random_tensor({2, 3}, 2)), tape.constant(random_tensor({2, 3}, 3))};
  LayerValue input;
  input.value = x;
  input.initial_state = states;
  const LayerValue output = model.call(input);
  auto& layers = model.layers();
  RNNCall call;
  call.initial_state = states;
  const RNNResult lstm = layers[1].as<LSTM>().call(layers[0].as<LayerNormalization>()(x), call);
  BOOST_TEST(difference(output.value, layers[3].as<Dense>()(layers[2].as<GRU>()(lstm.output))) < 1e-14);
  BOOST_REQUIRE_EQUAL(output.states.size(), 2U);  // handed on by the layers after it
  BOOST_TEST(difference(output.states[1], lstm.states[1]) < 1e-14);

  Sequential none(Dense(1));
  build(none, 2);
  BOOST_CHECK_EXCEPTION((void)none.call(input), ValueError, says<ValueError>("no recurrent layer to take them"));
}

BOOST_AUTO_TEST_CASE(any_layer_may_have_an_activity_regularizer) {
  std::vector<AnyLayer> layers;
  layers.emplace_back(LayerNormalization());
  layers.emplace_back(LSTM(3, {}, {.activity_regularizer = l1(0.25)}));
  layers[0]->activity_regularizer = l2(0.5);
  Sequential model(std::move(layers));
  build(model, 2);
  Tape tape(DType::float64);
  LayerValue input;
  input.value = tape.constant(random_tensor({2, 4, 2}));
  const LayerValue output = model.call(input);
  double expected = 0;
  for (const double v : model.layers()[0]->call(input).value.to_doubles()) expected += 0.5 * v * v;
  for (const double v : output.value.to_doubles()) expected += 0.25 * std::abs(v);
  BOOST_TEST(std::abs(output.penalty.item() - expected) < 1e-13);
}

BOOST_AUTO_TEST_SUITE_END()
