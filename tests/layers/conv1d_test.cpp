#include "layer_gradients.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/config/config.h>
#include <recur/layers/conv1d.h>
#include <recur/layers/dense.h>
#include <recur/layers/masking.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>

using namespace recur;
using namespace recur::test;

namespace {

// By the definition, one number after the other. @param first step of the first window
std::vector<double> reference(const Tensor<double>& x, Conv1D& layer, Index windows, Index first) {
  const std::vector<double> kernel = layer.kernel.value().to_doubles();
  const std::vector<double> bias = layer.bias.created() ? layer.bias.value().to_doubles() : std::vector<double>();
  const Index channels = x.shape()[2], filters = layer.output_size();
  std::vector<double> result;
  for (Index b = 0; b < x.shape()[0]; ++b)
    for (Index t = 0; t < windows; ++t)
      for (Index f = 0; f < filters; ++f) {
        double sum = bias.empty() ? 0 : bias[static_cast<std::size_t>(f)];
        for (Index k = 0; k < layer.kernel_size(); ++k) {
          const Index step = first + t * layer.options().strides + k * layer.options().dilation_rate;
          if (step < 0 || step >= x.shape()[1]) continue;
          for (Index c = 0; c < channels; ++c)
            sum += x(b, step, c) * kernel[static_cast<std::size_t>((k * channels + c) * filters + f)];
        }
        result.push_back(sum);
      }
  return result;
}

struct Case {
  Index steps, size, stride, dilation;
  Padding padding;
  Index windows, first;  // as Keras has them
};

// Counts and offsets follow TensorFlow's rules: same pads (windows - 1)·stride + reach - steps, half of it in front.
const Case cases[] = {
    {7, 3, 1, 1, Padding::valid, 5, 0},   {7, 3, 2, 1, Padding::valid, 3, 0},   {7, 3, 1, 3, Padding::valid, 1, 0},
    {7, 3, 1, 1, Padding::same, 7, -1},   {7, 4, 1, 1, Padding::same, 7, -1},   {7, 3, 2, 1, Padding::same, 4, -1},
    {8, 3, 2, 1, Padding::same, 4, 0},    {7, 3, 1, 2, Padding::same, 7, -2},   {7, 3, 1, 1, Padding::causal, 7, -2},
    {7, 2, 1, 4, Padding::causal, 7, -4}, {7, 3, 2, 2, Padding::causal, 4, -4}, {4, 1, 1, 1, Padding::valid, 4, 0},
    {3, 1, 2, 1, Padding::same, 2, 0}};

Conv1D made(const Case& c, Conv1DOptions options = {}) {
  options.strides = c.stride;
  options.dilation_rate = c.dilation;
  options.padding = c.padding;
  return {3, c.size, options};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conv1d_layer)

BOOST_AUTO_TEST_CASE(values_are_those_of_the_definition) {
  for (const Case& c : cases)
    for (const bool bias : {true, false}) {
      Conv1D layer = made(c, {.use_bias = bias});
      build(layer, 2);
      const Tensor<double> x = random_tensor({2, c.steps, 2});
      Tape tape(DType::float64);
      const Var y = layer(tape.constant(x));
      BOOST_TEST((y.shape() == Shape{2, c.windows, 3}));
      BOOST_TEST((layer.output_shape(x.shape()) == y.shape()));
      const auto expected = reference(x, layer, c.windows, c.first);
      const auto found = y.to_doubles();
      for (std::size_t i = 0; i < expected.size(); ++i) BOOST_TEST(std::abs(found[i] - expected[i]) < 1e-13);
    }
}

BOOST_AUTO_TEST_CASE(gradients) {
  for (const Case& c : cases) {
    Conv1D layer = made(c, {.activation = Activation::tanh});
    build(layer, 2);
    check_layer_gradient("Conv1D", layer, Shape{2, c.steps, 2});
    check_layer_gradient("Conv1D of lengths", layer, Shape{2, c.steps, 2}, {c.steps, c.steps - 1});
  }
}

// Rows of windows beyond those that are added up together, and channels beyond a register.
BOOST_AUTO_TEST_CASE(gradients_of_long_sequences) {
  Conv1D layer(17, 3, {.padding = Padding::same});
  build(layer, 19);
  check_layer_gradient("Conv1D", layer, Shape{2, 300, 19});
}

BOOST_AUTO_TEST_CASE(threads_change_nothing) {
  Conv1D layer(8, 5, {.padding = Padding::causal});
  build(layer, 8);
  const Tensor<double> x = random_tensor({6, 60, 8});
  const auto results = [&](int count) {
    const int before = threads();
    set_threads(count);
    Tape tape(DType::float64);
    const Var in = tape.input(x);
    const Var y = layer(in);
    for (const NamedParameter& p : parameters(layer)) p.parameter->zero_gradient();
    tape.backward(sum(y));
    std::vector<double> all = y.to_doubles();
    for (const double d : in.gradient().to_doubles()) all.push_back(d);
    for (const double d : layer.kernel.gradient.to_doubles()) all.push_back(d);
    set_threads(before);
    return all;
  };
  const auto one = results(1), two = results(2);
  for (std::size_t i = 0; i < one.size(); ++i) BOOST_TEST(std::abs(one[i] - two[i]) < 1e-11);
}

// Windows that overlap in memory go through every kind of product; the input is a part of rows with gaps between them.
BOOST_AUTO_TEST_CASE(mechanisms_change_nothing) {
  for (const Padding padding : {Padding::valid, Padding::same}) {
    Conv1D layer(7, 3, {.padding = padding});
    build(layer, 5);
    const Tensor<double> x = random_tensor({3, 40, 9});
    const auto results = [&](bool pack, bool collect, bool gaps) {
      Tape tape(DType::float64);
      tape.mechanisms().pack_weights = pack;
      tape.mechanisms().collect_weight_gradients = collect;
      const Var all = tape.input(x);
      const Var part = slice(all, -1, 2, 5);
      const Var y = layer(gaps ? part : reshape(part, {3, 40, 5}) * 1.0);
      for (const NamedParameter& p : parameters(layer)) p.parameter->zero_gradient();
      tape.backward(sum(square(y)));
      std::vector<double> found = y.to_doubles();
      for (const double d : all.gradient().to_doubles()) found.push_back(d);
      for (const double d : layer.kernel.gradient.to_doubles()) found.push_back(d);
      return found;
    };
    const auto expected = results(true, true, false);
    for (const bool pack : {false, true})
      for (const bool collect : {false, true}) {
        const auto found = results(pack, collect, true);
        BOOST_TEST_REQUIRE(found.size() == expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) BOOST_TEST(std::abs(found[i] - expected[i]) < 1e-11);
      }
  }
}

// A sequence in a padded batch gives what it gives alone.
BOOST_AUTO_TEST_CASE(padding_of_a_batch_does_not_reach_steps_that_count) {
  for (const Padding padding : {Padding::valid, Padding::causal}) {
    Sequential model(Dense(3), Conv1D(4, 3, {.strides = 2, .padding = padding}), LSTM(2));
    build(model, 2);
    const Tensor<double> x = random_tensor({2, 9, 2});
    const std::vector<Index> lengths = {9, 6};
    Tape tape(DType::float64);
    LayerValue input;
    input.value = tape.constant(x);
    input.lengths = lengths;
    const auto both = model.call(input).value.to_doubles();
    Tensor<double> alone({1, 6, 2});
    std::copy_n(x.data() + 18, 12, alone.data());
    const auto one = model(tape.constant(alone)).to_doubles();
    for (std::size_t i = 0; i < 2; ++i) BOOST_TEST(std::abs(both[2 + i] - one[i]) < 1e-14);
  }
}

BOOST_AUTO_TEST_CASE(lengths_and_masks_of_the_output) {
  Tape tape(DType::float64);
  LayerValue input;
  input.value = tape.constant(random_tensor({2, 7, 2}));
  const std::vector<Index> lengths = {7, 2};
  input.lengths = lengths;
  Conv1D valid(1, 3, {.strides = 2}), same(1, 3, {.strides = 2, .padding = Padding::same});
  build(valid, 2);
  build(same, 2);
  const auto of = [&](Conv1D& layer) {
    const LayerValue output = layer.call(input);
    return std::vector<Index>(output.lengths.begin(), output.lengths.end());
  };
  BOOST_TEST(of(valid) == (std::vector<Index>{3, 0}), boost::test_tools::per_element());
  BOOST_TEST(of(same) == (std::vector<Index>{4, 1}), boost::test_tools::per_element());
  input.lengths = {};
  input.mask = tape.constant(Tensor<double>({2, 7}, {1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0}));
  BOOST_TEST(valid.call(input).mask.to_doubles() == (std::vector<double>{1, 1, 1, 0, 1, 0}),
             boost::test_tools::per_element());
  BOOST_TEST(same.call(input).mask.to_doubles() == (std::vector<double>{1, 1, 1, 1, 0, 1, 1, 0}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(time_major_is_the_other_order) {
  const Tensor<double> x = random_tensor({2, 6, 3});
  Tensor<double> turned({6, 2, 3});
  for (Index b = 0; b < 2; ++b)
    for (Index t = 0; t < 6; ++t)
      for (Index c = 0; c < 3; ++c) turned(t, b, c) = x(b, t, c);
  const std::vector<Index> lengths = {6, 4};
  Conv1D plain(2, 3), major(2, 3, {.time_major = true});
  build(plain, 3);
  build(major, 3);
  Tape tape(DType::float64);
  LayerValue first, second;
  first.value = tape.constant(x);
  second.value = tape.constant(turned);
  first.lengths = second.lengths = lengths;
  const LayerValue a = plain.call(first), b = major.call(second);
  BOOST_TEST((b.value.shape() == Shape{4, 2, 2}));
  BOOST_TEST((major.output_shape(turned.shape()) == b.value.shape()));
  const auto left = a.value.to_doubles(), right = b.value.to_doubles();
  for (std::size_t s = 0; s < 2; ++s)
    for (std::size_t t = 0; t < 4; ++t)
      for (std::size_t f = 0; f < 2; ++f) BOOST_TEST(left[(s * 4 + t) * 2 + f] == right[(t * 2 + s) * 2 + f]);
  BOOST_TEST(b.lengths[1] == 2);
}

BOOST_AUTO_TEST_CASE(masked_steps_are_zeros) {
  Sequential model(Masking(-1), Conv1D(2, 2, {.padding = Padding::causal}));
  build(model, 2);
  Tape tape(DType::float64);
  const Var x = tape.input(Tensor<double>({1, 3, 2}, {0.5, 1, -1, -1, 2, 3}));
  const Var y = model(x);
  const auto& layer = model.layers()[1].as<Conv1D>();
  const auto k = layer.kernel.value().to_doubles();
  const auto bias = layer.bias.value().to_doubles();
  BOOST_TEST(std::abs(y.to_doubles()[4] - (bias[0] + 2 * k[4] + 3 * k[6])) < 1e-14);
  BOOST_TEST(std::abs(y.to_doubles()[2] - (bias[0] + 0.5 * k[0] + 1 * k[2])) < 1e-14);
}

BOOST_AUTO_TEST_CASE(only_causal_layers_do_not_look_ahead) {
  BOOST_TEST(!Conv1D(1, 3, {.padding = Padding::causal}).looks_ahead());
  BOOST_TEST(!Conv1D(1, 1).looks_ahead());
  BOOST_TEST(Conv1D(1, 3).looks_ahead());
  BOOST_TEST(Conv1D(1, 3, {.padding = Padding::same}).looks_ahead());
  BOOST_TEST(Conv1D(1, 3, {.strides = 2, .padding = Padding::causal}).looks_ahead());
}

BOOST_AUTO_TEST_CASE(configs_name_it_as_keras_does) {
  const AnyLayer layer = layer_from_config(R"({"class_name": "Conv1D", "config": {"filters": 4, "kernel_size": [5],
      "strides": [2], "padding": "causal", "data_format": "channels_last", "dilation_rate": [1], "groups": 1,
      "activation": "relu"}})");
  const Conv1D& conv = layer.as<Conv1D>();
  BOOST_TEST(conv.kernel_size() == 5);
  BOOST_TEST(conv.options().strides == 2);
  BOOST_TEST((conv.options().padding == Padding::causal));
  BOOST_TEST(get_config(layer_from_config(get_config(layer))) == get_config(layer));
  const auto refused = [](const char* keys, const char* message) {
    const std::string text =
        std::string(R"({"class_name": "Conv1D", "config": {"filters": 4, "kernel_size": 3)") + keys;
    BOOST_CHECK_EXCEPTION((void)layer_from_config(text + "}}"), ValueError, says<ValueError>(message));
  };
  refused(R"(, "groups": 2)", "2 groups");
  refused(R"(, "padding": "full")", "padding 'full', must be valid, same or causal");
  refused(R"(, "data_format": "channels_first")", "only channels_last");
  refused(R"(, "strides": 0)", "each must be at least 1");
  refused(R"(, "strides": [1, 2])", "a list of one");
}

BOOST_AUTO_TEST_CASE(refusals) {
  BOOST_CHECK_EXCEPTION(Conv1D(0, 3), ValueError, says<ValueError>("filters must be at least 1"));
  BOOST_CHECK_EXCEPTION(Conv1D(1, 0), ValueError, says<ValueError>("each must be at least 1"));
  Conv1D layer(1, 3);
  build(layer, 2);
  Tape tape(DType::float64);
  BOOST_CHECK_EXCEPTION((void)layer(tape.zeros({1, 2, 2})), ShapeError, says<ShapeError>("2 steps are too few"));
  BOOST_CHECK_EXCEPTION((void)layer(tape.zeros({4, 2})), ShapeError, says<ShapeError>("return_sequences before it?"));
  BOOST_CHECK_EXCEPTION((void)layer(tape.zeros({1, 4, 3})), ShapeError, says<ShapeError>("built for 2 features"));
}

BOOST_AUTO_TEST_SUITE_END()
