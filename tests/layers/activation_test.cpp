#include "support.h"

#include <recur/layers/activation.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/fused_activations.h>

#include <functional>
#include <map>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(activation)

BOOST_AUTO_TEST_CASE(functions_are_what_their_names_say) {
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

BOOST_AUTO_TEST_CASE(they_keep_what_is_not_a_number) {
  for (const std::string_view name : Activation::names()) {
    Tape tape(DType::float64);
    const Var y = Activation(name)(tape.filled({3}, std::numeric_limits<double>::quiet_NaN()));
    for (const double v : y.to_doubles()) BOOST_TEST(std::isnan(v), name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
