#include "../layers/support.h"
#include "../temporary_directory.h"

#include <recur/framework/autodiff/recompute.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>
#include <recur/layers/cells/coupled_lstm_cell.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/layer_norm_lstm_cell.h>
#include <recur/layers/cells/peephole_lstm_cell.h>
#include <recur/layers/cells/projected_lstm_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>
#include <recur/layers/cells/zoneout_cell.h>
#include <recur/optim/optimizers.h>
#include <recur/train/callbacks/diagnostics.h>
#include <recur/train/loop/trainer.h>

#include <filesystem>

using namespace recur;
using namespace recur::test;

namespace {

constexpr Index batch = 2;
constexpr Index steps = 5;

double norm(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  return std::sqrt(sum);
}

// All weights are zeros, so that gates follow from the bias alone.
void check_gates(const std::string& what, AnyCell cell, std::vector<double> bias,
                 const std::vector<GateStatistics>& expected, double output_peephole = 0) {
  RNN rnn(std::move(cell), {});
  build(rnn, 2);
  for (const NamedParameter& p : parameters(rnn)) {
    Array& values = p.parameter->edit();
    values.fill(p.parameter->name() == "output_gate_peephole_weights" ? output_peephole : 0);
    if (p.parameter->name() != "bias") continue;
    const auto numbers = values.as<double>().values();
    const Index units = p.parameter->shape().cols() / static_cast<Index>(bias.size());
    for (std::size_t gate = 0; gate < bias.size(); ++gate)
      std::fill_n(numbers.begin() + static_cast<Index>(gate) * units, units, bias[gate]);
  }
  SequenceDiagnostics seen;
  rnn.observe(&seen);
  Tape tape(DType::float64);
  static_cast<void>(rnn(tape.constant(random_tensor({batch, steps, 2}))));
  const auto found = seen.gates(0);
  BOOST_REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    BOOST_TEST(found[i].gate == expected[i].gate, what);
    BOOST_TEST(found[i].closed == expected[i].closed,
               what << ", " << expected[i].gate << ": closed " << found[i].closed);
    BOOST_TEST(found[i].open == expected[i].open, what << ", " << expected[i].gate << ": open " << found[i].open);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(diagnostics)

// The state after step t is the initial state of a run over the rest: its gradient there is dL/dh_t.
BOOST_AUTO_TEST_CASE(norms_are_those_of_a_run_that_starts_at_the_step) {
  RNN rnn(AnyCell(LSTMCell(3)), {.return_sequences = true, .return_state = true});
  build(rnn, 2);
  const Tensor<double> x = random_tensor({batch, steps, 2});
  const auto part = [&](Index first, Index count) {
    Tensor<double> result({batch, count, 2});
    for (Index b = 0; b < batch; ++b)
      for (Index t = 0; t < count; ++t)
        for (Index f = 0; f < 2; ++f) result(b, t, f) = x(b, first + t, f);
    return result;
  };
  SequenceDiagnostics seen;
  rnn.observe(&seen);
  {
    Tape tape(DType::float64);
    const Var y = rnn(tape.input(x));
    tape.backward(sum(y * y));
  }
  rnn.observe(nullptr);
  const auto h_norms = seen.gradient_norms(0, 0);
  const auto c_norms = seen.gradient_norms(0, 1);
  BOOST_REQUIRE(h_norms.size() == static_cast<std::size_t>(steps));
  for (Index t = 1; t < steps; ++t) {
    Tape tape(DType::float64);
    const RNNResult before = rnn.call(tape.constant(part(0, t)));
    const std::vector<Var> start = {tape.input(before.states[0].to_array()), tape.input(before.states[1].to_array())};
    const Var rest = rnn(tape.constant(part(t, steps - t)), {.initial_state = start});
    tape.backward(sum(rest * rest) + sum(start[0] * start[0]));  // h is the output of step t - 1 as well
    BOOST_TEST(h_norms[static_cast<std::size_t>(t - 1)] == norm(start[0].gradient().to_doubles()),
               boost::test_tools::tolerance(1e-12));
    BOOST_TEST(c_norms[static_cast<std::size_t>(t - 1)] == norm(start[1].gradient().to_doubles()),
               boost::test_tools::tolerance(1e-12));
  }
  BOOST_TEST(c_norms.back() == 0);
}

BOOST_AUTO_TEST_CASE(looking_on_changes_no_gradient) {
  RNN rnn(StackedRNNCells(LSTMCell(3), GRUCell(4)), {.return_sequences = true});
  build(rnn, 2);
  SequenceDiagnostics seen;
  const auto gradient = [&](StepObserver* observer, bool mask) {
    rnn.observe(observer);
    Tape tape(DType::float64);
    const Var x = tape.input(random_tensor({batch, steps, 2}));
    const Tensor<double> valid({batch, steps}, {1, 1, 0, 1, 1, 1, 0, 0, 1, 1});
    RNNCall call;
    const std::array<Index, 2> lengths = {5, 3};
    if (mask) call.mask = tape.constant(valid);
    else call.lengths = lengths;
    const Var y = rnn.call(x, call).output;
    tape.backward(sum(y * y));
    return x.gradient().to_doubles();
  };
  for (const bool mask : {false, true}) {
    const auto plain = gradient(nullptr, mask);
    const auto observed = gradient(&seen, mask);
    for (std::size_t i = 0; i < plain.size(); ++i)
      BOOST_TEST(observed[i] == plain[i], boost::test_tools::tolerance(1e-12));
  }
  BOOST_TEST(seen.layers() == 2);
  BOOST_TEST(seen.gradient_norms(1).size() == static_cast<std::size_t>(steps));
}

BOOST_AUTO_TEST_CASE(statistics_are_of_all_numbers_of_the_last_training_pass) {
  SequenceDiagnostics seen(0.5);
  Tape tape(DType::float32);
  for (int pass = 0; pass < 2; ++pass) {
    seen.begin(tape);
    for (Index t = 0; t < 2; ++t) {
      std::array<Var, 1> states = {tape.constant(Tensor<float>({1, 2}, {t == 0 ? 0.25F : 1.0F, -1.0F}))};
      seen.step(0, t, states);
    }
  }
  std::array<Var, 1> ignored = {tape.filled({1, 2}, 9)};
  tape.set_recording(false);
  seen.begin(tape);
  seen.gate("forget", ignored[0]);
  seen.step(0, 0, ignored);
  BOOST_TEST(seen.gates(0).empty());
  const StateStatistics s = seen.statistics(0);
  BOOST_TEST(s.mean == (0.25 - 1 + 1 - 1) / 4);
  BOOST_TEST(s.deviation == std::sqrt((0.0625 + 3) / 4 - s.mean * s.mean), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(s.saturated == 0.75);
  BOOST_CHECK_THROW((void)seen.statistics(1), ValueError);
  BOOST_CHECK_THROW((void)seen.gradient_norms(0, 1), ValueError);
}

BOOST_AUTO_TEST_CASE(a_plot_is_saved_at_the_end_of_an_epoch) {
  const auto path = std::filesystem::temp_directory_path() / "recur_diagnostics_test.svg";
  std::filesystem::remove(path);
  SequenceDiagnostics seen;
  const DiagnosticsPlot plot(seen, path);
  int training = 0;
  plot.on_epoch_end(training);
  BOOST_TEST(!std::filesystem::exists(path));
  BOOST_CHECK_THROW(seen.save_plot(path), StateError);
  RNN rnn(StackedRNNCells(LSTMCell(3), GRUCell(4)));
  build(rnn, 2);
  rnn.observe(&seen);
  Tape tape(DType::float64);
  tape.backward(sum(rnn(tape.input(random_tensor({batch, steps, 2})))));
  plot.on_epoch_end(training);
  BOOST_TEST(std::filesystem::file_size(path) > 1000U);
  std::filesystem::remove(path);
}

BOOST_AUTO_TEST_CASE(gates_of_every_kind_of_cell_are_told) {
  const std::vector<GateStatistics> lstm = {{"input", 0, 1}, {"forget", 1, 0}, {"output", 0, 0}};
  const std::vector<double> bias = {5, -5, 9, 0};
  check_gates("LSTM", LSTMCell(3), bias, lstm);
  check_gates("ProjectedLSTM",
              ProjectedLSTMCell(3,
                                [] {
                                  ProjectedLSTMCellOptions options;
                                  options.projection = 2;
                                  return options;
                                }()),
              bias, lstm);
  check_gates("LayerNormLSTM", LayerNormLSTMCell(3), bias, lstm);
  check_gates("PeepholeLSTM", PeepholeLSTMCell(3), bias, lstm);
  // The cell state is nearly 1.
  check_gates("PeepholeLSTM, output", PeepholeLSTMCell(3), bias, {lstm[0], lstm[1], {"output", 0, 1}}, 9);
  check_gates("CoupledLSTM", CoupledLSTMCell(3), {-5, 0, 5}, {{"input", 1, 0}, {"output", 0, 1}});
  const std::vector<GateStatistics> gru = {{"update", 0, 1}, {"reset", 1, 0}};
  check_gates("GRU", GRUCell(3), {5, -5, 0}, gru);
  check_gates("GRU, reset before",
              GRUCell(3,
                      [] {
                        GRUCellOptions options;
                        options.reset_after = false;
                        return options;
                      }()),
              {5, -5, 0}, gru);
  check_gates("within another", ZoneoutCell(LSTMCell(3), {.zoneout_h = 0.1}), bias, lstm);
  check_gates("none", SimpleRNNCell(3), {1}, {});
}

// The forget gate of an LSTM, counted by hand from what goes into it.
BOOST_AUTO_TEST_CASE(gates_are_those_of_all_steps_and_sequences) {
  LSTMCellOptions options;
  options.kernel_initializer = random_normal(0, 2);
  RNN rnn(LSTMCell(3, options), {.return_sequences = true});
  build(rnn, 2);
  SequenceDiagnostics seen;
  rnn.observe(&seen);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({batch, steps, 2}, 4));
  const std::array<Index, 2> lengths = {5, 2};
  const Var y = rnn.call(x, {.lengths = lengths}).output;
  const auto learned = parameters(rnn);
  double count = 0, closed = 0, open = 0;
  for (Index b = 0; b < batch; ++b)
    for (Index t = 0; t < lengths[static_cast<std::size_t>(b)]; ++t) {
      const auto row = [&](Var whole, Index at) {
        return reshape(slice(slice(whole, 0, b, 1), 1, at, 1), {1, whole.cols()});
      };
      const Var h = t > 0 ? row(y, t - 1) : tape.zeros({1, 3});
      const Var z = matmul(row(x, t), *learned[0].parameter) + matmul(h, *learned[1].parameter) + *learned[2].parameter;
      for (const double gate : Var(sigmoid(slice(z, -1, 3, 3))).to_doubles()) {
        count += 1;
        closed += gate < 0.1;
        open += gate > 0.9;
      }
    }
  BOOST_TEST(closed > 0);
  BOOST_TEST(open > 0);
  BOOST_TEST(seen.gates(0)[1].closed == closed / count);
  BOOST_TEST(seen.gates(0)[1].open == open / count);
}

BOOST_AUTO_TEST_CASE(what_is_computed_again_is_seen_once_and_as_without_checkpoints) {
  RNN rnn(StackedRNNCells(LSTMCell(3), GRUCell(4)), {});
  build(rnn, 2);
  SequenceDiagnostics seen;
  rnn.observe(&seen);
  const auto look = [&](const Checkpointing& checkpoint, bool outer) {
    rnn.set_options({.return_sequences = true, .checkpoint = checkpoint});
    Tape tape(DType::float64);
    const Var x = tape.input(random_tensor({batch, steps, 2}));
    const auto run = [&rnn](std::span<const Var> in) { return rnn(in[0]); };
    const Var y = outer ? recur::checkpoint(run, {x}) : run(std::array{x});
    tape.backward(sum(y * y));
    std::vector<double> all;
    for (Index layer = 0; layer < seen.layers(); ++layer) {
      for (const double norm : seen.gradient_norms(layer)) all.push_back(norm);
      const StateStatistics s = seen.statistics(layer);
      all.insert(all.end(), {s.mean, s.deviation, s.saturated});
      for (const GateStatistics& gate : seen.gates(layer)) all.insert(all.end(), {gate.closed, gate.open});
    }
    return all;
  };
  const auto full = look({}, false);
  BOOST_TEST(full.size() == 2U * (steps + 3) + 6 + 4);
  using Strategy = Checkpointing::Strategy;
  const std::vector<Checkpointing> checkpointings = {
      Checkpointing::steps(2), Checkpointing::automatic(), Checkpointing::slots(1, Strategy::states, 1),
      Checkpointing::slots(2, Strategy::activations, 1), Checkpointing::memory(std::size_t{1} << 30)};
  for (const Checkpointing& checkpointing : checkpointings) {
    const auto found = look(checkpointing, false);
    BOOST_REQUIRE(found.size() == full.size());
    for (std::size_t i = 0; i < full.size(); ++i) BOOST_TEST(found[i] == full[i], boost::test_tools::tolerance(1e-12));
  }
  BOOST_TEST(look({}, true) == full);
}

BOOST_AUTO_TEST_CASE(a_pass_that_goes_back_after_another_has_begun_is_not_taken_for_it) {
  RNN rnn(AnyCell(LSTMCell(3)), {});
  build(rnn, 2);
  SequenceDiagnostics seen;
  rnn.observe(&seen);
  Tape tape(DType::float64);
  const Var first = rnn(tape.input(random_tensor({batch, steps, 2})));
  static_cast<void>(rnn(tape.input(random_tensor({batch, 2, 2}))));
  tape.backward(sum(first));
  const auto norms = seen.gradient_norms(0);
  BOOST_TEST(norms == std::vector<double>(2, 0.0));
}

BOOST_AUTO_TEST_CASE(a_trainer_saves_the_plot_of_its_last_step) {
  const TemporaryDirectory directory;
  const auto path = directory.file("gradients.svg");
  RNN rnn(StackedRNNCells(LSTMCell(3), GRUCell(1)), {});
  Builder builder(2, DType::float32, Generator(1));
  rnn.build(builder);
  SequenceDiagnostics seen;
  rnn.observe(&seen);
  Trainer trainer(parameters(rnn), optim::sgd(), {.epochs = 2, .progress = false});
  trainer.add(DiagnosticsPlot(seen, path));
  Tape tape;
  trainer.fit(tape, 3, [&](Tape& t, Index i) { return sum(rnn(t.constant(random_tensor({batch, 2 + i, 2})))); });
  BOOST_TEST(seen.gradient_norms(1).size() == 4U);  // of the last step
  const std::string svg = TemporaryDirectory::read(path);
  BOOST_TEST(svg.find("Gradients through time") != std::string::npos);
  BOOST_TEST(svg.find("cell 1") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
