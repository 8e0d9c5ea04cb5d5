// Copies of models: same numbers, and each learns by itself.
#include "support.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/stacked_rnn_cells.h>
#include <recur/layers/dense.h>
#include <recur/layers/recurrent/bidirectional.h>
#include <recur/layers/recurrent/carried_state.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>
#include <recur/optim/optimizers.h>

#include <boost/test/unit_test.hpp>

#include <memory>

namespace {

using namespace recur;

/// A cell as a user writes it.
struct OwnCell {
  struct State {
    Var h;
  };
  Index units;
  Parameter kernel{"kernel"}, recurrent{"recurrent_kernel"};
  [[nodiscard]] StateSize state_size() const { return {units}; }
  void build(Builder& builder) {
    builder(kernel, {builder.input_size, units}, glorot_uniform());
    builder(recurrent, {units, units}, orthogonal());
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel, recurrent); }
  [[nodiscard]] Step<State> call(Var x, State s) {
    const Var h = tanh(matmul(x, kernel) + matmul(s.h, recurrent));
    return {h, {h}};
  }
};

struct UniqueCell : OwnCell {
  std::unique_ptr<int> owned;
};

Sequential built_model() {
  Sequential model{Bidirectional([] { return LSTMCell(3); }, {.return_sequences = true}),
                   RNN(StackedRNNCells(OwnCell{4}, GRUCell(3)), {.stateful = true}), Dense(1)};
  Builder builder(2, DType::float32, Generator(1));
  model.build(builder);
  return model;
}

Tensor<float> inputs() {
  Tensor<float> x({5, 4, 2});
  Generator(2).fill_normal(x.values());
  return x;
}

std::vector<double> outputs_of(Sequential& model) {
  Tape tape;
  const NoGradient inference(tape);
  return model(tape.constant(inputs())).to_doubles();
}

std::vector<double> numbers_of(Sequential& model) {
  std::vector<double> all;
  for (const NamedParameter& p : parameters(model))
    for (const double x : p.parameter->value().to_doubles()) all.push_back(x);
  return all;
}

void train(Sequential& model) {
  optim::Optimizer optimizer = optim::adam({.learning_rate = 0.1});
  Tape tape;
  for (int step = 0; step < 3; ++step) {
    tape.backward(sum(square(model(tape.constant(inputs())))));
    optimizer.step(parameters(model));
    tape.reset();
  }
}

BOOST_AUTO_TEST_SUITE(copies)

BOOST_AUTO_TEST_CASE(a_copy_has_the_numbers_and_the_states) {
  Sequential model = built_model();
  (void)outputs_of(model);  // the stateful RNN has states now
  Sequential copy = model;
  BOOST_TEST(numbers_of(copy) == numbers_of(model), boost::test_tools::per_element());
  const auto next = outputs_of(model);
  BOOST_TEST(outputs_of(copy) == next, boost::test_tools::per_element());
  const auto paths = parameters(model);
  const auto copied = parameters(copy);
  BOOST_REQUIRE(copied.size() == paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    BOOST_TEST(copied[i].path == paths[i].path);
    BOOST_TEST(copied[i].parameter != paths[i].parameter);
    BOOST_TEST(copied[i].parameter->version() != paths[i].parameter->version());
  }
}

BOOST_AUTO_TEST_CASE(a_copy_trains_by_itself) {
  Sequential model = built_model();
  Sequential copy = model;
  const auto before = numbers_of(model);
  train(copy);
  BOOST_TEST(numbers_of(model) == before, boost::test_tools::per_element());
  const auto learned = numbers_of(copy);
  BOOST_TEST(learned != before);
  train(model);  // as the copy did
  BOOST_TEST(numbers_of(model) == learned, boost::test_tools::per_element());
  train(model);
  BOOST_TEST(numbers_of(copy) == learned, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_trainable_flags_and_constraints_of_a_copy_are_its_own) {
  Sequential model = built_model();
  Sequential copy = model;
  parameters(copy)[0].parameter->trainable = false;
  BOOST_TEST(parameters(model)[0].parameter->trainable);
}

BOOST_AUTO_TEST_CASE(a_class_without_copy_constructor_is_refused) {
  const AnyCell cell(UniqueCell{});
  BOOST_CHECK_THROW(AnyCell{cell}, StateError);
  RNN rnn{AnyCell(UniqueCell{})};
  BOOST_CHECK_THROW(RNN{rnn}, StateError);
}

BOOST_AUTO_TEST_CASE(carried_states_are_copied) {
  Tape tape;
  CarriedState states;
  states.store(std::vector<Var>{tape.filled({2, 3}, 1)});
  const CarriedState copy = states;
  states.store(std::vector<Var>{tape.filled({2, 3}, 5)});
  BOOST_REQUIRE(copy.values().size() == 1U);
  BOOST_TEST(copy.values()[0].to_doubles()[0] == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
