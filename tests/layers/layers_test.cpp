#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/transpose.h>
#include <recur/layers/attention.h>
#include <recur/layers/bidirectional.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/gru_cell.h>
#include <recur/layers/layer_normalization.h>
#include <recur/layers/lstm.h>
#include <recur/layers/masking.h>
#include <recur/layers/sequential.h>
#include <recur/layers/time_distributed.h>

#include <functional>
#include <map>

using namespace recur;
using namespace recur::test;

namespace {

// The gradient of a layer's value.
template <class L>
void check_gradient(const char* what, L& layer, std::vector<GradcheckInput> inputs, std::vector<Index> lengths = {}) {
  check_derivatives(
      what,
      [&](Tape&, std::span<const Var> x) {
        LayerValue input;
        input.value = x[0];
        input.lengths = lengths;
        return layer.call(input).value;
      },
      inputs, parameter_list(layer));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(layers)

BOOST_AUTO_TEST_CASE(gradients) {
  for (const char* mode : {"concat", "sum", "mul", "ave"}) {
    Bidirectional both([] { return GRUCell(3); }, {.return_sequences = true}, mode);
    build(both, 2);
    check_gradient(mode, both, {Shape{3, 4, 2}});
    check_gradient(mode, both, {Shape{3, 4, 2}}, {4, 2, 1});
    check_gradient(mode, both, {Shape{3, 4, 2}}, {2, 0, 3});
  }
  Attention attention(Attention::Config{true});
  build(attention, 3);
  check_gradient("Attention", attention, {Shape{2, 4, 3}});
  AdditiveAttention additive;
  build(additive, 3);
  check_gradient("AdditiveAttention", additive, {Shape{2, 4, 3}});
  Sequential model(LSTM(3, {}, {.return_sequences = true}), LayerNormalization(), TimeDistributed(Dense(2)), GRU(2));
  build(model, 2);
  check_gradient("Sequential", model, {Shape{2, 4, 2}});
}

BOOST_AUTO_TEST_CASE(activations_are_what_their_names_say) {
  const auto sigmoid_of = [](double x) { return 1 / (1 + std::exp(-x)); };
  const auto softplus_of = [](double x) { return std::log1p(std::exp(x)); };
  const auto clip = [](double x, double low, double high) { return std::min(high, std::max(low, x)); };
  const std::map<std::string_view, std::function<double(double)>> expected{
      {"linear", [](double x) { return x; }},
      {"tanh", [](double x) { return std::tanh(x); }},
      {"sigmoid", sigmoid_of},
      {"hard_sigmoid", [&](double x) { return clip(0.2 * x + 0.5, 0, 1); }},
      {"hard_sigmoid_v3", [&](double x) { return clip(x / 6 + 0.5, 0, 1); }},
      {"relu", [](double x) { return std::max(x, 0.0); }},
      {"relu6", [&](double x) { return clip(x, 0, 6); }},
      {"leaky_relu", [](double x) { return x > 0 ? x : 0.2 * x; }},
      {"elu", [](double x) { return x > 0 ? x : std::expm1(x); }},
      {"celu", [](double x) { return x > 0 ? x : std::expm1(x); }},
      {"selu", [](double x) { return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x)); }},
      {"softplus", softplus_of},
      {"softsign", [](double x) { return x / (1 + std::abs(x)); }},
      {"exponential", [](double x) { return std::exp(x); }},
      {"silu", [&](double x) { return x * sigmoid_of(x); }},
      {"hard_silu", [&](double x) { return x * clip(x / 6 + 0.5, 0, 1); }},
      {"gelu", [](double x) { return x * std::erfc(-x / std::sqrt(2.0)) / 2; }},
      {"mish", [&](double x) { return x * std::tanh(softplus_of(x)); }},
      {"log_sigmoid", [&](double x) { return std::log(sigmoid_of(x)); }},
  };
  Tensor<double> x({2, 11});
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = -7.9 + 0.77 * static_cast<double>(i);  // no kink among them
  for (const std::string_view name : Activation::names()) {
    BOOST_TEST_CONTEXT(name) {
      const Activation activation(name);
      check_derivatives("activation", [&](Tape&, std::span<const Var> in) { return activation(in[0]); }, {x}, {});
      if (!activation.is_pointwise()) continue;
      Tape tape(DType::float64);
      const auto y = activation(tape.constant(x)).to_doubles();
      for (std::size_t i = 0; i < y.size(); ++i)
        BOOST_TEST(y[i] == expected.at(name)(x.values()[i]), boost::test_tools::tolerance(1e-12));
    }
  }
  Tape tape(DType::float64);
  double sum = 0;
  for (const double p : Activation("softmax")(tape.constant(x)).to_doubles()) sum += p;
  BOOST_TEST(sum == 2, boost::test_tools::tolerance(1e-12));
  for (const double p : Activation("log_softmax")(tape.constant(x)).to_doubles()) sum -= std::exp(p);
  BOOST_TEST(std::abs(sum) < 1e-12);

  LSTMCellOptions options;
  options.activation = "softmax";
  LSTMCell cell(3, options);
  build(cell, 2);
  RNN rnn(std::move(cell));
  BOOST_CHECK_THROW((void)rnn(tape.zeros({1, 2, 2})), ValueError);
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

BOOST_AUTO_TEST_CASE(activations_keep_what_is_not_a_number) {
  for (const std::string_view name : Activation::names()) {
    Tape tape(DType::float64);
    const Var y = Activation(name)(tape.filled({3}, std::numeric_limits<double>::quiet_NaN()));
    for (const double v : y.to_doubles()) BOOST_TEST(std::isnan(v), name);
  }
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

BOOST_AUTO_TEST_CASE(embedding_refuses_other_ids) {
  Embedding table(5, 2);
  build(table, 1);
  Tape tape(DType::float64);
  const std::vector<std::int32_t> ids = {0, 4, 5};
  BOOST_CHECK_THROW((void)table(tape, ids, {3}), ValueError);
}

BOOST_AUTO_TEST_CASE(embedding_penalizes_its_output) {
  EmbeddingOptions options;
  options.activity_regularizer = l1_l2(0.5, 2);
  Embedding table(3, 2, options);
  build(table, 1);
  table.embeddings.edit().assign(std::vector<double>{1, -1, 2, 0, 3, -3});
  Tape tape(DType::float64);
  const std::vector<std::int32_t> ids = {1, 1, 2};
  LayerValue input;
  input.tape = &tape;
  input.ids = ids;
  input.ids_shape = {1, 3};
  BOOST_TEST(table.call(input).penalty.item() == 0.5 * 10 + 2 * 26);
}

BOOST_AUTO_TEST_CASE(bidirectional_wants_opposite_directions) {
  BOOST_CHECK_THROW(Bidirectional(RNN(AnyCell(LSTMCell(2))), RNN(AnyCell(LSTMCell(2)))), ValueError);
  BOOST_CHECK_THROW(Bidirectional([] { return LSTMCell(2); }, {}, "max"), ValueError);
}

BOOST_AUTO_TEST_CASE(bidirectional_adds_up_penalties) {
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

BOOST_AUTO_TEST_CASE(bidirectional_says_how_many_states_it_takes) {
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

BOOST_AUTO_TEST_CASE(sequential_names_parameters) {
  Sequential model(LSTM(3, {}, {.return_sequences = true}), Dense(2), Dense(1));
  build(model, 2);
  const auto list = parameters(model);
  BOOST_TEST(list.front().path == "lstm/kernel");
  BOOST_TEST(list.back().path == "dense_1/bias");
}

BOOST_AUTO_TEST_CASE(penalty_is_l1_and_l2) {
  DenseOptions options;
  options.kernel_regularizer = l1_l2(0.5, 2);
  options.activity_regularizer = l2(1);
  Dense dense(1, options);
  Builder builder(2, DType::float64, Generator(1));
  dense.build(builder);
  dense.kernel.edit().assign(std::vector<double>{3, -1});
  Tape tape(DType::float64);
  BOOST_TEST(penalty(tape, parameters(dense)).item() == 0.5 * 4 + 2 * 10);
  LayerValue input;
  input.value = tape.filled({1, 2}, 1);
  BOOST_TEST(dense.call(input).penalty.item() == 4);
}

BOOST_AUTO_TEST_CASE(constraints_change_weights) {
  const auto changed = [](const Constraint& constraint) {
    Array value(Tensor<double>({2, 2}, {3, 0.3, -4, 0.4}));
    constraint(value);
    return value.to_doubles();
  };
  const auto near = [](const std::vector<double>& a, const std::vector<double>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(std::abs(a[i] - b[i]) < 1e-6);  // Keras's epsilon is 1e-7
  };
  near(changed(max_norm(1)), {0.6, 0.3, -0.8, 0.4});
  near(changed(unit_norm()), {0.6, 0.6, -0.8, 0.8});
  near(changed(non_neg()), {3, 0.3, 0, 0.4});
  near(changed(min_max_norm(1, 2, 0.5)), {3 * 0.7, 0.45, -4 * 0.7, 0.6});
}

// Against loops: weights are a softmax over the steps that may be seen.
BOOST_AUTO_TEST_CASE(attention_values) {
  const Tensor<double> query = random_tensor({2, 3, 2}, 1);
  const Tensor<double> value = random_tensor({2, 4, 5}, 2);
  const Tensor<double> key = random_tensor({2, 4, 2}, 3);
  const Tensor<double> mask({2, 4}, {1, 1, 0, 1, 0, 1, 1, 0});
  Attention dot(Attention::Config{true});
  build(dot, 2);
  AdditiveAttention additive;
  build(additive, 2);
  const double factor = dot.scale.value().to_doubles()[0];
  const auto scale = additive.scale.value().to_doubles();
  for (const bool is_dot : {true, false}) {
    Tape tape(DType::float64);
    const AttentionInputs inputs{tape.constant(query), tape.constant(value), tape.constant(key), tape.constant(mask)};
    const auto result = (is_dot ? dot(inputs) : additive(inputs)).to_doubles();
    std::size_t at = 0;
    for (Index b = 0; b < 2; ++b)
      for (Index q = 0; q < 3; ++q) {
        std::vector<double> weights;
        double total = 0;
        for (Index t = 0; t < 4; ++t) {
          double score = 0;
          for (Index f = 0; f < 2; ++f)
            score += is_dot ? factor * query(b, q, f) * key(b, t, f)
                            : scale[static_cast<std::size_t>(f)] * std::tanh(query(b, q, f) + key(b, t, f));
          weights.push_back(mask(b, t) != 0 ? std::exp(score) : 0);
          total += weights.back();
        }
        for (Index f = 0; f < 5; ++f) {
          double expected = 0;
          for (Index t = 0; t < 4; ++t) expected += weights[static_cast<std::size_t>(t)] / total * value(b, t, f);
          BOOST_TEST(std::abs(result[at++] - expected) < 1e-12);
        }
      }
  }
}

BOOST_AUTO_TEST_SUITE_END()
