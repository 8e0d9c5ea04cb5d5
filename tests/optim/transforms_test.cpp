#include <recur/optim/adaptive.h>
#include <recur/optim/averaged_weights.h>
#include <recur/optim/optimizers.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

#include "toy_model.h"

using namespace recur;
using namespace recur::optim;

namespace {

/// What a chain makes of the gradients: parameters start at zero, so that their values are the sums of the updates.
std::vector<std::vector<double>> update(Optimizer optimizer, const std::vector<std::vector<double>>& gradients,
                                        DType dtype = DType::float64) {
  ToyModel model(dtype);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    model.add("p" + std::to_string(i), std::vector<double>(gradients[i].size(), 0));
    model.set_gradient(i, gradients[i]);
  }
  optimizer.step(model.list());
  std::vector<std::vector<double>> values;
  for (std::size_t i = 0; i < gradients.size(); ++i) values.push_back(model.values(i));
  return values;
}

/// A few roundings in double.
void check(const std::vector<std::vector<double>>& values, const std::vector<std::vector<double>>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i)
    BOOST_TEST(values.at(i) == expected[i], boost::test_tools::tolerance(1e-14) << boost::test_tools::per_element());
}

const double infinity = std::numeric_limits<double>::infinity();
const double nan_value = std::numeric_limits<double>::quiet_NaN();

}  // namespace

BOOST_AUTO_TEST_SUITE(transforms)

BOOST_AUTO_TEST_CASE(by_value) {
  check(update(chain(clip_by_value(1)), {{-3, -0.5, 0, 0.5, 3, infinity}}), {{-1, -0.5, 0, 0.5, 1, 1}});
  BOOST_TEST(std::isnan(update(chain(clip_by_value(1)), {{nan_value}})[0][0]));
}

BOOST_AUTO_TEST_CASE(by_norm_takes_each_parameter_alone) {
  check(update(chain(clip_by_norm(1)), {{3, 4}, {0.3, 0.4}, {0}}), {{0.6, 0.8}, {0.3, 0.4}, {0}});
}

BOOST_AUTO_TEST_CASE(by_global_norm_takes_all_together) {
  check(update(chain(clip_by_global_norm(1)), {{3, 0}, {0, 4}}), {{0.6, 0}, {0, 0.8}});
  check(update(chain(clip_by_global_norm(10)), {{3, 0}, {0, 4}}), {{3, 0}, {0, 4}});
  const auto lost = update(chain(clip_by_global_norm(1)), {{nan_value}, {1}});
  BOOST_TEST(std::isnan(lost[1][0]));
}

BOOST_AUTO_TEST_CASE(norms_of_large_parameters) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    ToyModel model(dtype);
    model.add("w", std::vector<double>(400'003, 0));
    model.set_gradient(0, std::vector<double>(400'003, -3));
    model.add("frozen", {0}).trainable = false;
    model.set_gradient(1, {1e6});
    // Float sums of 4096 / lanes squares: relative error below 1e-5.
    BOOST_TEST(global_norm(model.list()) == 3 * std::sqrt(400'003.0), boost::test_tools::tolerance(1e-5));
  }
}

BOOST_AUTO_TEST_CASE(norms_beyond_the_range_of_float_squares) {
  const auto clipped = update(chain(clip_by_global_norm(1)), {{3e30, 4e30}}, DType::float32);
  BOOST_TEST(clipped[0][0] == 0.6, boost::test_tools::tolerance(1e-6));  // float has 7 digits
  BOOST_TEST(clipped[0][1] == 0.8, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(a_norm_is_that_of_what_arrives) {
  check(update(chain(scale(100), clip_by_global_norm(1), scale(2)), {{0.03, 0.04}}), {{1.2, 1.6}});
  check(update(chain(clip_by_value(1), clip_by_norm(1)), {{5, -0.0}, {-7, 1}}),
        {{1, 0}, {-std::sqrt(0.5), std::sqrt(0.5)}});
  check(update(chain(clip_by_norm(1), clip_by_global_norm(1), clip_by_value(0.5)), {{3, 4}, {0, 10}}),
        {{0.6 * std::sqrt(0.5), 0.5}, {0, 0.5}});
}

BOOST_AUTO_TEST_CASE(clips_of_optimizers_come_norm_first) {
  check(update(sgd({.learning_rate = 1, .clip = {.norm = 1, .value = 0.7}}), {{3, 4}, {0.1, 0.9}}),
        {{-0.6, -0.7}, {-0.1, -0.7}});
  check(update(sgd({.learning_rate = 1, .clip = {.global_norm = 1}}), {{3}, {4}}), {{-0.6}, {-0.8}});
  // L2 is not clipped: it is added afterwards, as after torch's clip_grad_norm_.
  ToyModel model;
  model.add("w", {2});
  model.set_gradient(0, {100});
  sgd({.learning_rate = 1, .weight_decay = 0.5, .clip = {.norm = 1}, .convention = Convention::torch})
      .step(model.list());
  BOOST_TEST(model.values()[0] == 0, boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(limits_must_be_positive) {
  BOOST_CHECK_THROW((void)clip_by_value(0), ValueError);
  BOOST_CHECK_THROW((void)clip_by_norm(-1), ValueError);
  BOOST_CHECK_THROW((void)clip_by_global_norm(nan_value), ValueError);
}

BOOST_AUTO_TEST_CASE(decoupled_weight_decay_is_the_same_before_and_after_the_learning_rate) {
  ToyModel before, after;
  for (ToyModel* model : {&before, &after}) model->add("w", {1, -2, 3});
  auto a = chain(scale_by_adam(), add_decayed_weights(0.1), scale_by_learning_rate(0.5));
  auto b = chain(scale_by_adam(), scale_by_learning_rate(0.5), decay_weights(0.1));
  for (int i = 0; i < 3; ++i) {
    before.set_gradient(0, {1, 2, 3});
    after.set_gradient(0, {1, 2, 3});
    a.step(before.list());
    b.step(after.list());
  }
  BOOST_TEST(before.values() == after.values(), boost::test_tools::tolerance(1e-14)
                                                    << boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(weight_decay_leaves_alone_what_a_filter_refuses) {
  const auto after = [](Optimizer optimizer) {
    ToyModel model;
    model.add("lstm/kernel", {1, 2}, {2, 2});
    model.add("lstm/bias", {2});
    model.add("norm/gamma", {2});
    for (std::size_t i = 0; i < 3; ++i) model.set_gradient(i, std::vector<double>(model.values(i).size(), 0.0));
    optimizer.step(model.list());
    return std::vector<double>{model.values(0)[1], model.values(1)[0], model.values(2)[0]};
  };
  const auto check_values = [](const std::vector<double>& values, const std::vector<double>& expected) {
    BOOST_TEST(values == expected, boost::test_tools::tolerance(1e-15) << boost::test_tools::per_element());
  };
  check_values(after(chain(add_decayed_weights(0.5, all_but({"bias"})), scale(-1))), {1, 2, 1});
  check_values(after(chain(add_decayed_weights(0.5, matrices_only()), scale(-1))), {1, 2, 2});
  check_values(after(chain(scale_by_learning_rate(0.5), decay_weights(0.5, all_but({"bias", "gamma"})))), {1.5, 2, 2});
  const CommonOptions kernels{.exclude_from_weight_decay = {"bias", "norm"}};
  check_values(after(adamw({.learning_rate = 1, .weight_decay = 0.25, .common = kernels})), {1.5, 2, 2});
  check_values(
      after(sgd({.learning_rate = 1, .weight_decay = 0.25, .common = kernels, .convention = Convention::torch})),
      {1.5, 2, 2});
}

BOOST_AUTO_TEST_CASE(averages_follow_the_values_and_are_swapped_in_and_back) {
  ToyModel model;
  model.add("w", {10, -1});
  auto optimizer = sgd({.learning_rate = 1, .common = {.ema_momentum = 0.75}});
  optimizer.swap_averages(model.list());  // before the first update they are the values
  BOOST_TEST(model.values()[0] == 10);
  BOOST_CHECK_THROW(optimizer.step(model.list()), StateError);
  BOOST_CHECK_THROW(optimizer.for_each_slot([](auto&, Array&) {}), StateError);
  optimizer.swap_averages(model.list());
  double average = 0;
  for (int i = 0; i < 4; ++i) {
    model.set_gradient(0, {1.0 + i, 0});
    optimizer.step(model.list());
    average = i == 0 ? model.values()[0] : 0.75 * average + 0.25 * model.values()[0];
  }
  const auto values = model.values();
  const auto version = model[0].version();
  {
    const AveragedWeights averaged(optimizer, model.list());
    BOOST_TEST(model.values()[0] == average);
    BOOST_TEST(model.values()[1] == -1);
    BOOST_TEST(model[0].version() > version);
  }
  BOOST_TEST(model.values() == values, boost::test_tools::per_element());
  auto none = sgd();
  BOOST_CHECK_THROW(AveragedWeights(none, model.list()), StateError);
  BOOST_CHECK_THROW((void)chain(average_weights(), scale(-1)), ValueError);
  BOOST_CHECK_THROW((void)average_weights(1), ValueError);
  BOOST_CHECK_THROW((void)sgd({.common = {.ema_momentum = -0.1}}), ValueError);
}

BOOST_AUTO_TEST_CASE(accumulated_gradients_are_those_of_one_large_batch) {
  ToyModel small, large;
  for (ToyModel* model : {&small, &large}) model->add("w", {1, 2});
  auto a = adam({.clip = {.global_norm = 1}, .common = {.gradient_accumulation_steps = 4}, .maximize = true});
  auto b = adam({.clip = {.global_norm = 1}, .maximize = true});
  for (int i = 0; i < 12; ++i) {
    // As backward does, which adds to what is there.
    auto sum = small[0].gradient.to_doubles();
    sum[0] += i;
    sum[1] -= 2;
    small.set_gradient(0, sum);
    a.step(small.list());
    if (i % 4 == 3) {
      large.set_gradient(0, {i - 1.5, -2});
      b.step(large.list());
    }
    BOOST_TEST(a.iterations() == b.iterations());
    BOOST_TEST(small.values() == large.values(), boost::test_tools::tolerance(1e-14)
                                                     << boost::test_tools::per_element());
  }
  BOOST_CHECK_THROW((void)accumulate_gradients(0), ValueError);
  BOOST_CHECK_THROW((void)chain(clip_by_norm(1), accumulate_gradients(2)), ValueError);
}

BOOST_AUTO_TEST_CASE(scale_follows_a_schedule) {
  ToyModel model;
  model.add("w", {0});
  auto optimizer = chain(scale(step_decay({.initial = -1, .every = 1, .factor = 0.5})));
  for (const double expected : {-1.0, -1.5, -1.75}) {
    model.set_gradient(0, {1});
    optimizer.step(model.list());
    BOOST_TEST(model.values()[0] == expected);
  }
}

BOOST_AUTO_TEST_SUITE_END()
