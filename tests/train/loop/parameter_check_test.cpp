#include "toy_training.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/threads/parallel.h>
#include <recur/io/model_file.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/stacked_rnn_cells.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/sequential.h>
#include <recur/optim/optimizers.h>

#include <boost/test/unit_test.hpp>

namespace {

using namespace recur;

// A cell that forgets some of its parameters where it names them.
template <int Named>
struct ForgetfulCell {
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
  void visit(ParameterVisitor& visitor) {
    if constexpr (Named == 1) visitor(kernel);
    if constexpr (Named == 2) visitor(kernel, recurrent);
  }
  [[nodiscard]] Step<State> call(Var x, State s) {
    const Var h = tanh(matmul(x, kernel) + matmul(s.h, recurrent));
    return {h, {h}};
  }
};

template <class Model>
std::vector<std::string> warnings_of(Model& model, std::vector<NamedParameter> learned, Index batch = 2) {
  std::vector<std::string> warnings;
  Trainer trainer(std::move(learned), optim::sgd({.learning_rate = 0.1}),
                  {.epochs = 2, .progress = false, .warn = [&](const std::string& text) { warnings.push_back(text); }});
  Tape tape;
  Tensor<float> x({batch, 3, 1});
  x.fill(0.5F);
  trainer.fit(tape, 2, [&](Tape& t, Index) { return sum(square(model(t.constant(x)))); });
  return warnings;
}

template <class Model>
void build(Model& model) {
  Builder builder(1, DType::float32, Generator(1));
  model.build(builder);
}

bool names(const std::string& text, const char* parameter) {
  return text.find("parameter '" + std::string(parameter) + "'") != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(parameter_check)

BOOST_AUTO_TEST_CASE(an_empty_list_is_refused) {
  Dense unbuilt(1);
  BOOST_CHECK_THROW(Trainer(parameters(unbuilt), optim::sgd()), ValueError);
  BOOST_CHECK_THROW(save_parameters("none.safetensors", parameters(unbuilt)), ValueError);
  RNN silent{AnyCell(ForgetfulCell<0>{2})};
  build(silent);
  BOOST_CHECK_THROW(Trainer(parameters(silent), optim::sgd()), ValueError);
  BOOST_CHECK_THROW(optim::sgd().step(std::vector<NamedParameter>{}), ValueError);
}

BOOST_AUTO_TEST_CASE(a_parameter_that_visit_forgets_is_told_once) {
  RNN rnn{AnyCell(ForgetfulCell<1>{2})};
  build(rnn);
  const auto warnings = warnings_of(rnn, parameters(rnn));
  BOOST_REQUIRE(warnings.size() == 1U);
  BOOST_TEST(names(warnings[0], "recurrent_kernel"));
  RNN whole{AnyCell(ForgetfulCell<2>{2})};
  build(whole);
  BOOST_TEST(warnings_of(whole, parameters(whole)).empty());
}

// Its recurrent kernel is on the threads' tapes only.
BOOST_AUTO_TEST_CASE(a_forgotten_parameter_of_a_divided_batch_is_told) {
  const int before = threads();
  set_threads(2);
  RNN rnn{AnyCell(ForgetfulCell<1>{32})};
  build(rnn);
  const auto warnings = warnings_of(rnn, parameters(rnn), 256);
  set_threads(before);
  BOOST_REQUIRE(warnings.size() == 1U);
  BOOST_TEST(names(warnings[0], "recurrent_kernel"));
}

BOOST_AUTO_TEST_CASE(a_cell_of_a_stack_without_visit_is_told) {
  RNN rnn{AnyCell(StackedRNNCells(GRUCell(2), ForgetfulCell<0>{2}))};
  build(rnn);
  BOOST_TEST(warnings_of(rnn, parameters(rnn)).size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_list_made_before_one_of_the_layers_was_built_is_told) {
  Dense first(2), second(1);
  build(first);
  auto learned = parameters(first);
  for (const NamedParameter& p : parameters(second)) learned.push_back(p);
  Builder builder(2, DType::float32, Generator(2));
  second.build(builder);
  const auto both = [&](Var x) { return second(first(x)); };
  BOOST_TEST(warnings_of(both, learned).size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_parameter_that_the_loss_does_not_depend_on_is_told) {
  Dense used(2), unused(1);
  build(used);
  build(unused);
  auto learned = parameters(used);
  for (const NamedParameter& p : parameters(unused)) learned.push_back({"head/" + p.path, p.parameter});
  const auto warnings = warnings_of(used, learned);
  BOOST_REQUIRE(warnings.size() == 2U);
  BOOST_TEST(names(warnings[0], "head/kernel"));
}

BOOST_AUTO_TEST_CASE(frozen_parameters_need_not_be_listed) {
  Dense first(2), second(1);
  build(first);
  Builder builder(2, DType::float32, Generator(2));
  second.build(builder);
  first.kernel.trainable = first.bias.trainable = false;
  const auto both = [&](Var x) { return second(first(x)); };
  BOOST_TEST(warnings_of(both, parameters(second)).empty());
}

BOOST_AUTO_TEST_CASE(an_undefined_loss_is_refused) {
  Line line;
  Trainer trainer(parameters(line.dense), optim::sgd(), {.epochs = 1, .progress = false});
  Tape tape;
  BOOST_CHECK_THROW(trainer.fit(tape, 1, [](Tape&, Index) { return Var(); }), StateError);
  BOOST_CHECK_THROW((void)trainer.evaluate(tape, 1, [](Tape&, Index) { return Var(); }), StateError);
  BOOST_CHECK_THROW((void)Trainer::predict(tape, 1, [](Tape&, Index) { return Var(); }), StateError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
