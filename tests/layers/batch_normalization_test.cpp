#include "layer_gradients.h"

#include <recur/framework/ops/reduce.h>
#include <recur/layers/batch_normalization.h>
#include <recur/layers/config/config.h>
#include <recur/layers/dense.h>
#include <recur/layers/sequential.h>

#include <numeric>

using namespace recur;
using namespace recur::test;

namespace {

struct Moments {
  double mean, variance;
};

// Of every second number, those of a feature.
Moments moments(const std::vector<double>& numbers) {
  const auto n = static_cast<double>(numbers.size());
  const double mean = std::accumulate(numbers.begin(), numbers.end(), 0.0) / n;
  double sum = 0;
  for (const double x : numbers) sum += (x - mean) * (x - mean);
  return {mean, sum / n};
}

void set(Parameter& parameter, std::vector<double> values) { parameter.edit().assign(values); }

}  // namespace

BOOST_AUTO_TEST_SUITE(batch_normalization)

BOOST_AUTO_TEST_CASE(training_uses_the_batch_and_inference_what_moved) {
  BatchNormalization layer({.momentum = 0.75, .epsilon = 0.01});
  build(layer, 1);
  set(layer.gamma, {2});
  set(layer.beta, {-1});
  set(layer.moving_mean, {0.5});
  set(layer.moving_variance, {4});
  const std::vector<double> x = {1, 2, 4, -3, 0, 7};
  const Moments m = moments(x);
  Tape tape(DType::float64);
  const auto y = layer(tape.constant(Tensor<double>({2, 3, 1}, x))).to_doubles();
  for (std::size_t i = 0; i < x.size(); ++i)
    BOOST_TEST(std::abs(y[i] - (2 * (x[i] - m.mean) / std::sqrt(m.variance + 0.01) - 1)) < 1e-14);
  const double mean = 0.75 * 0.5 + 0.25 * m.mean, variance = 0.75 * 4 + 0.25 * m.variance;
  BOOST_TEST(std::abs(layer.moving_mean.value().to_doubles()[0] - mean) < 1e-14);
  BOOST_TEST(std::abs(layer.moving_variance.value().to_doubles()[0] - variance) < 1e-14);
  for (const bool off_by_recording : {true, false}) {
    Tape other(DType::float64);
    if (off_by_recording) other.set_recording(false);
    else other.set_training(false);
    const auto z = layer(other.constant(Tensor<double>({2, 3, 1}, x))).to_doubles();
    for (std::size_t i = 0; i < x.size(); ++i)
      BOOST_TEST(std::abs(z[i] - (2 * (x[i] - mean) / std::sqrt(variance + 0.01) - 1)) < 1e-14);
  }
  BOOST_TEST(std::abs(layer.moving_mean.value().to_doubles()[0] - mean) < 1e-14);
}

BOOST_AUTO_TEST_CASE(gradients_of_training) {
  for (const bool plain : {false, true}) {
    BatchNormalization layer({.epsilon = 0.1, .center = !plain, .scale = !plain});
    build(layer, 3);
    std::vector<Parameter*> learned;
    for (const NamedParameter& p : parameters(layer))
      if (p.parameter->trainable) learned.push_back(p.parameter);
    BOOST_TEST(learned.size() == (plain ? 0U : 2U));
    for (const std::vector<Index>& lengths : {std::vector<Index>(), std::vector<Index>{4, 2}})
      check_derivatives(
          "BatchNormalization",
          [&](Tape&, auto x) {
            LayerValue value;
            value.value = x[0];
            value.lengths = lengths;
            return layer.call(value).value;
          },
          {Shape{2, 4, 3}}, learned);
    check_derivatives(
        "BatchNormalization of rows", [&](Tape&, auto x) { return layer(x[0]); }, {Shape{5, 3}}, learned);
  }
}

BOOST_AUTO_TEST_CASE(steps_that_do_not_count_take_no_part_in_statistics) {
  for (const bool masked : {false, true})
    for (const bool time_major : {false, true}) {
      BatchNormalization layer({.momentum = 0, .time_major = time_major});
      build(layer, 1);
      Tape tape(DType::float64);
      LayerValue input;
      // Sequences 1, 2, 4 and -3, with 99 and 77 behind the second.
      input.value = tape.constant(time_major ? Tensor<double>({3, 2, 1}, {1, -3, 2, 99, 4, 77})
                                             : Tensor<double>({2, 3, 1}, {1, 2, 4, -3, 99, 77}));
      const std::vector<Index> lengths = {3, 1};
      if (masked)
        input.mask = tape.constant(time_major ? Tensor<double>({3, 2}, {1, 1, 1, 0, 1, 0})
                                              : Tensor<double>({2, 3}, {1, 1, 1, 1, 0, 0}));
      else input.lengths = lengths;
      const LayerValue output = layer.call(input);
      const Moments m = moments({1, 2, 4, -3});
      BOOST_TEST(std::abs(layer.moving_mean.value().to_doubles()[0] - m.mean) < 1e-14);
      BOOST_TEST(std::abs(layer.moving_variance.value().to_doubles()[0] - m.variance) < 1e-14);
      BOOST_TEST(output.mask.defined() == masked);
      BOOST_TEST(output.lengths.size() == (masked ? 0U : 2U));
    }
}

BOOST_AUTO_TEST_CASE(frozen_layers_keep_their_statistics) {
  AnyLayer layer = layer_from_config(R"({"class_name": "BatchNormalization", "config": {"trainable": false}})");
  Builder builder(2, DType::float64, Generator(1));
  layer.build(builder);
  auto& own = layer.as<BatchNormalization>();
  Tape tape(DType::float64);
  const Tensor<double> x = random_tensor({4, 2});
  const auto y = own(tape.constant(x)).to_doubles();
  BOOST_TEST(own.moving_mean.value().to_doubles()[0] == 0);
  BOOST_TEST(std::abs(y[0] - x.data()[0] / std::sqrt(1.001)) < 1e-14);
}

BOOST_AUTO_TEST_CASE(moving_statistics_are_parameters_that_do_not_learn) {
  Sequential model(Dense(3), BatchNormalization());
  build(model, 2);
  const auto list = parameters(model);
  BOOST_TEST(list.size() == 6);
  BOOST_TEST(list[4].path == "batch_normalization/moving_mean");
  BOOST_TEST(!list[4].parameter->trainable);
  BOOST_TEST(list[5].path == "batch_normalization/moving_variance");
  BOOST_TEST(!list[5].parameter->trainable);
}

BOOST_AUTO_TEST_CASE(configs_name_it_as_keras_does) {
  const AnyLayer layer = layer_from_config(R"({"class_name": "BatchNormalization", "config": {"axis": [2],
      "momentum": 0.9, "epsilon": 0.002, "synchronized": false}})");
  BOOST_TEST(get_config(layer_from_config(get_config(layer))) == get_config(layer));
  BOOST_TEST(layer.as<BatchNormalization>().config().momentum == 0.9);
  BOOST_CHECK_EXCEPTION((void)layer_from_config(R"({"class_name": "BatchNormalization", "config": {"renorm": true}})"),
                        ValueError, says<ValueError>("renorm is not supported"));
}

BOOST_AUTO_TEST_CASE(refusals) {
  BOOST_CHECK_EXCEPTION(BatchNormalization({.momentum = 1.5}), ValueError, says<ValueError>("momentum 1.5"));
  BOOST_CHECK_EXCEPTION(BatchNormalization({.epsilon = -1}), ValueError, says<ValueError>("negative epsilon"));
  BatchNormalization layer, other({.axis = 1});
  build(layer, 2);
  build(other, 2);
  Tape tape(DType::float64);
  BOOST_CHECK_EXCEPTION((void)layer(tape.zeros({2, 3})), ShapeError, says<ShapeError>("built for 2 features"));
  BOOST_CHECK_EXCEPTION((void)other(tape.zeros({2, 3, 2})), ValueError, says<ValueError>("not the last one"));
  LayerValue input;
  input.value = tape.zeros({1, 2, 2});
  const std::vector<Index> none = {0};
  input.lengths = none;
  BOOST_CHECK_EXCEPTION((void)layer.call(input), ValueError, says<ValueError>("no step of the batch counts"));
}

BOOST_AUTO_TEST_SUITE_END()
