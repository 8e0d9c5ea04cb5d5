#include "every_cell.h"
#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>
#include <recur/layers/attention_cell.h>
#include <recur/layers/coupled_lstm_cell.h>
#include <recur/layers/dropout_cell.h>
#include <recur/layers/gru_cell.h>
#include <recur/layers/layer_norm_lstm_cell.h>
#include <recur/layers/peephole_lstm_cell.h>
#include <recur/layers/projected_lstm_cell.h>
#include <recur/layers/residual_cell.h>
#include <recur/layers/simple_rnn_cell.h>
#include <recur/layers/zoneout_cell.h>

using namespace recur;
using namespace recur::test;

namespace {

constexpr Index batch = 3;
constexpr Index time_steps = 4;
constexpr Index features = cell_features;

// Outputs and final states side by side, so that all are checked.
Var everything(const RNNResult& result) {
  std::vector<Var> parts = {reshape(result.output, {1, result.output.size()})};
  for (const Var state : result.states) parts.push_back(reshape(state, {1, state.size()}));
  return concat(parts, 1);
}

void check(const std::string& what, AnyCell cell, RNNOptions options, bool mask, std::vector<Index> lengths,
           bool initial_state) {
  options.return_sequences = options.return_state = true;
  RNN rnn(std::move(cell), options);
  build(rnn, features);
  std::vector<GradcheckInput> inputs = {Shape{batch, time_steps, features}};
  if (initial_state)
    for (const Index size : rnn.cell()->state_size().flat()) inputs.emplace_back(Shape{batch, size});
  const bool memory = rnn.cell()->takes_constants();
  if (memory) inputs.emplace_back(Shape{batch, memory_time, memory_size});
  const Tensor<double> seen({batch, memory_time},
                            std::vector<double>{1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1});
  const Tensor<double> mask_values({batch, time_steps}, {1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1});
  const auto result = gradcheck(
      [&](Tape& tape, std::span<const Var> x) {
        RNNCall call;
        if (mask) call.mask = tape.constant(mask_values);
        call.lengths = lengths;
        std::vector<Var> constants;
        if (memory) constants = {x.back(), tape.constant(seen)};
        call.constants = constants;
        call.initial_state = x.subspan(1, x.size() - 1 - (memory ? 1 : 0));
        return everything(rnn.call(x[0], call));
      },
      inputs, parameter_list(rnn));
  BOOST_TEST(result.passed, what << ": " << result.message);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cells)

// Every cell in each of the ways an RNN runs one; dropout masks are the same in every evaluation, as the tape's seed is.
BOOST_AUTO_TEST_CASE(gradients) {
  using Change = void (*)(RNNOptions&, bool&, std::vector<Index>&, bool&);
  const std::vector<std::pair<std::string, Change>> ways = {
      {"plain", [](RNNOptions&, bool&, std::vector<Index>&, bool&) {}},
      {"mask", [](RNNOptions&, bool& mask, std::vector<Index>&, bool&) { mask = true; }},
      {"lengths",
       [](RNNOptions&, bool&, std::vector<Index>& lengths, bool&) {
         lengths = {2, 4, 1};
       }},
      {"lengths, one of them 0",
       [](RNNOptions&, bool&, std::vector<Index>& lengths, bool&) {
         lengths = {0, 4, 2};
       }},
      {"initial state", [](RNNOptions&, bool&, std::vector<Index>&, bool& initial) { initial = true; }},
      {"go_backwards", [](RNNOptions& o, bool&, std::vector<Index>&, bool&) { o.go_backwards = true; }},
  };
  for (const auto& [way, change] : ways)
    for (NamedCell& cell : all_cells()) {
      RNNOptions options;
      bool mask = false;
      std::vector<Index> lengths;
      bool initial = false;
      change(options, mask, lengths, initial);
      check(cell.name + ", " + way, std::move(cell.cell), options, mask, lengths, initial);
    }
}

// Deep in layers and in time: 20 steps through three cells, against finite differences for every parameter and input at once
// and then for each element of a smaller stack.
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
}

// What an RNN prepares once a sequence is what each step would compute for itself.
BOOST_AUTO_TEST_CASE(attention_prepares_its_keys) {
  RNN rnn(AnyCell(AttentionCell(GRUCell(3), 2, {.units = 4})), {.return_sequences = true});
  build(rnn, features);
  BOOST_TEST(rnn.cell()->prepared_count() == 1);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({batch, time_steps, features}));
  const std::vector<Var> constants = {tape.constant(random_tensor({batch, 6, 2}, 2))};
  RNNCall call;
  call.constants = constants;
  const Var all = rnn(x, call);
  std::vector<Var> states(2);
  rnn.cell()->initial_states(tape, batch, states);
  for (Index t = 0; t < time_steps; ++t) {
    const Var step = reshape(slice(x, 1, t, 1), {batch, features});
    const Var output = rnn.cell()->call(step, states, states, {{}, constants, {}});
    BOOST_TEST(difference(output, reshape(slice(all, 1, t, 1), {batch, 4})) < 1e-13);
  }
}

BOOST_AUTO_TEST_CASE(dropout_around_a_cell) {
  RNN dropping(AnyCell(DropoutCell(LSTMCell(4), {.input_dropout = 0.5, .output_dropout = 0.5})),
               {.return_sequences = true});
  RNN plain(AnyCell(LSTMCell(4)), {.return_sequences = true});
  build(dropping, 2);
  build(plain, 2);
  copy_parameters(dropping, plain);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({1, 3, 2}));
  const std::vector<Var> masks = {tape.constant(Tensor<double>({1, 2}, {2, 0})),
                                  tape.constant(Tensor<double>({1, 4}, {0, 2, 2, 0}))};
  RNNCall call;
  call.dropout_masks = masks;
  const Var rows = reshape(x, {3, 2});
  const Var expected = reshape(plain(reshape(Var(rows * masks[0]), {1, 3, 2})), {3, 4}) * masks[1];
  BOOST_TEST(difference(reshape(dropping(x, call), {3, 4}), expected) < 1e-14);
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

BOOST_AUTO_TEST_CASE(cell_clip_limits_the_state) {
  LSTMCellOptions options;
  options.cell_clip = 0.1;
  RNN rnn(AnyCell(LSTMCell(4, options)), {.return_state = true});
  build(rnn, features);
  Tape tape(DType::float64);
  const auto result = rnn.call(tape.constant(random_tensor({batch, 6, features})));
  const auto c = result.states[1].to_doubles();
  const double largest =
      std::abs(*std::max_element(c.begin(), c.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
  BOOST_TEST(largest == 0.1);  // reached, as ±0.1 is exact in the clip
}

BOOST_AUTO_TEST_CASE(zoneout_is_the_expectation_outside_training) {
  RNN all(AnyCell(ZoneoutCell(LSTMCell(4), {.zoneout_h = 1, .zoneout_c = 1})), {.return_state = true});
  build(all, features);
  Tape tape(DType::float64);
  tape.set_training(false);
  const auto result = all.call(tape.constant(random_tensor({batch, 3, features})));
  for (const double value : result.states[0].to_doubles()) BOOST_TEST(value == 0);  // nothing ever changes
}

BOOST_AUTO_TEST_CASE(dropout_masks_are_drawn_once_a_sequence_and_anew_for_the_next) {
  SimpleRNNCellOptions options;
  options.activation = Activation::linear;
  options.use_bias = false;
  options.dropout = 0.5;
  RNN rnn(AnyCell(SimpleRNNCell(8, options)), {.return_sequences = true});
  Builder builder(8, DType::float64, Generator(1));
  rnn.build(builder);
  for (const NamedParameter& p : parameters(rnn)) {
    Generator unused;
    if (p.parameter->name() == "kernel") identity()(p.parameter->edit(), unused);
    else p.parameter->edit().fill(0);
  }
  Tape tape(DType::float64);
  const Var ones = tape.filled({1, 3, 8}, 1);
  const auto first = rnn(ones).to_doubles();
  const auto second = rnn(ones).to_doubles();
  for (std::size_t i = 0; i < 8; ++i) BOOST_TEST((first[i] == first[8 + i] && first[i] == first[16 + i]));
  BOOST_TEST(first != second);
  tape.set_training(false);
  for (const double value : rnn(ones).to_doubles()) BOOST_TEST(value == 1);
}

BOOST_AUTO_TEST_CASE(wrong_options) {
  BOOST_CHECK_THROW(LSTMCell(0), ValueError);
  LSTMCellOptions negative;
  negative.cell_clip = -1;
  BOOST_CHECK_THROW(LSTMCell(2, negative), ValueError);
  BOOST_CHECK_THROW(ProjectedLSTMCell(2, ProjectedLSTMCellOptions{}), ValueError);
  SimpleRNNCellOptions rate;
  rate.dropout = 1;
  BOOST_CHECK_THROW(SimpleRNNCell(2, rate), ValueError);
  ResidualCell residual(SimpleRNNCell(3));
  Builder builder(2, DType::float64, Generator(1));
  BOOST_CHECK_THROW(residual.build(builder), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
