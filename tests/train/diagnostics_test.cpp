#include "../layers/support.h"

#include <recur/framework/ops/reduce.h>
#include <recur/layers/gru_cell.h>
#include <recur/layers/lstm_cell.h>
#include <recur/train/diagnostics.h>

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
  for (int pass = 0; pass < 2; ++pass)
    for (Index t = 0; t < 2; ++t) {
      std::array<Var, 1> states = {tape.constant(Tensor<float>({1, 2}, {t == 0 ? 0.25F : 1.0F, -1.0F}))};
      seen.step(0, t, states);
    }
  std::array<Var, 1> ignored = {tape.filled({1, 2}, 9)};
  tape.set_recording(false);
  seen.step(0, 0, ignored);
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

BOOST_AUTO_TEST_SUITE_END()
