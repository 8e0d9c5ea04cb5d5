#include <recur/framework/threads/parallel.h>
#include <recur/optim/adaptive.h>
#include <recur/optim/elementwise.h>
#include <recur/optim/optimizers.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <type_traits>

#include "toy_model.h"

using namespace recur;

namespace {

/// Deterministic gradients of any size.
std::vector<double> gradient(std::size_t size, int step) {
  std::vector<double> g(size);
  for (std::size_t i = 0; i < size; ++i) g[i] = std::sin(static_cast<double>(i + 1) * 0.7 + step);
  return g;
}

void train(optim::Optimizer& optimizer, ToyModel& model, int first, int last) {
  for (int step = first; step < last; ++step) {
    for (std::size_t i = 0; i < model.list().size(); ++i) {
      auto sum = model[i].gradient.to_doubles();  // not zeros while gradients accumulate
      const auto more = gradient(sum.size(), step);
      std::transform(sum.begin(), sum.end(), more.begin(), sum.begin(), std::plus<>());
      model.set_gradient(i, sum);
    }
    optimizer.step(model.list());
  }
}

/// A link written by a user, by plain loops: keeps count of the updates of each element.
struct Count {
  [[nodiscard]] static std::vector<optim::Slot> slots() { return {{"count", 10}}; }
  template <Scalar T>
  void update(optim::ParameterBlock<T>& block) const {
    for (T& n : block.slot(0)) n += 1;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(optimizer)

BOOST_AUTO_TEST_CASE(step_clears_gradients_and_marks_parameters_as_changed) {
  ToyModel model;
  model.add("w", {1, 2});
  model.set_gradient(0, {1, 10});
  const auto version = model[0].version();
  auto optimizer = optim::sgd({.learning_rate = 0.1});
  optimizer.step(model.list());
  BOOST_TEST(model.values() == (std::vector<double>{0.9, 1}), boost::test_tools::per_element());
  BOOST_TEST(model[0].gradient.to_doubles() == (std::vector<double>{0, 0}), boost::test_tools::per_element());
  BOOST_TEST(model[0].version() > version);
  BOOST_TEST(optimizer.iterations() == 1);
}

BOOST_AUTO_TEST_CASE(frozen_parameters_stay) {
  ToyModel model;
  model.add("frozen", {1}).trainable = false;
  model.add("free", {1});
  auto optimizer = optim::adam();
  const auto version = model[0].version();
  train(optimizer, model, 0, 2);
  BOOST_TEST(model.values(0)[0] == 1);
  BOOST_TEST(model[0].version() == version);
  BOOST_TEST(model.values(1)[0] != 1);
  model[0].trainable = true;
  train(optimizer, model, 2, 3);
  BOOST_TEST(model.values(0)[0] != 1);
}

BOOST_AUTO_TEST_CASE(constraints_hold_after_the_update) {
  ToyModel model;
  model.add("w", {1, 1}).constraint = [](Array& value) {
    for (double& w : value.as<double>().values()) w = std::max(w, 0.0);
  };
  model.set_gradient(0, {3, 0.5});
  optim::sgd({.learning_rate = 1}).step(model.list());
  BOOST_TEST(model.values() == (std::vector<double>{0, 0.5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_shared_parameter_is_updated_once) {
  ToyModel model;
  Parameter& shared = model.add("embedding", {1});
  const std::vector<NamedParameter> list{{"encoder/embedding", &shared}, {"decoder/embedding", &shared}};
  model.set_gradient(0, {1});
  auto optimizer = optim::sgd({.learning_rate = 0.1, .momentum = 0.9});
  optimizer.step(list);
  BOOST_TEST(model.values()[0] == 0.9, boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(mistakes_are_told) {
  ToyModel model;
  Parameter& a = model.add("w", {1, 2});
  Parameter& b = model.add("w", {1});
  auto optimizer = optim::adam();
  BOOST_CHECK_THROW(optimizer.step(model.list()), ValueError);
  const std::vector<NamedParameter> first{{"w", &a}}, second{{"w", &b}};
  optimizer.step(first);
  BOOST_CHECK_THROW(optimizer.step(second), ShapeError);
  a.create({3}, DType::float64);
  BOOST_CHECK_THROW(optimizer.step(first), ShapeError);
  b.gradient = Array({5}, DType::float64);
  const std::vector<NamedParameter> third{{"b", &b}};
  BOOST_CHECK_THROW(optimizer.step(third), ShapeError);
}

BOOST_AUTO_TEST_CASE(learning_rate_may_be_changed_or_scheduled) {
  ToyModel model;
  model.add("w", {0});
  auto optimizer = optim::sgd({.learning_rate = optim::piecewise_constant({0}, {1, 0.5})});
  const auto step = [&] {
    model.set_gradient(0, {-1});
    optimizer.step(model.list());
    return model.values()[0];
  };
  BOOST_TEST(optimizer.learning_rate() == 1);
  BOOST_TEST(step() == 1);
  BOOST_TEST(optimizer.learning_rate() == 0.5);
  BOOST_TEST(step() == 1.5);
  optimizer.set_learning_rate(2);
  BOOST_TEST(step() == 3.5);
  BOOST_CHECK_THROW(optimizer.set_learning_rate(-1), ValueError);
  BOOST_TEST(optimizer.learning_rate() == 2);
  BOOST_CHECK_THROW((void)optim::chain(optim::scale(-1)).learning_rate(), StateError);
}

BOOST_AUTO_TEST_CASE(a_saved_run_continues_as_if_not_interrupted) {
  const auto start = gradient(1500, 99);
  for (const auto& make :
       {+[] { return optim::adam({.amsgrad = true}); }, +[] { return optim::nadam(); },
        +[] {
          return optim::sgd({.momentum = 0.9, .dampening = 0.5, .decay = 0.1, .convention = optim::Convention::torch});
        },
        +[] { return optim::adagrad(); },
        +[] { return optim::rmsprop({.momentum = 0.5, .centered = true, .common = {.ema_momentum = 0.9}}); },
        +[] { return optim::adadelta({.common = {.gradient_accumulation_steps = 2}}); },
        +[] { return optim::adamax({.learning_rate = optim::cosine_decay({.initial = 0.1, .decay_steps = 9})}); },
        +[] {
          return optim::lion({.weight_decay = 0.1, .common = {.gradient_accumulation_steps = 3, .ema_momentum = 0.5}});
        }}) {
    ToyModel whole(DType::float32), half(DType::float32), rest(DType::float32);
    for (ToyModel* model : {&whole, &half, &rest}) model->add("w", start), model->add("b", {1, 2, 3});
    auto uninterrupted = make();
    train(uninterrupted, whole, 0, 10);
    auto before = make();
    train(before, half, 0, 5);
    std::map<std::string, Array> saved;
    before.for_each_slot([&](const std::string& name, Array& slot) { saved[name] = slot.clone(); });

    auto after = make();
    after.create_slots(rest.list());
    std::size_t loaded = 0;
    after.for_each_slot([&](const std::string& name, Array& slot) { slot.assign(saved.at(name)), ++loaded; });
    BOOST_TEST(loaded == saved.size());
    after.set_iterations(before.iterations());
    for (std::size_t i = 0; i < 2; ++i) rest[i].edit().assign(half[i].value());
    train(after, rest, 5, 10);
    for (std::size_t i = 0; i < 2; ++i) BOOST_TEST(rest.values(i) == whole.values(i), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(slots_have_paths_and_keep_their_shape) {
  ToyModel model;
  model.add("rnn/kernel", {2, 2}, {1, 2, 3, 4});
  auto optimizer = optim::chain(optim::momentum(), optim::momentum(), optim::scale_by_adam(), optim::scale(-1));
  optimizer.create_slots(model.list());
  std::vector<std::string> names;
  optimizer.for_each_slot([&](const std::string& name, Array&) { names.push_back(name); });
  const std::vector<std::string> expected{"rnn/kernel/momentum", "rnn/kernel/momentum_2", "rnn/kernel/m",
                                          "rnn/kernel/v"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
  BOOST_CHECK_THROW(optimizer.for_each_slot([](auto&, Array& slot) { slot = Array({4}, DType::float64); }), ShapeError);
  BOOST_CHECK_THROW(optimizer.set_iterations(-1), ValueError);
}

BOOST_AUTO_TEST_CASE(state_belongs_to_the_path_not_to_the_object) {
  ToyModel one, two, moved;
  for (ToyModel* model : {&one, &two, &moved}) model->add("w", {1, 2, 3});
  auto a = optim::adam(), b = optim::adam();
  train(a, one, 0, 6);
  train(b, two, 0, 3);
  moved[0].edit().assign(two[0].value());
  train(b, moved, 3, 6);
  BOOST_TEST(moved.values() == one.values(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(threads_do_not_change_a_bit) {
  const auto run = [](int count) {
    set_threads(count);
    ToyModel model(DType::float32);
    model.add("w", gradient(300'000, 7));
    auto optimizer = optim::adam({.clip = {.global_norm = 1}});
    train(optimizer, model, 0, 2);
    return model.values();
  };
  const int before = threads();
  const bool same = run(1) == run(3);
  set_threads(before);
  BOOST_TEST(same);
}

BOOST_AUTO_TEST_CASE(chains_take_links_of_users_and_optimizers) {
  static_assert(optim::Link<Count> && optim::Link<optim::ScaleByAdam>);
  static_assert(!optim::Link<int>);
  ToyModel model;
  model.add("w", {1, 2});
  auto optimizer = optim::chain(Count{}, optim::sgd({.learning_rate = 0.5}));
  BOOST_TEST(optimizer.learning_rate() == 0.5);
  train(optimizer, model, 0, 3);
  optimizer.for_each_slot([](const std::string& name, Array& slot) {
    BOOST_TEST(name == "w/count");
    BOOST_TEST(slot.to_doubles()[1] == 13);
  });
  BOOST_CHECK_THROW((void)optim::chain(optim::sgd(), optim::adam()), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
