#include "every_cell.h"
#include "training_step.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>
#include <recur/layers/cells/zoneout_cell.h>
#include <recur/layers/recurrent/bidirectional.h>

using namespace recur;
using namespace recur::test;

namespace {

using Strategy = Checkpointing::Strategy;

std::vector<std::pair<std::string, Checkpointing>> all_checkpointings() {
  return {{"every step", Checkpointing::steps(1)},
          {"every 3 steps", Checkpointing::steps(3)},
          {"one block", Checkpointing::steps(100)},
          {"automatic", Checkpointing::automatic()},
          {"2 stored states", Checkpointing::slots(2, Strategy::states, 1)},
          {"1 stored state", Checkpointing::slots(1, Strategy::states, 2)},
          {"no stored states", Checkpointing::slots(0, Strategy::states, 2)},
          {"2 recorded blocks", Checkpointing::slots(2, Strategy::activations, 1)},
          {"mixed", Checkpointing::slots(60, Strategy::mixed, 1)},
          {"plenty of memory", Checkpointing::memory(std::size_t{1} << 30)}};
}

void check_all(const std::string& what, AnyCell cell, const Case& c) {
  RNN rnn(std::move(cell), c.options);
  build(rnn, cell_features);
  const Outcome full = train(rnn, c, {});
  for (const auto& [name, checkpointing] : all_checkpointings()) {
    const Outcome found = train(rnn, c, checkpointing);
    BOOST_TEST(largest_error(found.outputs, full.outputs) <= rounding, what << ", " << name << ": outputs");
    BOOST_TEST(largest_error(found.inputs, full.inputs) <= rounding, what << ", " << name << ": inputs");
    BOOST_TEST(largest_error(found.parameters, full.parameters) <= rounding, what << ", " << name << ": parameters");
  }
}

// Bytes in use on a tape: at the first look, and at most.
struct MemoryUse {
  std::size_t first = 0;
  std::size_t most = 0;

  void look(Tape& tape) {
    const Tape::Mark now = tape.mark();
    const std::size_t used = now.values.total + now.nodes.total;
    if (most == 0) first = used;
    most = std::max(most, used);
  }
};

// An LSTM cell that looks at the memory in use at every step, forwards and backwards.
struct MeasuredCell {
  static constexpr bool divides_batch = false;  // it changes what it points to
  using State = LSTMCell::State;
  LSTMCell cell;
  MemoryUse* use;

  [[nodiscard]] StateSize state_size() const { return cell.state_size(); }
  void build(Builder& build) { cell.build(build); }
  [[nodiscard]] Step<State> call(Var x, State s) {
    Tape& tape = x.tape();
    use->look(tape);
    const Step<State> step = cell.call(x, s);
    if (step.output.wants_gradient()) tape.on_backward(step.output, [to = use, &tape] { to->look(tape); });
    return step;
  }
  void visit(ParameterVisitor& visitor) { cell.visit(visitor); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpointing)

BOOST_AUTO_TEST_CASE(every_cell_in_every_way) {
  const std::vector<std::pair<std::string, Case>> ways = {
      {"plain", {}},
      {"mask", {.mask = true}},
      {"lengths", {.lengths = {4, 11, 7}}},
      {"lengths, one of them 0", {.lengths = {0, 10, 2}}},
      {"last output, mask", {.options = {.return_state = true}, .mask = true, .initial_state = true}},
      {"last output, lengths", {.options = {.go_backwards = true}, .lengths = {4, 11, 0}, .initial_state = true}},
      {"backwards", {.options = {.return_sequences = true, .return_state = true, .go_backwards = true}}},
  };
  for (const auto& [way, c] : ways)
    for (NamedCell& cell : all_cells()) check_all(cell.name + ", " + way, std::move(cell.cell), c);
}

BOOST_AUTO_TEST_CASE(stacks_of_three) {
  for (const bool mask : {false, true}) {
    check_all("LSTM x 3", StackedRNNCells(LSTMCell(4), LSTMCell(3), LSTMCell(4)), {.mask = mask});
    check_all("GRU x 3", StackedRNNCells(GRUCell(4), GRUCell(3), GRUCell(4)), {.mask = mask, .initial_state = true});
    check_all("mixed stack", StackedRNNCells(LSTMCell(4), StackedRNNCells(GRUCell(3), SimpleRNNCell(2))),
              {.mask = mask});
  }
}

BOOST_AUTO_TEST_CASE(random_shapes_and_budgets) {
  Generator generator(11);
  for (int i = 0; i < 40; ++i) {
    Case c;
    c.time = 1 + generator.below(24);
    c.batch = 1 + generator.below(5);
    c.options.return_sequences = generator.bernoulli(0.5);
    c.options.go_backwards = generator.bernoulli(0.5);
    c.options.time_major = false;
    c.mask = generator.bernoulli(0.3);
    c.initial_state = generator.bernoulli(0.5);
    if (!c.mask && generator.bernoulli(0.5)) {
      for (Index b = 0; b < c.batch; ++b) c.lengths.push_back(generator.below(c.time + 1));
      c.lengths[0] = std::max<Index>(1, c.lengths[0]);
    }
    RNN rnn(StackedRNNCells(LSTMCell(1 + generator.below(6)), GRUCell(1 + generator.below(6))), c.options);
    build(rnn, cell_features);
    const auto strategy = static_cast<Strategy>(generator.below(3));
    const Index slots = generator.below(9) * (strategy == Strategy::mixed ? 30 : 1);
    const Index block = generator.below(4);
    const Outcome full = train(rnn, c, {});
    const Outcome found = train(rnn, c, Checkpointing::slots(slots, strategy, block));
    const std::string what = fmt::format("case {}: time {}, batch {}, {} slots, block {}, strategy {}", i, c.time,
                                         c.batch, slots, block, static_cast<int>(strategy));
    BOOST_TEST(largest_error(found.outputs, full.outputs) <= rounding, what);
    BOOST_TEST(largest_error(found.inputs, full.inputs) <= rounding, what);
    BOOST_TEST(largest_error(found.parameters, full.parameters) <= rounding, what);
  }
}

// The arithmetic of every step is the same, and where blocks are the same, so is that of the weights' gradients.
BOOST_AUTO_TEST_CASE(to_the_bit_where_the_arithmetic_is_the_same) {
  Case c;
  c.time = 24;
  c.batch = 8;
  RNN rnn(StackedRNNCells(LSTMCell(8), LSTMCell(8), LSTMCell(8)), c.options);
  build(rnn, cell_features);
  const Outcome full = train(rnn, c, {});
  const Outcome first = train(rnn, c, Checkpointing::steps(4));
  BOOST_TEST(first.outputs == full.outputs);
  BOOST_TEST(first.inputs == full.inputs);
  for (const auto strategy : {Strategy::states, Strategy::activations})
    for (const Index slots : {0, 1, 2, 4}) {
      const Outcome other = train(rnn, c, Checkpointing::slots(slots, strategy, 4));
      BOOST_TEST(other.outputs == full.outputs);
      BOOST_TEST(other.inputs == full.inputs);
      if (strategy == Strategy::states) BOOST_TEST(other.parameters == first.parameters);
    }
  BOOST_TEST(train(rnn, c, Checkpointing::steps(24)).parameters == full.parameters);
}

BOOST_AUTO_TEST_CASE(both_directions) {
  const auto run = [](const Checkpointing& checkpoint) {
    Bidirectional both([] { return LSTMCell(3); }, {.return_sequences = true, .checkpoint = checkpoint});
    build(both, cell_features);
    Tape tape(DType::float64);
    const Var x = tape.input(random_tensor({2, 9, cell_features}));
    const std::vector<Index> lengths = {9, 4};
    const Var y = both(x, {.lengths = lengths});
    tape.backward(sum(y * y));
    std::vector<double> all = x.gradient().to_doubles();
    for (const NamedParameter& p : parameters(both)) append(all, p.parameter->gradient.to_doubles());
    return all;
  };
  BOOST_TEST(largest_error(run(Checkpointing::steps(2)), run({})) <= rounding);
}

BOOST_AUTO_TEST_CASE(memory_stays_within_its_bound) {
  Case c{.time = 600, .batch = 16, .options = {.return_state = true}};
  MemoryUse use;
  RNN rnn(MeasuredCell{LSTMCell(64), &use}, {});
  build(rnn, cell_features);
  // Bytes in use besides the input, and the outcome.
  const auto run = [&](const Checkpointing& checkpointing) {
    use = {};
    Outcome outcome = train(rnn, c, checkpointing);
    return std::pair(use.most - use.first, std::move(outcome));
  };
  const auto [everything, full] = run({});
  // The gradients of the input, as given and time-major, which the bound leaves out.
  const std::size_t data = 2 * sizeof(double) * static_cast<std::size_t>(c.time * c.batch * cell_features);
  for (const std::size_t kibibytes : {1024U, 2048U, 4096U, 8192U, 32768U}) {
    const std::size_t budget = kibibytes << 10;
    const auto [used, found] = run(Checkpointing::memory(budget));
    BOOST_TEST(largest_error(found.parameters, full.parameters) <= rounding);
    // What a step needs is measured at the call, so the bound is not exact: a tenth.
    BOOST_TEST(used <= budget + budget / 10 + data, kibibytes << " KiB: " << used);
    BOOST_TEST(used < everything);
  }
  BOOST_CHECK_THROW(train(rnn, c, Checkpointing::memory(1000)), ValueError);
}

BOOST_AUTO_TEST_CASE(without_recording_results_are_the_same) {
  RNN rnn(ZoneoutCell(LSTMCell(4), {.zoneout_h = 0.2, .zoneout_c = 0.3}), {.return_sequences = true});
  build(rnn, cell_features);
  const auto run = [&](const Checkpointing& checkpoint) {
    rnn.set_options({.return_sequences = true, .checkpoint = checkpoint});
    Tape tape(DType::float64);
    const NoGradient guard(tape);
    return rnn(tape.constant(random_tensor({2, 9, cell_features}))).to_doubles();
  };
  BOOST_TEST(largest_error(run(Checkpointing::steps(2)), run({})) <= rounding);
}

BOOST_AUTO_TEST_CASE(impossible_options_are_errors) {
  BOOST_CHECK_THROW(static_cast<void>(Checkpointing::steps(0)), ValueError);
  BOOST_CHECK_THROW(static_cast<void>(Checkpointing::memory(0)), ValueError);
  BOOST_CHECK_THROW(static_cast<void>(Checkpointing::slots(-1)), ValueError);
}

BOOST_AUTO_TEST_CASE(penalties_on_what_cells_hand_out) {
  const std::vector<std::pair<std::string, Case>> ways = {
      {"plain", {}},
      {"mask", {.mask = true}},
      {"lengths", {.lengths = {4, 11, 0}}},
      {"last output", {.options = {.return_state = true}}},
      {"last output, mask", {.options = {}, .mask = true}},
      {"last output, lengths", {.options = {}, .lengths = {4, 11, 7}}},
  };
  const auto penalized = [](AnyCell cell, Regularizer regularizer) {
    cell->activity_regularizer = regularizer;
    return cell;
  };
  for (const auto& [way, c] : ways) {
    check_all("LSTM, " + way, penalized(LSTMCell(4), l2(0.3)), c);
    std::vector<AnyCell> inner, outer;
    inner.push_back(penalized(GRUCell(3), l1(0.2)));
    inner.push_back(penalized(SimpleRNNCell(2), l2(0.5)));
    outer.push_back(penalized(LSTMCell(4), l2(0.3)));
    outer.push_back(penalized(StackedRNNCells(std::move(inner)), l1_l2(0.1, 0.2)));
    check_all("stack, " + way, StackedRNNCells(std::move(outer)), c);
  }
}

BOOST_AUTO_TEST_SUITE_END()
