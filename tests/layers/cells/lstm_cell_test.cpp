#include "cell_gradients.h"

#include <recur/layers/cells/lstm_cell.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(lstm_cell)

BOOST_AUTO_TEST_CASE(gradients) {
  check_cell_gradients<LSTMCell>("LSTM", {});
  LSTMCellOptions other;
  other.activation = Activation::softsign;
  other.recurrent_activation = Activation::hard_sigmoid_v3;
  check_cell_gradients("softsign, hard_sigmoid_v3", [&] { return LSTMCell(4, other); });
  LSTMCellOptions clipped;
  clipped.cell_clip = 0.4;
  clipped.separate_bias = true;
  check_cell_gradients("cell_clip, separate_bias", [&] { return LSTMCell(4, clipped); });
  clipped.recurrent_activation = Activation::hard_sigmoid;
  check_cell_gradients("cell_clip, hard_sigmoid", [&] { return LSTMCell(4, clipped); });
}

// Deep in layers and in time: 20 steps through three cells, against finite differences for every parameter and input at
// once and then for each element of a smaller stack.
BOOST_AUTO_TEST_CASE(three_lstm_cells_over_twenty_steps) {
  const auto check_stack = [](Index units, Index size, auto checker) {
    RNN rnn(StackedRNNCells{LSTMCell(units), LSTMCell(units), LSTMCell(units)},
            {.return_sequences = true, .return_state = true});
    build(rnn, size);
    std::vector<GradcheckInput> inputs = {Shape{2, 20, size}};
    for (int state = 0; state < 6; ++state) inputs.emplace_back(Shape{2, units});
    const GradcheckResult result = checker(
        [&](Tape&, std::span<const Var> x) { return everything(rnn.call(x[0], {.initial_state = x.subspan(1)})); },
        inputs, parameter_list(rnn), GradcheckOptions{});
    BOOST_TEST(result.passed, result.message);
  };
  check_stack(5, 3, gradcheck);
  check_stack(1, 1, gradcheck_jacobian);
  check_stack(5, 3, second_order_check);
}

// What the options say of each weight is what the parameter does.
BOOST_AUTO_TEST_CASE(regularizers_and_constraints_reach_the_weights) {
  LSTMCellOptions options;
  options.kernel_regularizer = l1(0.5);
  options.recurrent_regularizer = l2(0.25);
  options.bias_regularizer = l1_l2(1, 2);
  options.kernel_constraint = max_norm(0.1);
  options.recurrent_constraint = unit_norm();
  options.bias_constraint = non_neg();
  options.bias_initializer = constant(-1);
  options.unit_forget_bias = false;
  AnyCell cell = LSTMCell(2, options);
  Builder builder(3, DType::float64, Generator(1));
  cell.build(builder);
  const auto list = parameters(cell);
  BOOST_REQUIRE_EQUAL(list.size(), 3U);
  double expected = 0;
  for (const double w : list[0].parameter->value().to_doubles()) expected += 0.5 * std::abs(w);
  for (const double w : list[1].parameter->value().to_doubles()) expected += 0.25 * w * w;
  expected += 8 * (1 + 2);  // all -1
  Tape tape(DType::float64);
  BOOST_TEST(std::abs(penalty(tape, list).item() - expected) < 1e-12);
  for (const NamedParameter& p : list) p.parameter->constraint(p.parameter->edit());
  for (const auto& [parameter, length] : {std::pair(list[0].parameter, 0.1), std::pair(list[1].parameter, 1.0)}) {
    const auto values = parameter->value().as<double>().matrix();
    for (Index c = 0; c < values.cols; ++c) {
      double sum = 0;
      for (Index r = 0; r < values.rows; ++r) sum += values(r, c) * values(r, c);
      BOOST_TEST(std::abs(std::sqrt(sum) - length) < 1e-5);
    }
  }
  for (const double b : list[2].parameter->value().to_doubles()) BOOST_TEST(b == 0);
}

BOOST_AUTO_TEST_CASE(the_forget_bias_starts_at_one) {
  for (const bool ones_for_forgetting : {true, false}) {
    LSTMCellOptions options;
    options.unit_forget_bias = ones_for_forgetting;
    options.bias_initializer = constant(0.25);
    LSTMCell cell(2, options);
    Builder builder(3, DType::float64, Generator(1));
    cell.build(builder);
    const double forget = ones_for_forgetting ? 1 : 0.25;
    const std::vector<double> expected = {0.25, 0.25, forget, forget, 0.25, 0.25, 0.25, 0.25};
    BOOST_TEST(parameters(cell)[2].parameter->value().to_doubles() == expected, boost::test_tools::per_element());
  }
}

// With a limit compiled in, and where all functions are chosen at run time.
BOOST_AUTO_TEST_CASE(cell_clip_limits_the_state) {
  for (const Activation gate : {Activation::sigmoid, Activation::hard_sigmoid, Activation::softsign}) {
    LSTMCellOptions options;
    options.recurrent_activation = gate;
    const auto states = [&](double limit) {
      options.cell_clip = limit;
      RNN rnn(AnyCell(LSTMCell(4, options)), {.return_state = true});
      build(rnn, 5);
      Tape tape(DType::float64);
      return rnn.call(tape.constant(random_tensor({3, 6, 5}))).states[1].to_doubles();
    };
    const std::vector<double> c = states(0.1);
    const double largest =
        std::abs(*std::max_element(c.begin(), c.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
    BOOST_TEST(largest == 0.1);  // reached, as ±0.1 is exact in the clip
    BOOST_TEST(states(1e9) == states(0), boost::test_tools::tolerance(1e-12) << boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(wrong_options) {
  BOOST_CHECK_THROW(LSTMCell(0), ValueError);
  LSTMCellOptions negative;
  negative.cell_clip = -1;
  BOOST_CHECK_THROW(LSTMCell(2, negative), ValueError);
  LSTMCellOptions third;
  third.implementation = 3;
  BOOST_CHECK_THROW(LSTMCell(2, third), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
