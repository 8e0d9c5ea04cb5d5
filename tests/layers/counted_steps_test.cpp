#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/cross_entropy.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/transpose.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/counted_steps.h>
#include <recur/layers/dense.h>
#include <recur/layers/dropout.h>
#include <recur/layers/embedding.h>
#include <recur/layers/layer_normalization.h>
#include <recur/layers/losses.h>
#include <recur/layers/masking.h>
#include <recur/layers/recurrent/bidirectional.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>
#include <recur/layers/time_distributed.h>

using namespace recur;
using namespace recur::test;

namespace {

LSTM sequences(Index units) { return LSTM(units, {}, {.return_sequences = true}); }

// Ids, in which 0 is padding, through an Embedding that masks it and the layers given.
template <class... L>
Sequential masking(L... layers) {
  Sequential model(Embedding(5, 3, {.mask_zero = true}), std::move(layers)...);
  build(model, 1);
  return model;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(counted_steps)

BOOST_AUTO_TEST_CASE(a_mask_made_by_a_layer_reaches_the_loss_through_every_layer) {
  std::vector<Sequential> models;
  models.push_back(masking(sequences(4), Dense(5)));
  models.push_back(masking(Dropout(0.2), LayerNormalization(), sequences(4), TimeDistributed(AnyLayer(Dense(5)))));
  models.push_back(masking(Bidirectional([] { return LSTMCell(3); }, {.return_sequences = true}), Dense(5)));
  models.push_back(masking(Sequential(sequences(4), Sequential(sequences(3), Dense(5)))));
  const std::vector<std::int32_t> ids = {1, 2, 3, 0, 4, 0, 0, 0}, targets = {2, 3, 1, 0, 1, 0, 0, 0};
  const std::vector<std::int32_t> places = {0, 1, 2, 4}, wanted = {2, 3, 1, 1};
  for (Sequential& model : models) {
    Tape tape(DType::float64);
    const NoGradient inference(tape);
    LayerValue input;
    input.tape = &tape;
    input.ids = ids;
    input.ids_shape = Shape{2, 4};
    const LayerValue output = model.call(input);
    const CountedSteps steps(output);
    BOOST_TEST(!steps.all());
    BOOST_TEST(steps.count() == 4);
    BOOST_TEST(steps.of(targets) == wanted, boost::test_tools::per_element());
    const Var all = sparse_softmax_cross_entropy(output.value, targets, {.reduction = Reduction::none});
    double mean = 0;
    for (const std::int32_t place : places) mean += all.to_doubles()[static_cast<std::size_t>(place)] / 4;
    BOOST_TEST(sparse_softmax_cross_entropy(steps.of(output.value), steps.of(targets)).item() == mean,
               boost::test_tools::tolerance(1e-12));
  }
}

BOOST_AUTO_TEST_CASE(masking_and_lengths_leave_out_what_either_does) {
  Tape tape(DType::float64);
  Tensor<double> x({2, 3, 2});
  x.fill(1);
  x(0, 1, 0) = x(0, 1, 1) = 0;  // masked by its value
  LayerValue input;
  input.value = tape.input(x);
  LayerValue output = Masking().call(input);
  const std::vector<Index> lengths = {3, 2};
  output.lengths = lengths;
  const CountedSteps steps(output);
  BOOST_TEST(steps.count() == 4);
  Tensor<float> targets({2, 3, 2});
  for (Index i = 0; i < targets.shape().count(); ++i) targets.data()[i] = static_cast<float>(i);
  const Tensor<float> left = steps.of(targets);
  BOOST_TEST((left.shape() == Shape{4, 2}));
  BOOST_TEST(
      std::vector<float>(left.values().begin(), left.values().end()) == (std::vector<float>{0, 1, 4, 5, 6, 7, 8, 9}),
      boost::test_tools::per_element());
  tape.backward(sum(steps.of(output.value)));
  BOOST_TEST(input.value.gradient().to_doubles() == (std::vector<double>{1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0}),
             boost::test_tools::per_element());
  BOOST_CHECK_THROW((void)steps.of(std::vector<std::int32_t>{1, 2}), ShapeError);
  BOOST_CHECK_THROW((void)steps.of(Tensor<float>(Shape{2, 2, 2})), ShapeError);
}

BOOST_AUTO_TEST_CASE(without_a_mask_or_a_time_axis_all_counts) {
  Tape tape(DType::float64);
  LayerValue output;
  output.value = tape.constant(random_tensor({2, 3, 4}));
  BOOST_TEST(CountedSteps(output).all());
  BOOST_TEST(CountedSteps(output).count() == 6);
  BOOST_TEST((CountedSteps(output).of(output.value).shape() == Shape{2, 3, 4}));
  output.value = tape.constant(random_tensor({2, 3}));
  output.mask = tape.constant(Tensor<double>({2, 3}));
  BOOST_TEST(CountedSteps(output).count() == 2);
}

// Outputs come in the order of processing: the padding behind a sequence is what comes first.
BOOST_AUTO_TEST_CASE(the_mask_of_a_layer_that_goes_backwards_is_turned_round) {
  const std::vector<double> forwards = {1, 1, 1, 0, 1, 0, 0, 0}, backwards = {0, 1, 1, 1, 0, 0, 0, 1};
  for (const bool time_major : {false, true}) {
    Tape tape(DType::float64);
    RNN rnn(AnyCell(LSTMCell(2)), {.return_sequences = true, .go_backwards = true, .time_major = time_major});
    Builder builder(3, DType::float64, Generator(1));
    rnn.build(builder);
    LayerValue input;
    const Var mask = tape.constant(Shape{2, 4}, forwards);
    input.value = tape.constant(random_tensor(time_major ? Shape{4, 2, 3} : Shape{2, 4, 3}));
    input.mask = time_major ? transpose(mask) : mask;
    const LayerValue output = rnn.call(input);
    BOOST_TEST((time_major ? transpose(output.mask) : output.mask).to_doubles() == backwards,
               boost::test_tools::per_element());
    BOOST_TEST(CountedSteps(output).count() == 4);
  }
  Tape tape(DType::float64);
  Bidirectional both(RNN(AnyCell(LSTMCell(2)), {.return_sequences = true, .go_backwards = true}),
                     RNN(AnyCell(LSTMCell(2)), {.return_sequences = true}));
  Builder builder(3, DType::float64, Generator(1));
  both.build(builder);
  LayerValue input;
  input.value = tape.constant(random_tensor({2, 4, 3}));
  input.mask = tape.constant(Shape{2, 4}, forwards);
  BOOST_TEST(both.call(input).mask.to_doubles() == forwards, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
