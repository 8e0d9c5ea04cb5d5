#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/layers/dense.h>
#include <recur/layers/sequential.h>
#include <recur/optim/optimizers.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

#include "toy_model.h"

// Parameters that are not updated every time: those a loss does not depend on, and those that join late.

using namespace recur;
using optim::Convention;
using optim::Optimizer;

namespace {

constexpr auto torch = Convention::torch;

std::vector<std::pair<std::string, Optimizer>> all_optimizers() {
  std::vector<std::pair<std::string, Optimizer>> all;
  const auto add = [&](const char* name, Optimizer optimizer) { all.emplace_back(name, std::move(optimizer)); };
  add("sgd", optim::sgd({.learning_rate = 0.01}));
  add("momentum", optim::sgd({.learning_rate = 0.01, .momentum = 0.9}));
  add("sgd, coupled decay", optim::sgd({.learning_rate = 0.01, .weight_decay = 0.1, .convention = torch}));
  add("adam", optim::adam({.learning_rate = 0.01}));
  add("adam of torch", optim::adam({.learning_rate = 0.01, .convention = torch}));
  add("adamw", optim::adamw({.learning_rate = 0.01, .weight_decay = 0.1}));
  add("nadam", optim::nadam({.learning_rate = 0.01}));
  add("adamax", optim::adamax({.learning_rate = 0.01}));
  add("rmsprop", optim::rmsprop({.learning_rate = 0.01, .momentum = 0.5}));
  add("adagrad", optim::adagrad({.learning_rate = 0.01}));
  add("adadelta", optim::adadelta({.learning_rate = 0.01}));
  add("lion", optim::lion({.learning_rate = 0.01, .weight_decay = 0.1}));
  add("ftrl", optim::ftrl({.learning_rate = 0.01}));
  add("clipped", optim::adam({.learning_rate = 0.01, .clip = {.global_norm = 1}}));
  return all;
}

// How far `b` goes in its first update, after `before` updates of `a` alone.
double late_change(Optimizer optimizer, int before) {
  ToyModel model;
  model.add("a", {0});
  model.add("b", {0});
  model[1].trainable = false;
  for (int i = 0; i < before; ++i) {
    model.set_gradient(0, {1});
    optimizer.step(model.list());
  }
  model[1].trainable = true;
  for (std::size_t i = 0; i < 2; ++i) model.set_gradient(i, {1});
  optimizer.step(model.list());
  return model.values(1)[0];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(absent_gradients)

BOOST_AUTO_TEST_CASE(a_gradient_of_zero_differs_from_none) {
  Parameter used("used"), head("head"), never("never");
  for (Parameter* p : {&used, &head, &never}) p->create({3}, DType::float64);
  BOOST_TEST(!used.has_gradient());
  Tape tape(DType::float64);
  (void)(tape.leaf(head) + tape.leaf(used));  // part of the pass, not of the loss
  tape.backward(sum(tape.leaf(used) * 0.0));
  BOOST_TEST(used.has_gradient());
  BOOST_TEST(!head.has_gradient());
  BOOST_TEST(!never.has_gradient());
  used.zero_gradient();
  BOOST_TEST(!used.has_gradient());
}

BOOST_AUTO_TEST_CASE(a_parameter_that_the_loss_does_not_depend_on_stays) {
  for (auto& [name, optimizer] : all_optimizers()) {
    Parameter a("a"), b("b"), c("c");
    for (Parameter* p : {&a, &b, &c}) {
      p->create({3}, DType::float64);
      p->edit().fill(2);
    }
    const std::vector<NamedParameter> list{{"a", &a}, {"b", &b}, {"c", &c}};
    Tape tape(DType::float64);
    std::vector<double> then;
    for (int i = 0; i < 15; ++i) {
      Var loss = sum(square(tape.leaf(a) - 1.0));
      if (i < 5) loss = loss + sum(square(tape.leaf(b) - 1.0));
      tape.backward(loss);
      optimizer.step(list);
      tape.reset();
      if (i == 4) then = b.value().to_doubles();
    }
    BOOST_TEST(then[0] != 2.0, name);
    BOOST_TEST(b.value().to_doubles() == then, boost::test_tools::per_element());
    BOOST_TEST(c.value().to_doubles() == std::vector<double>(3, 2.0), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_gradient_of_zero_moves_a_parameter_by_its_momentum) {
  ToyModel model;
  model.add("w", {1});
  auto optimizer = optim::sgd({.learning_rate = 0.1, .momentum = 0.5});
  model.set_gradient(0, {1});
  optimizer.step(model.list());
  model.set_gradient(0, {0});
  optimizer.step(model.list());
  BOOST_TEST(model.values()[0] == 1 - 0.1 - 0.05, boost::test_tools::tolerance(1e-14));
}

// PyTorch counts the steps of each parameter: the first is of the learning rate's size whenever it comes.
BOOST_AUTO_TEST_CASE(in_torchs_convention_a_parameter_that_joins_late_is_corrected_by_its_own_updates) {
  const std::vector<std::pair<std::string, std::function<Optimizer()>>> kinds = {
      {"adam", [] { return optim::adam({.learning_rate = 0.01, .convention = torch}); }},
      {"amsgrad", [] { return optim::adam({.learning_rate = 0.01, .amsgrad = true, .convention = torch}); }},
      {"adamw", [] { return optim::adamw({.learning_rate = 0.01, .weight_decay = 0, .convention = torch}); }},
      {"nadam", [] { return optim::nadam({.learning_rate = 0.01, .convention = torch}); }},
      {"adamax", [] { return optim::adamax({.learning_rate = 0.01, .convention = torch}); }},
      {"dampening",
       [] { return optim::sgd({.learning_rate = 0.01, .momentum = 0.9, .dampening = 0.5, .convention = torch}); }},
      {"chain",
       [] { return optim::chain(optim::clip_by_value(5), optim::adam({.learning_rate = 0.01, .convention = torch})); }},
  };
  for (const auto& [name, make] : kinds) {
    const double first = late_change(make(), 0);
    BOOST_TEST(first < -0.009, name << ": " << first);
    for (const int before : {1, 10, 1000})
      BOOST_TEST(late_change(make(), before) == first, boost::test_tools::tolerance(1e-12));
  }
}

BOOST_AUTO_TEST_CASE(keras_counts_the_updates_of_the_optimizer) {
  const double beta_1 = 0.9, beta_2 = 0.999;
  const double expected =
      -0.01 * (1 - beta_1) / (1 - std::pow(beta_1, 11)) * std::sqrt(1 - std::pow(beta_2, 11)) / std::sqrt(1 - beta_2);
  BOOST_TEST(late_change(optim::adam({.learning_rate = 0.01}), 10) == expected, boost::test_tools::tolerance(1e-4));
}

BOOST_AUTO_TEST_CASE(counts_by_parameter_are_kept_with_the_slots) {
  const auto make = [] { return optim::adam({.learning_rate = 0.01, .convention = torch}); };
  const auto run = [](Optimizer& optimizer, ToyModel& model, int begin, int end) {
    for (int i = begin; i < end; ++i) {
      model.set_gradient(0, {1.0 + i});
      if (i >= 3) model.set_gradient(1, {2.0 - i});
      optimizer.step(model.list());
    }
  };
  ToyModel whole, part;
  for (ToyModel* model : {&whole, &part}) model->add("a", {0}), model->add("b", {0});
  auto one = make(), before = make(), after = make();
  run(one, whole, 0, 8);
  run(before, part, 0, 5);
  after.create_slots(part.list());
  std::map<std::string, Array> saved;
  before.for_each_slot([&](const std::string& name, Array& slot) { saved[name] = slot.clone(); });
  BOOST_TEST(saved.at("b/updates").to_doubles()[0] == 2.0);
  after.for_each_slot([&](const std::string& name, Array& slot) { slot.assign(saved.at(name)); });
  after.set_iterations(before.iterations());
  run(after, part, 5, 8);
  for (std::size_t i = 0; i < 2; ++i) BOOST_TEST(part.values(i) == whole.values(i), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_list_made_before_its_layer_was_moved_is_refused) {
  Dense dense(1);
  Builder builder(2, DType::float32, Generator(1));
  dense.build(builder);
  const auto before = parameters(dense);
  auto optimizer = optim::sgd({.learning_rate = 0.1});
  optimizer.step(before);
  Sequential model(std::move(dense));
  BOOST_CHECK_THROW(optimizer.step(before), StateError);
  auto fresh = optim::sgd({.learning_rate = 0.1});
  BOOST_CHECK_THROW(fresh.step(before), StateError);
  optimizer.step(parameters(model));
}

BOOST_AUTO_TEST_SUITE_END()
