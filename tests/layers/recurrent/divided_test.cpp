// The rows of a batch divided over threads: the numbers of one thread, whatever happens to the sequences.
#include "training_step.h"

#include <recur/framework/check/non_finite.h>
#include <recur/framework/ops/dropout.h>
#include <recur/framework/ops/gradient.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/stacked_rnn_cells.h>
#include <recur/layers/cells/zoneout_cell.h>
#include <recur/layers/recurrent/divided_unroll.h>

#include <limits>
#include <mutex>
#include <thread>

using namespace recur;
using namespace recur::test;

namespace {

/// Sets the number of threads for a scope.
class Threads {
 public:
  explicit Threads(int count) : before_(threads()) { set_threads(count); }
  ~Threads() { set_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

Outcome train_with(int count, RNN& rnn, const Case& c, const Checkpointing& checkpoint = {}) {
  const Threads threads(count);
  return train(rnn, c, checkpoint);
}

// 1 and n threads agree to rounding, n and n to the bit.
void check_counts(const std::string& what, AnyCell cell, const Case& c, const Checkpointing& checkpoint = {}) {
  RNN rnn(std::move(cell), c.options);
  build(rnn, cell_features);
  const Outcome expected = train_with(1, rnn, c, checkpoint);
  for (const int count : {2, 3, 7, 16}) {
    const std::string how = what + ", " + std::to_string(count) + " threads: ";
    const Outcome found = train_with(count, rnn, c, checkpoint);
    BOOST_TEST(largest_error(found.outputs, expected.outputs) <= rounding, how << "outputs");
    BOOST_TEST(largest_error(found.inputs, expected.inputs) <= rounding, how << "gradients of inputs");
    BOOST_TEST(largest_error(found.parameters, expected.parameters) <= rounding, how << "gradients of parameters");
    const Outcome again = train_with(count, rnn, c, checkpoint);
    BOOST_TEST((again.outputs == found.outputs && again.inputs == found.inputs && again.parameters == found.parameters),
               how << "again");
  }
}

AnyCell stack() { return StackedRNNCells(LSTMCell(6), GRUCell(4)); }

/// A cell that remembers on how many tapes it was called, and may throw or use what it holds.
struct ProbeCell {
  struct State {
    Var h;
  };
  struct Log {
    std::mutex mutex;
    std::vector<const Tape*> tapes;
    Index rows = 0;
  };
  static constexpr const char* class_name = "ProbeCell";
  Parameter kernel{"kernel"};
  Log* log = nullptr;
  Index throws_for_rows = -1;
  Var held{};

  [[nodiscard]] StateSize state_size() const { return {cell_features}; }
  void build(Builder& build) { build(kernel, {build.input_size, cell_features}, glorot_uniform()); }
  void visit(ParameterVisitor& visitor) { visitor(kernel); }
  [[nodiscard]] Step<State> call(Var x, State s) {
    if (log != nullptr) {
      const std::lock_guard lock(log->mutex);
      log->rows += x.rows();
      if (std::ranges::find(log->tapes, &x.tape()) == log->tapes.end()) log->tapes.push_back(&x.tape());
    }
    if (x.rows() == throws_for_rows) throw ValueError("ProbeCell: asked to throw");
    const Var h = tanh(matmul(x, kernel) + s.h);
    const Var y = held.defined() ? Var(h + held) : h;
    return {y, {y}};
  }
};
struct UndividedProbe : ProbeCell {
  static constexpr bool divides_batch = false;
};

Var run(RNN& rnn, Tape& tape, Index batch, Index time = 4) {
  return rnn(tape.input(random_tensor({batch, time, cell_features}, 3)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(divided)

BOOST_AUTO_TEST_CASE(any_number_of_threads_gives_the_numbers_of_one) {
  check_counts("whole", stack(), {.time = 5, .batch = 18});
  check_counts("fewer rows than threads", stack(), {.time = 5, .batch = 3});
  check_counts("masks and states", stack(), {.time = 5, .batch = 18, .mask = true, .initial_state = true});
  Case backwards{.time = 5, .batch = 18};
  backwards.options.go_backwards = true;
  check_counts("backwards", stack(), backwards);
  Case last{.time = 5, .batch = 18};
  last.options.return_sequences = false;
  check_counts("last output", stack(), last);
  Case lengths{.time = 6, .batch = 18};
  for (Index i = 0; i < 18; ++i) lengths.lengths.push_back(i % 7);
  check_counts("lengths", stack(), lengths);
  lengths.options.go_backwards = true;
  check_counts("lengths, backwards", stack(), lengths);
}

BOOST_AUTO_TEST_CASE(every_cell_is_divided_alike) {
  for (NamedCell& cell : all_cells())
    check_counts(cell.name, std::move(cell.cell), {.time = 4, .batch = 9, .mask = true, .initial_state = true});
}

BOOST_AUTO_TEST_CASE(checkpoints_are_those_of_the_share) {
  check_counts("every second step", stack(), {.time = 7, .batch = 18}, Checkpointing::steps(2));
  check_counts("automatic", stack(), {.time = 7, .batch = 18, .mask = true}, Checkpointing::automatic());
}

// Zoneout draws at every step, dropout once a sequence; both by row of the batch.
BOOST_AUTO_TEST_CASE(random_numbers_do_not_depend_on_the_number_of_threads) {
  const auto cell = [] {
    LSTMCellOptions options;
    options.dropout = 0.4;
    return ZoneoutCell(LSTMCell(6, options), {.zoneout_h = 0.3, .zoneout_c = 0.2});
  };
  check_counts("zoneout and dropout", cell(), {.time = 5, .batch = 18});
  Case lengths{.time = 6, .batch = 18};
  for (Index i = 0; i < 18; ++i) lengths.lengths.push_back(1 + i % 6);
  check_counts("zoneout and dropout, lengths", cell(), lengths);
  check_counts("zoneout and dropout, checkpoints", cell(), {.time = 5, .batch = 18}, Checkpointing::steps(2));
}

BOOST_AUTO_TEST_CASE(numbers_drawn_after_a_call_do_not_depend_on_the_number_of_threads) {
  const auto next = [](int count) {
    const Threads threads(count);
    RNN rnn(ZoneoutCell(LSTMCell(3), {.zoneout_h = 0.3}));
    build(rnn, cell_features);
    Tape tape(DType::float64, 5);
    static_cast<void>(run(rnn, tape, 6));
    return tape.generator().uniform();
  };
  BOOST_TEST(next(1) == next(2));
  BOOST_TEST(next(1) == next(3));
}

BOOST_AUTO_TEST_CASE(each_share_has_a_tape_of_its_own) {
  const Threads threads(3);
  ProbeCell cell;
  ProbeCell::Log log;
  cell.log = &log;
  RNN rnn(std::move(cell));
  build(rnn, cell_features);
  Tape tape(DType::float64);
  static_cast<void>(run(rnn, tape, 7));
  BOOST_TEST(log.tapes.size() == 3U);
  BOOST_TEST(log.rows == 7 * 4);
  BOOST_TEST(std::ranges::count(log.tapes, &tape) == 0);
}

BOOST_AUTO_TEST_CASE(a_cell_that_says_so_is_not_divided) {
  const Threads threads(3);
  UndividedProbe cell;
  ProbeCell::Log log;
  cell.log = &log;
  RNN rnn(std::move(cell));
  build(rnn, cell_features);
  Tape tape(DType::float64);
  static_cast<void>(run(rnn, tape, 7));
  BOOST_TEST(log.tapes == std::vector<const Tape*>{&tape});
}

BOOST_AUTO_TEST_CASE(an_exception_of_any_share_comes_out_and_the_tape_works_on) {
  const Threads threads(2);
  for (const Index rows : {3, 2}) {  // of the first share, and of the second
    ProbeCell cell;
    cell.throws_for_rows = rows;
    RNN rnn(std::move(cell));
    build(rnn, cell_features);
    Tape tape(DType::float64);
    BOOST_CHECK_EXCEPTION(static_cast<void>(run(rnn, tape, 5)), ValueError, says("asked to throw"));
    tape.reset();
    const Var y = run(rnn, tape, 12);
    tape.backward(sum(y));
  }
}

BOOST_AUTO_TEST_CASE(a_value_that_a_cell_holds_is_refused_by_the_name_of_the_cell) {
  const Threads threads(2);
  RNN rnn{ProbeCell()};
  build(rnn, cell_features);
  Tape tape(DType::float64);
  rnn.cell().as<ProbeCell>().held = tape.constant(random_tensor({1, cell_features}));
  BOOST_CHECK_EXCEPTION(static_cast<void>(run(rnn, tape, 6)), ForeignVar, says("ProbeCell"));
  const Threads one(1);
  static_cast<void>(run(rnn, tape, 6));
}

BOOST_AUTO_TEST_CASE(states_are_carried_from_call_to_call) {
  const auto outputs = [](int count) {
    const Threads threads(count);
    RNN rnn(stack(), {.return_sequences = true, .stateful = true});
    build(rnn, cell_features);
    std::vector<double> all;
    Tape tape(DType::float64);
    for (int window = 0; window < 3; ++window) {
      tape.reset();
      append(all, run(rnn, tape, 8).to_doubles());
    }
    return all;
  };
  BOOST_TEST(largest_error(outputs(3), outputs(1)) <= rounding);
}

// One after the other on one tape, and a second pass over the same tape.
BOOST_AUTO_TEST_CASE(two_layers_and_two_backward_passes) {
  const auto gradients = [](int count) {
    const Threads threads(count);
    RNN first(LSTMCell(4), {.return_sequences = true});
    RNN second(GRUCell(3));
    build(first, cell_features);
    build(second, 4);
    Tape tape(DType::float64);
    const Var x = tape.input(random_tensor({6, 5, cell_features}, 3));
    const Var loss = sum(second(first(x)));
    tape.backward(loss);
    tape.backward(loss);
    std::vector<double> all = x.gradient().to_doubles();
    for (RNN* rnn : {&first, &second})
      for (const NamedParameter& p : parameters(*rnn)) append(all, p.parameter->gradient.to_doubles());
    return all;
  };
  BOOST_TEST(largest_error(gradients(4), gradients(1)) <= rounding);
}

BOOST_AUTO_TEST_CASE(gradients_may_be_changed_on_their_way_through_the_layer) {
  const auto gradient = [](int count) {
    const Threads threads(count);
    RNN rnn(stack(), {.return_sequences = true});
    build(rnn, cell_features);
    Tape tape(DType::float64);
    const Var x = tape.input(random_tensor({6, 5, cell_features}, 3));
    const Var y = scale_gradient(rnn(scale_gradient(x, 0.5)), 3);
    tape.backward(sum(y));
    return x.gradient().to_doubles();
  };
  BOOST_TEST(largest_error(gradient(2), gradient(1)) <= rounding);
}

BOOST_AUTO_TEST_CASE(frozen_parameters_get_no_gradient) {
  const Threads threads(2);
  RNN rnn(stack());
  build(rnn, cell_features);
  for (const NamedParameter& p : parameters(rnn)) p.parameter->trainable = false;
  Tape tape(DType::float64);
  const Var y = run(rnn, tape, 6);
  tape.backward(sum(y));
  for (const NamedParameter& p : parameters(rnn))
    for (const double g : p.parameter->gradient.to_doubles()) BOOST_TEST(g == 0);
}

BOOST_AUTO_TEST_CASE(a_bad_number_is_found_within_the_shares) {
  const Threads threads(2);
  RNN rnn(LSTMCell(3), {.return_sequences = true});
  build(rnn, cell_features);
  Tensor<double> x = random_tensor({4, 3, cell_features}, 3);
  x.values()[3 * 3 * cell_features] = std::numeric_limits<double>::quiet_NaN();  // of the last sequence
  Tape tape(DType::float64);
  const Var loss = sum(rnn(tape.input(x)));
  const auto found = first_non_finite(tape);
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->operation.find("sigmoid") != std::string::npos);  // the products have been overwritten by then
  BOOST_TEST((found->shape == Shape({2, 3})));
  const auto gradient = first_non_finite_gradient(tape, loss);
  BOOST_REQUIRE(gradient.has_value());
  BOOST_TEST(gradient->operation.find("tanh") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_threads_with_a_model_each_work_side_by_side) {
  const Threads threads(2);
  std::array<std::vector<double>, 2> found;
  const auto work = [&](std::size_t i) {
    RNN rnn(stack());
    build(rnn, cell_features);
    Tape tape(DType::float64);
    for (int step = 0; step < 20; ++step) {
      tape.reset();
      for (const NamedParameter& p : parameters(rnn)) p.parameter->zero_gradient();
      tape.backward(sum(run(rnn, tape, 8)));
    }
    for (const NamedParameter& p : parameters(rnn)) append(found[i], p.parameter->gradient.to_doubles());
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  BOOST_TEST(found[0] == found[1]);
}

BOOST_AUTO_TEST_SUITE_END()
