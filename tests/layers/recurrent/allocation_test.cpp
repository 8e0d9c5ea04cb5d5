// A training step that repeats the one before allocates nothing, whatever an RNN is asked for.
#include "../../counted_new.h"
#include "training_step.h"

#include <recur/framework/ops/reduce.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>
#include <recur/layers/cells/stacked_rnn_cells.h>
#include <recur/layers/cells/zoneout_cell.h>
#include <recur/layers/recurrent/bidirectional.h>

#include <functional>

using namespace recur;
using namespace recur::test;

namespace {

constexpr Index time_steps = 8;
constexpr Index batch = 6;

struct Threads {
  explicit Threads(int count) : before(threads()) { set_threads(count); }
  ~Threads() { set_threads(before); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  int before;
};

// Runs a step five times; tells how often the last three of them allocated.
long allocations_of(const std::function<Var(Tape&, Var)>& forward) {
  Tape tape(DType::float64);
  const Tensor<double> x = random_tensor({batch, time_steps, cell_features});
  const auto run = [&] {
    tape.reset();
    const Var y = forward(tape, tape.constant(x));
    tape.backward(mean(Var(y * y)));
  };
  run();
  run();
  const long before = allocations();
  for (int i = 0; i < 3; ++i) run();
  return allocations() - before;
}

template <class Layer>
long allocations_in(Layer layer, RNNCall call = {}) {
  build(layer, cell_features);
  return allocations_of([&](Tape&, Var x) { return layer(x, call); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rnn_allocation)

BOOST_AUTO_TEST_CASE(a_repeated_step_allocates_nothing) {
  const std::vector<Index> lengths = {8, 3, 5, 8, 1, 2};
  LSTMCellOptions with_dropout;
  with_dropout.dropout = 0.2;
  with_dropout.recurrent_dropout = 0.1;
  for (const int count : {1, 2, 3}) {
    const Threads guard(count);
    BOOST_TEST_CONTEXT(count << " threads") {
      BOOST_TEST(allocations_in(RNN(LSTMCell(5))) == 0, "LSTM");
      BOOST_TEST(allocations_in(RNN(GRUCell(5), {.return_sequences = true, .return_state = true})) == 0, "GRU");
      BOOST_TEST(allocations_in(
                     RNN(StackedRNNCells(LSTMCell(5), GRUCell(4), SimpleRNNCell(3)), {.return_sequences = true})) == 0,
                 "stacked cells");
      BOOST_TEST(allocations_in(RNN(LSTMCell(5, with_dropout))) == 0, "dropout");
      BOOST_TEST(allocations_in(RNN(ZoneoutCell(LSTMCell(5), {.zoneout_h = 0.1}))) == 0, "zoneout");
      BOOST_TEST(allocations_in(RNN(LSTMCell(5)), {.lengths = lengths}) == 0, "lengths");
      BOOST_TEST(allocations_in(RNN(LSTMCell(5), {.return_sequences = true}), {.lengths = lengths}) == 0,
                 "lengths and sequences");
      BOOST_TEST(allocations_in(RNN(LSTMCell(5), {.return_sequences = true, .go_backwards = true})) == 0, "backwards");
      BOOST_TEST(allocations_in(RNN(LSTMCell(5), {.stateful = true})) == 0, "stateful");
      BOOST_TEST(allocations_in(RNN(LSTMCell(5), {.checkpoint = Checkpointing::steps(3)})) == 0, "checkpoints");
      BOOST_TEST(allocations_in(Bidirectional([] { return LSTMCell(5); }, {.return_sequences = true})) == 0,
                 "both directions");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_repeated_masked_step_allocates_nothing) {
  RNN rnn(LSTMCell(5), {.return_sequences = true});
  build(rnn, cell_features);
  Tensor<double> mask({batch, time_steps});
  for (Index i = 0; i < mask.size(); ++i) mask.values()[static_cast<std::size_t>(i)] = i % 3 == 0 ? 0 : 1;
  BOOST_TEST(allocations_of([&](Tape& tape, Var x) { return rnn(x, {.mask = tape.constant(mask)}); }) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
