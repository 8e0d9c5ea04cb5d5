#include "layer_gradients.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/recurrent/bidirectional.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>
#include <recur/layers/time_distributed.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(time_distributed)

BOOST_AUTO_TEST_CASE(gradients) {
  TimeDistributed sentences{LSTM(3)};
  build(sentences, 2);
  check_layer_gradient("LSTM of each element", sentences, Shape{2, 3, 4, 2});
}

// An RNN over words in each sentence of a text, with padding of words and of sentences.
BOOST_AUTO_TEST_CASE(a_recurrent_model_of_ids_at_each_step) {
  EmbeddingOptions masked;
  masked.mask_zero = true;
  TimeDistributed texts(AnyLayer(Sequential(Embedding(6, 2, masked), LSTM(3, {}, {.return_state = true}))));
  build(texts, 1);
  auto& sentence = texts.config().layer.as<Sequential>();
  Tape tape(DType::float64);
  const std::vector<std::int32_t> ids = {1, 2, 0, 3, 4, 5, 0, 0, 0, 2, 2, 0};
  LayerValue input;
  input.tape = &tape;
  input.ids = ids;
  input.ids_shape = {2, 2, 3};
  input.mask = tape.constant(Tensor<double>({2, 2}, {1, 1, 0, 1}));
  const LayerValue output = texts.call(input);
  BOOST_TEST((output.value.shape() == Shape{2, 2, 3}));
  BOOST_TEST((output.states[1].shape() == Shape{2, 2, 3}));
  BOOST_TEST(difference(output.mask, input.mask) == 0);
  const Var each = sentence(tape, ids, {4, 3});
  BOOST_TEST(difference(reshape(output.value, {4, 3}), each) < 1e-14);
  BOOST_TEST((texts.output_shape({2, 2, 3}) == Shape{2, 2, 3}));
}

BOOST_AUTO_TEST_CASE(a_mask_of_inner_steps_goes_to_the_layer) {
  TimeDistributed sentences{LSTM(3)};
  LSTM alone(3);
  build(sentences, 2);
  build(alone, 2);
  copy_parameters(sentences, alone);
  Tape tape(DType::float64);
  LayerValue input;
  input.value = tape.constant(random_tensor({2, 2, 3, 2}));
  input.mask = tape.constant(Tensor<double>({2, 2, 3}, {1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1}));
  const LayerValue output = sentences.call(input);
  RNNCall call;
  call.mask = reshape(input.mask, {4, 3});
  BOOST_TEST(difference(reshape(output.value, {4, 3}), alone(reshape(input.value, {4, 3, 2}), call)) == 0);
  const std::vector<double> any = {1, 1, 0, 1};
  BOOST_TEST(output.mask.to_doubles() == any, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(both_outputs_are_unfolded) {
  TimeDistributed both(AnyLayer(Bidirectional([] { return LSTMCell(3); }, {}, "")));
  build(both, 2);
  Tape tape(DType::float64);
  LayerValue input;
  input.value = tape.constant(random_tensor({2, 5, 4, 2}));
  const LayerValue output = both.call(input);
  BOOST_TEST((output.value.shape() == Shape{2, 5, 3}));
  BOOST_TEST((output.backward.shape() == Shape{2, 5, 3}));
  BOOST_CHECK_EXCEPTION((void)both.call([&] {
    LayerValue flat;
    flat.value = tape.zeros({2, 2});
    return flat;
  }()),
                        ShapeError, says<ShapeError>("[batch, time, …] is expected"));
}

BOOST_AUTO_TEST_SUITE_END()
