#include <recur/optim/config.h>
#include <recur/optim/optimizers.h>
#include <recur/optim/schedule_config.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cmath>

#include "toy_model.h"

using namespace recur;
using namespace recur::optim;
using nlohmann::json;

namespace {

std::vector<double> values_after_steps(Optimizer& optimizer) {
  ToyModel model;
  model.add("w", {1, -2, 3});
  for (int i = 0; i < 4; ++i) {
    model.set_gradient(0, {0.5 + i, -1, 2.0 - i});
    optimizer.step(model.list());
  }
  return model.values();
}

std::string message_of(const char* class_name, const char* config) {
  try {
    (void)from_config(class_name, std::string_view(config));
  } catch (const ValueError& error) {
    return error.what();
  }
  return "nothing thrown";
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(what_get_config_tells_makes_the_same_optimizer) {
  const auto make_all = [] {
    std::vector<Optimizer> all;
    for (const Convention convention : {Convention::keras, Convention::keras3, Convention::torch}) {
      all.push_back(sgd(
          {.learning_rate = 0.3, .momentum = 0.5, .nesterov = true, .clip = {.value = 1}, .convention = convention}));
      all.push_back(
          rmsprop({.rho = 0.7, .momentum = 0.5, .centered = true, .clip = {.norm = 2}, .convention = convention}));
      all.push_back(adagrad({.initial_accumulator_value = 0.0, .decay = 0.5, .convention = convention}));
      all.push_back(adadelta({.epsilon = 0.01, .weight_decay = 0.1, .convention = convention}));
      all.push_back(
          adam({.beta_1 = 0.0, .beta_2 = 0.9, .amsgrad = true, .clip = {.global_norm = 3}, .convention = convention}));
      all.push_back(adamw({.weight_decay = 0.0, .convention = convention}));
      all.push_back(adamw({.epsilon = 0.1, .convention = convention}));
      all.push_back(adamax({.learning_rate = 0.1, .decay = 0.1, .convention = convention}));
      all.push_back(nadam({.momentum_decay = 0.5, .convention = convention}));
    }
    all.push_back(lion({.weight_decay = 0.1}));
    all.push_back(ftrl({.learning_rate_power = -0.6, .l1 = 0.1, .l2 = 0.2, .l2_shrinkage = 0.3, .beta = 0.4}));
    all.push_back(
        lion({.weight_decay = 0.1,
              .common = {.exclude_from_weight_decay = {"w"}, .gradient_accumulation_steps = 2, .ema_momentum = 0.5}}));
    all.push_back(adam({.learning_rate = warm_up({.steps = 2}, cosine_decay({.initial = 1, .decay_steps = 5}))}));
    return all;
  };
  for (Optimizer& original : make_all()) {
    const OptimizerConfig described = get_config(original);
    Optimizer copy = from_config(described.class_name, described.config);
    BOOST_TEST_CONTEXT(described.class_name << " " << described.config) {
      BOOST_TEST(get_config(copy).class_name == described.class_name);
      BOOST_TEST(get_config(copy).config == described.config);
      BOOST_TEST(values_after_steps(copy) == values_after_steps(original), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(defaults_are_those_of_the_library) {
  const auto options = from_config("torch.optim.RMSprop", json::object()).options();
  const auto& torch = *options.get_if<RmspropOptions>();
  BOOST_TEST(torch.learning_rate->constant().value() == 0.01);
  BOOST_TEST(torch.rho.value() == 0.99);
  BOOST_TEST(torch.epsilon.value() == 1e-8);
  const auto keras_options = from_config("keras.optimizers.RMSprop", json::object()).options();
  const auto& keras = *keras_options.get_if<RmspropOptions>();
  BOOST_TEST(keras.rho.value() == 0.9);
  BOOST_TEST((keras.convention == Convention::keras3));
}

// As `get_config` of the libraries writes them.
BOOST_AUTO_TEST_CASE(real_configs_are_understood) {
  auto keras =
      from_config("tf.keras.optimizers.Adam", json::parse(R"({"name": "Adam", "learning_rate": 0.002, "decay": 0.5,
      "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": false})"));
  BOOST_TEST(keras.options().get_if<AdamOptions>()->decay == 0.5);
  auto keras3 =
      from_config("keras.optimizers.SGD", json::parse(R"({"name": "SGD", "learning_rate": 0.01, "weight_decay": null,
      "clipnorm": null, "global_clipnorm": 1.5, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99,
      "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null,
      "momentum": 0.9, "nesterov": true})"));
  BOOST_TEST(keras3.options().get_if<SgdOptions>()->clip.global_norm == 1.5);
  auto torch = from_config("torch.optim.Adam", json::parse(R"({"lr": 0.1, "betas": [0.8, 0.9], "eps": 1e-08,
      "weight_decay": 0, "amsgrad": false, "maximize": false, "foreach": null, "capturable": false})"));
  BOOST_TEST(torch.options().get_if<AdamOptions>()->beta_2 == 0.9);
  // tf.keras calls the decay of Nadam's momentum just `decay`.
  auto nadam = from_config("tf.keras.optimizers.Nadam", json{{"decay", 0.01}});
  BOOST_TEST(nadam.options().get_if<NadamOptions>()->momentum_decay.value() == 0.01);
  BOOST_TEST(from_config("tf.keras.optimizers.SGD", json{{"lr", 0.5}}).learning_rate() == 0.5);
}

BOOST_AUTO_TEST_CASE(averages_and_accumulation_of_keras) {
  const auto common = [](const char* config) {
    const auto options = from_config("keras.optimizers.Adam", std::string_view(config)).options();
    return (*options.get_if<AdamOptions>()).common;
  };
  BOOST_TEST(common(R"({"use_ema": true, "gradient_accumulation_steps": 4})").ema_momentum == 0.99);
  BOOST_TEST(common(R"({"use_ema": true, "gradient_accumulation_steps": 4})").gradient_accumulation_steps == 4);
  BOOST_TEST(common(R"({"use_ema": true, "ema_momentum": 0.5})").ema_momentum == 0.5);
  BOOST_TEST(common(R"({"use_ema": false, "ema_momentum": 0.5})").ema_momentum == 0);
  BOOST_TEST(common(R"({"ema_momentum": 0.5})").ema_momentum == 0.5);
  BOOST_TEST(contains(message_of("keras.optimizers.Adam", R"({"exclude_from_weight_decay": [1]})"), "a list of texts"));
  BOOST_TEST(
      contains(message_of("keras.optimizers.Adam", R"({"gradient_accumulation_steps": 0})"), "must be positive"));
}

BOOST_AUTO_TEST_CASE(schedules_come_back) {
  const Schedule all[] = {0.25,
                          piecewise_constant({3, 6}, {1, 0.5, 0.25}),
                          step_decay({.initial = 1, .every = 3}),
                          exponential_decay({.initial = 1, .decay_steps = 3, .decay_rate = 0.5, .staircase = true}),
                          polynomial_decay({.initial = 1, .decay_steps = 4, .power = 2, .cycle = true}),
                          inverse_time_decay({.initial = 1, .decay_steps = 4, .decay_rate = 0.5}),
                          cosine_decay({.initial = 1, .decay_steps = 4, .alpha = 0.1}),
                          cosine_restarts({.initial = 1, .first_decay_steps = 3, .m_mul = 0.5}),
                          linear_cosine_decay({.initial = 1, .decay_steps = 7}),
                          noisy_linear_cosine_decay({.initial = 1, .decay_steps = 7, .initial_variance = 2, .seed = 3}),
                          warm_up({.steps = 3, .start = 0.1}, step_decay({.initial = 1, .every = 2})),
                          one_cycle({.maximum = 1, .total_steps = 9}),
                          inverse_square_root({.peak = 1, .warm_up_steps = 3})};
  for (const Schedule& schedule : all) {
    const std::string config = get_config(schedule);
    const Schedule copy = schedule_from_config(config);
    BOOST_TEST(get_config(copy) == config);
    for (Index step = 0; step < 10; ++step) BOOST_TEST(copy(step) == schedule(step), config << " at " << step);
  }
  BOOST_CHECK_THROW((void)get_config(Schedule([](Index) { return 1.0; })), StateError);
  // Keras 3's cosine with a warm-up.
  const Schedule warm = schedule_from_config(R"({"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.5,
      "decay_steps": 4, "alpha": 0.0, "name": "CosineDecay", "warmup_target": 1.0, "warmup_steps": 2}})");
  for (const auto& [step, value] : {std::pair{0, 0.5}, {1, 0.75}, {2, 1.0}, {4, 0.5}, {6, 0.0}})
    BOOST_TEST(std::abs(warm(step) - value) < 1e-15);
}

BOOST_AUTO_TEST_CASE(mistakes_in_schedules_are_named) {
  const auto message = [](const std::string& text) {
    try {
      (void)schedule_from_config(text);
    } catch (const ValueError& error) {
      return std::string(error.what());
    }
    return std::string("nothing thrown");
  };
  BOOST_TEST(contains(message("{"), "not JSON"));
  BOOST_TEST(contains(message("[]"), "must be a number"));
  BOOST_TEST(contains(message(R"({"class_name": "Cosine"})"), "no schedule Cosine"));
  BOOST_TEST(contains(message(R"({"class_name": "CosineDecay"})"), "needs initial_learning_rate"));
  BOOST_TEST(contains(message(R"({"class_name": "CosineDecay", "config": 1})"), "not an object"));
  BOOST_TEST(contains(message(R"({"class_name": "CosineDecay", "extra": 1})"), "extra beside"));
  const auto cosine = [&](const std::string& more) {
    return message(R"({"class_name": "CosineDecay", "config": {"initial_learning_rate": 1, )" + more + "}}");
  };
  BOOST_TEST(contains(cosine(R"("decay_steps": 1.5)"), "must be a whole number"));
  BOOST_TEST(contains(cosine(R"("decay_steps": 0)"), "must be positive"));
  BOOST_TEST(contains(cosine(R"("decay_steps": 5, "alhpa": 1)"), "no argument alhpa"));
  BOOST_TEST(contains(
      message(R"({"class_name": "PiecewiseConstantDecay", "config": {"boundaries": [1], "values": ["a", 1]}})"),
      "must be a number"));
}

BOOST_AUTO_TEST_CASE(maximizing_goes_up) {
  auto optimizer =
      from_config("torch.optim.SGD", json::parse(R"({"lr": 0.5, "weight_decay": 0.25, "maximize": true})"));
  Parameter w;
  w.create({1}, DType::float64);
  w.edit().fill(1);
  w.gradient.fill(2);
  const std::vector<NamedParameter> list = {{"w", &w}};
  optimizer.step(list);
  BOOST_TEST(w.value().to_doubles()[0] == 1 - 0.5 * (-2 + 0.25));  // the penalty still pulls down
  BOOST_TEST(contains(get_config(optimizer).config, R"("maximize":true)"));
}

BOOST_AUTO_TEST_CASE(whatever_is_unknown_is_named) {
  BOOST_TEST(contains(message_of("torch.optim.Adamm", "{}"), "torch.optim.Adamm"));
  BOOST_TEST(contains(message_of("Adamm", "{}"), "no optimizer Adamm (did you mean Adam?)"));
  BOOST_TEST(contains(message_of("torch.optim.Lion", "{}"), "torch.optim.Lion"));
  const auto key = message_of("torch.optim.Adam", R"({"learning_rate": 0.1})");
  BOOST_TEST(contains(key, "no argument learning_rate"));
  BOOST_TEST(contains(key, "lr"));
  BOOST_TEST(contains(message_of("torch.optim.SGD", R"({"lr": "fast"})"), R"(lr = "fast", must be a number)"));
  BOOST_TEST(contains(message_of("torch.optim.Adam", R"({"betas": [0.9]})"), "betas has 1 numbers"));
  BOOST_TEST(contains(message_of("torch.optim.Adam", R"({"betas": ["a", 1]})"), "betas"));
  BOOST_TEST(contains(message_of("torch.optim.SGD", R"({"capturable": true})"), "capturable = true is not supported"));
  BOOST_TEST(contains(message_of("torch.optim.SGD", "[1"), "not a JSON object"));
  BOOST_TEST(contains(message_of("tf.keras.optimizers.SGD", R"({"nesterov": 1})"), "must be true or false"));
}

BOOST_AUTO_TEST_CASE(tells_the_present_learning_rate) {
  auto optimizer = adam({.learning_rate = 0.5});
  optimizer.set_learning_rate(0.25);
  BOOST_TEST(contains(get_config(optimizer).config, R"("learning_rate":0.25)"));
  optimizer.set_learning_rate([](Index) { return 0.5; });
  BOOST_CHECK_THROW((void)get_config(optimizer), StateError);
  BOOST_CHECK_THROW((void)get_config(chain(scale(1))), StateError);
}

BOOST_AUTO_TEST_SUITE_END()
