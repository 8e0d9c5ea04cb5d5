#include "support.h"

#include "../every_cell.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/layer_norm.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>
#include <recur/layers/batch_normalization.h>
#include <recur/layers/conv1d.h>
#include <recur/layers/dense.h>
#include <recur/layers/dropout.h>
#include <recur/layers/embedding.h>
#include <recur/layers/flatten.h>
#include <recur/layers/layer_normalization.h>
#include <recur/layers/masking.h>
#include <recur/layers/pooling.h>
#include <recur/layers/recurrent/bidirectional.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/time_distributed.h>
#include <recur/layers/torch/torch_rnn.h>

using namespace recur;
using namespace recur::test;

namespace {

// Sums of floats against sums of doubles, through some dozen steps of a recurrence.
constexpr double tolerance = 2e-5;
constexpr Index streams = 3;
constexpr Index time_steps = 70;  // more than `run` takes at once, and no multiple of it

/// An LSTM as one writes it oneself, with sums and products the other way round than LSTMCell has them.
class OwnLSTM {
 public:
  using State = LSTMState;
  explicit OwnLSTM(Index units) : units_(units) {}
  [[nodiscard]] StateSize state_size() const { return {units_, units_}; }
  void build(Builder& build) {
    build(kernel_, {build.input_size, 4 * units_}, glorot_uniform());
    build(recurrent_, {units_, 4 * units_}, orthogonal());
    build(bias_, {4 * units_}, zeros());
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel_, recurrent_, bias_); }
  [[nodiscard]] Step<State> call(Var x, State s) {
    const auto z = split<4>(Var(matmul(x, kernel_) + matmul(s.h, recurrent_) + bias_));
    const auto [c, h] = fuse(
        [](auto zf, auto zo, auto zi, auto zg, auto c0) {
          const auto c1 = tanh(zg) * sigmoid(zi) + c0 * sigmoid(zf);
          return std::tuple{c1, tanh(c1) * sigmoid(zo)};
        },
        z[0], z[1], z[2], z[3], s.c);
    return {h, {h, c}};
  }

 private:
  Index units_;
  Parameter kernel_{"kernel"}, recurrent_{"recurrent"}, bias_{"bias"};
};

/// A cell with everything that a trace knows, and a state that is handed on from another one.
class OddCell {
 public:
  struct State {
    Var h;
    Var older;
  };
  explicit OddCell(Index units) : units_(units) {}
  [[nodiscard]] StateSize state_size() const { return {units_, units_}; }
  [[nodiscard]] Index output_size() const { return 2 * units_; }
  [[nodiscard]] State get_initial_state(Tape& tape, Index batch) const {
    return {tape.filled({batch, units_}, 0.25), tape.filled({batch, units_}, -0.5)};
  }
  void build(Builder& build) {
    build(kernel_, {build.input_size + units_, units_}, glorot_uniform());
    build(gain_, {units_}, ones());
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel_, gain_); }
  [[nodiscard]] Step<State> call(Var x, State s) {
    Tape& tape = x.tape();
    const std::array parts = {x, s.older};
    const Var z = matmul(concat(parts, -1), kernel_) + s.h;
    const Var normal = layer_norm(z, tape.leaf(gain_), Var(), 1e-3);
    const Var scale = tape.filled({1, 1}, 0.5);
    const Var h = fuse([](auto n, auto a, auto h0) { return a * tanh(n) + (1 - a) * h0 * 0.25; }, normal, scale, s.h);
    const std::array outputs = {h, s.h};
    return {concat(outputs, -1), {h, s.h}};
  }

 private:
  Index units_;
  Parameter kernel_{"kernel"}, gain_{"gain"};
};

/// Branches on a number, which no trace can see.
class BranchingCell {
 public:
  using State = HiddenState;
  [[nodiscard]] StateSize state_size() const { return 2; }
  [[nodiscard]] Step<State> call(Var x, State s) const {
    const bool positive = x.to_doubles()[0] > 0.1;
    const Var h = positive ? Var(s.h + x) : Var(s.h - x);
    return {h, {h}};
  }
};

/// Uses what a trace does not know.
struct SumOfFeatures {
  Var operator()(Var x) const { return x * mean(x, -1, true); }
};
struct ProductOfInputs {
  Var operator()(Var x) const {
    const Var row = reshape(x, {1, x.size()});
    return reshape(matmul(matmul(row, row, Transpose::b), row), x.shape());
  }
};

/// Mixes time steps.
struct MeanOverTime {
  Var operator()(Var x) const { return x - slice(x, 1, 0, 1); }
};

void check_model(const std::string& what, Sequential& model, Index features) {
  const Tensor<double> inputs = random_tensor({streams, time_steps, features});
  const auto expected = outputs_of(model, inputs);
  Inference inference(model, features, {.streams = streams});
  BOOST_TEST(difference(stepped(inference, floats(inputs)), expected) < tolerance, what << ", step by step");
  inference.reset();
  std::vector<float> whole(expected.size());
  inference.run(floats(inputs), whole);
  BOOST_TEST(difference(whole, expected) < tolerance, what << ", as a whole");
}

/// As for training: `build` of the tests adds noise that makes large layers chaotic, so that errors grow from step to
/// step.
void build_tame(Sequential& model, Index features) {
  Builder builder(features, DType::float64, Generator(5));
  model.build(builder);
}

Sequential two_layers() {
  Sequential model(LSTM(20, {}, {.return_sequences = true}), GRU(33, {}, {.return_sequences = true}), Dense(3));
  build(model, 2);
  return model;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inference)

BOOST_AUTO_TEST_CASE(every_cell_computes_what_it_does_on_a_tape) {
  for (NamedCell& named : all_cells()) {
    if (named.cell->takes_constants()) continue;
    Sequential model(RNN(std::move(named.cell), {.return_sequences = true}), Dense(3));
    build(model, cell_features);
    check_model(named.name, model, cell_features);
  }
}

// The kernels for gates, with units that fill registers and that do not.
BOOST_AUTO_TEST_CASE(sizes) {
  for (const Index units : {1, 8, 16, 17, 40}) {
    Sequential model(LSTM(units, {}, {.return_sequences = true}), GRU(units, {}, {.return_sequences = true}),
                     SimpleRNN(units, {}, {.return_sequences = true}), Dense(units), Dense(1));
    build_tame(model, 3);
    check_model(std::to_string(units) + " units", model, 3);
  }
}

BOOST_AUTO_TEST_CASE(layers) {
  DenseOptions softmax;
  softmax.activation = Activation::softmax;
  DenseOptions gelu;
  gelu.activation = Activation::gelu;
  gelu.activity_regularizer = l2(0.1);  // a penalty is no part of a step
  Sequential model(Dense(7, gelu), TimeDistributed(Dense(5)), LayerNormalization(), Dropout(0.5),
                   LSTM(5, {}, {.return_sequences = true}), Sequential(Dense(6), Dense(4, softmax)));
  build(model, 3);
  check_model("layers", model, 3);
}

// What a convolution remembers are the inputs of earlier steps.
BOOST_AUTO_TEST_CASE(causal_convolutions) {
  Sequential model(Conv1D(5, 3, {.padding = Padding::causal, .activation = Activation::tanh}), BatchNormalization(),
                   Conv1D(4, 2, {.padding = Padding::causal, .dilation_rate = 9, .use_bias = false}),
                   Conv1D(3, 1, {.activation = Activation::softmax}), GRU(4, {}, {.return_sequences = true}));
  build(model, 3);
  model.layers()[1].as<BatchNormalization>().moving_variance.edit().fill(0.7);
  check_model("convolutions", model, 3);
}

BOOST_AUTO_TEST_CASE(layers_of_torch) {
  Sequential model(
      TorchLayer<TorchLayers::Kind::lstm>({.input_size = 3, .hidden_size = 9, .num_layers = 2, .batch_first = true}),
      Dense(2));
  build(model, 3);
  check_model("torch", model, 3);
}

BOOST_AUTO_TEST_CASE(cells_of_ones_own) {
  Sequential model(RNN(OwnLSTM(19), {.return_sequences = true}), RNN(OddCell(6), {.return_sequences = true}), Dense(2));
  build(model, 3);
  check_model("own cells", model, 3);
}

BOOST_AUTO_TEST_CASE(the_last_step_only) {
  Sequential model(GRU(6), Dense(2));
  build(model, 3);
  const Tensor<double> inputs = random_tensor({2, 40, 3});
  Inference inference(model, 3, {.streams = 2});
  std::vector<float> last(4);
  inference.run(floats(inputs), last);
  BOOST_TEST(difference(last, outputs_of(model, inputs)) < tolerance);
}

BOOST_AUTO_TEST_CASE(ids) {
  Sequential model(Embedding(9, 4), LSTM(6, {}, {.return_sequences = true}), Dense(9));
  build(model, 1);
  const std::vector<std::int32_t> sequence = {3, 1, 4, 1, 5, 8, 2, 6};
  Tape tape(DType::float64);
  const auto expected = model(tape, sequence, {2, 4}).to_doubles();
  Inference inference(model, 0, {.streams = 2});
  std::vector<float> found(expected.size());
  inference.run(sequence, found);
  BOOST_TEST(difference(found, expected) < tolerance);
  inference.reset();
  std::vector<float> step(18);
  inference.step(std::vector<std::int32_t>{3, 5}, step);
  for (std::size_t i = 0; i < 9; ++i) BOOST_REQUIRE_SMALL(step[i] - found[i], 1e-6F);
  inference.step(std::vector<std::int32_t>{-1, 9}, step);  // none of the ids
}

BOOST_AUTO_TEST_CASE(states_are_handed_in_and_out) {
  Sequential model = two_layers();
  Inference inference(model, 2, {.streams = 2});
  const auto inputs = floats(random_tensor({2, 6, 2}));
  const auto first = stepped(inference, inputs);
  std::vector<float> states(static_cast<std::size_t>(inference.state_size()));
  BOOST_TEST(states.size() == 20U + 20 + 33);
  inference.get_states(1, states);
  const auto second = stepped(inference, inputs);
  inference.reset();
  inference.set_states(1, states);
  const auto mixed = stepped(inference, inputs);
  const std::size_t half = mixed.size() / 2;
  BOOST_TEST(std::equal(mixed.begin(), mixed.begin() + static_cast<long>(half), first.begin()));
  BOOST_TEST(
      std::equal(mixed.begin() + static_cast<long>(half), mixed.end(), second.begin() + static_cast<long>(half)));
  inference.reset(1);
  Inference::State other = inference.make_state();
  std::vector<float> a(6), b(6);
  inference.reset(0);
  inference.step(std::span(inputs).first(4), a);
  inference.step(std::span(inputs).first(4), b, other);
  BOOST_TEST(a == b);
}

BOOST_AUTO_TEST_CASE(int8_weights_are_smaller_and_nearly_as_good) {
  Sequential model(LSTM(64, {}, {.return_sequences = true}), GRU(64, {}, {.return_sequences = true}), Dense(3));
  build_tame(model, 2);
  const Inference exact(model, 2);
  Inference rounded(model, 2, {.int8 = true});
  BOOST_TEST(rounded.weight_bytes() * 3 < exact.weight_bytes());
  const auto inputs = floats(random_tensor({500, 2}));
  const InferenceDifference difference = compare(rounded, exact, std::span<const float>(inputs));
  BOOST_TEST(difference.relative > 1e-4);  // rounded at all
  BOOST_TEST(difference.relative < 0.03);
  BOOST_TEST(compare(exact, exact, std::span<const float>(inputs)).largest == 0);
  // Step by step and as a whole are one model.
  const auto steps = stepped(rounded, inputs);
  rounded.reset();
  std::vector<float> whole(steps.size());
  rounded.run(inputs, whole);
  for (std::size_t i = 0; i < whole.size(); ++i) BOOST_REQUIRE_SMALL(whole[i] - steps[i], 1e-4F);
}

BOOST_AUTO_TEST_CASE(what_a_trace_cannot_express_is_refused) {
  const auto refuses = [](Sequential model, const std::string& reason) {
    build(model, 2);
    BOOST_CHECK_EXCEPTION(Inference(model, 2), ValueError, says<ValueError>(reason));
  };
  refuses(Sequential(Bidirectional([] { return LSTMCell(3); }, {.return_sequences = true})),
          "Bidirectional: it looks at later steps");
  refuses(Sequential(LSTM(3, {}, {.go_backwards = true})), "LSTM: it goes backwards");
  refuses(Sequential(Masking(0), LSTM(3)), "Masking: steps cannot be skipped");
  refuses(Sequential(Conv1D(3, 2)), "Conv1D: it looks at later steps; with padding causal it does not");
  refuses(Sequential(Conv1D(3, 2, {.strides = 2, .padding = Padding::causal})), "Conv1D: with strides");
  refuses(Sequential(LSTM(3), Conv1D(3, 1)), "Conv1D: the layer before hands on one step");
  refuses(Sequential(MaxPooling1D()), "MaxPooling1D: a step of its output is made of several");
  refuses(Sequential(Flatten(4)), "Flatten: it joins all steps");
  refuses(Sequential(RNN(BranchingCell(), {.return_sequences = true})), "its trace gives");
  refuses(Sequential(MeanOverTime()), "its trace gives");
  refuses(Sequential(SumOfFeatures()), "cannot be traced");
  refuses(Sequential(ProductOfInputs()), "of two values that depend on the input");
}

BOOST_AUTO_TEST_SUITE_END()
