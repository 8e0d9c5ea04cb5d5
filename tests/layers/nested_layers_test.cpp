#include "support.h"

#include <recur/layers/attention.h>
#include <recur/layers/dense.h>
#include <recur/layers/global_pooling.h>
#include <recur/layers/recurrent/bidirectional.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/repeat_vector.h>
#include <recur/layers/sequential.h>
#include <recur/layers/time_distributed.h>
#include <recur/layers/torch/torch_rnn.h>

using namespace recur;
using namespace recur::test;

namespace {

LSTM plain(RNNOptions options = {.return_sequences = true}) { return LSTM(2, {}, options); }
Bidirectional both() {
  return Bidirectional([] { return LSTMCell(2); }, {.return_sequences = true});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nested_layers)

BOOST_AUTO_TEST_CASE(recurrent_layers_are_found_wherever_they_are_nested) {
  AnyLayer model = Sequential(plain(), Sequential(Sequential(plain()), both()), Dense(1));
  BOOST_TEST(recurrent_layers(model).size() == 4U);
  AnyLayer steps = Sequential(TimeDistributed(AnyLayer(Sequential(plain({})))), plain());
  BOOST_TEST(recurrent_layers(steps).size() == 1U);  // the other sees parts of single steps
  BOOST_TEST(all_layers(steps).size() == 5U);
}

BOOST_AUTO_TEST_CASE(states_are_carried_through_nested_layers) {
  Sequential nested(Sequential(plain()), Dense(1));
  Sequential flat(plain(), Dense(1));
  build(nested, 2);
  build(flat, 2);
  copy_parameters(flat, nested);
  AnyLayer whole = std::move(nested);
  for (RNN* rnn : recurrent_layers(whole)) {
    RNNOptions options = rnn->options();
    options.stateful = true;
    rnn->set_options(options);
  }
  Tape tape(DType::float64);
  const NoGradient inference(tape);
  const Tensor<double> x = random_tensor({2, 6, 2}, 4);
  const Var at_once = flat(tape.constant(x));
  for (Index half : {0, 1}) {
    Tensor<double> part({2, 3, 2});
    for (Index b = 0; b < 2; ++b)
      for (Index t = 0; t < 3; ++t)
        for (Index f = 0; f < 2; ++f) part(b, t, f) = x(b, 3 * half + t, f);
    LayerValue input;
    input.value = tape.constant(part);
    const auto found = whole->call(input).value.to_doubles();
    const auto expected = at_once.to_doubles();
    for (std::size_t b = 0; b < 2; ++b)
      for (std::size_t t = 0; t < 3; ++t)
        BOOST_TEST(found[3 * b + t] == expected[6 * b + 3 * static_cast<std::size_t>(half) + t],
                   boost::test_tools::tolerance(1e-12));
  }
}

BOOST_AUTO_TEST_CASE(what_looks_at_later_steps_says_so_however_it_is_nested) {
  const auto looks = [](AnyLayer layer) { return layer->looks_ahead(); };
  BOOST_TEST(!looks(Sequential(plain(), Dense(1))));
  BOOST_TEST(looks(both()));
  BOOST_TEST(looks(Sequential(plain(), Sequential(both()), Dense(1))));
  BOOST_TEST(looks(plain({.return_sequences = true, .go_backwards = true})));
  BOOST_TEST(looks(Attention()));
  BOOST_TEST(!looks(Attention({.causal = true})));
  BOOST_TEST(looks(AdditiveAttention()));
  BOOST_TEST(!looks(AdditiveAttention({.use_scale = true, .causal = true})));
  BOOST_TEST(looks(TorchLSTM({.input_size = 2, .hidden_size = 2, .bidirectional = true})));
  BOOST_TEST(!looks(TorchLSTM({.input_size = 2, .hidden_size = 2})));
  BOOST_TEST(looks(RepeatVector(3)));
  BOOST_TEST(looks(GlobalAveragePooling1D()));
  BOOST_TEST(!looks(TimeDistributed(AnyLayer(both()))));  // within a step
}

BOOST_AUTO_TEST_CASE(a_model_that_was_moved_from_says_so) {
  Sequential model(plain(), Dense(1));
  build(model, 2);
  const Sequential other = std::move(model);
  Tape tape(DType::float64);
  BOOST_CHECK_THROW((void)model(tape.constant(random_tensor({1, 2, 2}))),
                    StateError);  // NOLINT(bugprone-use-after-move)
}

BOOST_AUTO_TEST_SUITE_END()
