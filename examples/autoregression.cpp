// One-step forecasts of a noisy oscillation, whose best possible error is known exactly: the variance of the noise. The series is an
// AR(2), x[t] = 2 r cos(w) x[t-1] - r² x[t-2] + 0.1 e[t] with r = 0.98 and a period of 20 steps.
//
//   scripts/run autoregression
//
// Expect (seed 1) an error of 0.01024, 2.4 % above the best possible, after about 3 s.

#include "common/step_training.h"

#include <recur/framework/ops/split.h>
#include <recur/framework/parallel.h>
#include <recur/layers/dense.h>
#include <recur/layers/losses.h>
#include <recur/layers/lstm_cell.h>
#include <recur/layers/rnn.h>
#include <recur/layers/sequential.h>
#include <recur/train/epoch_printer.h>
#include <recur/train/samples/autoregression.h>

#include <fmt/format.h>

using namespace recur;
using namespace recur::examples;

namespace {

// Steps at the start of a window that are not scored: the series' past is not known yet.
constexpr Index unscored = 10;

struct Settings {
  samples::AutoregressionOptions series;
  Index time = 100;
  Index units = 16;
  Index batch = 32;
  Index test_windows = 1000;
  StepOptions training{.steps = 1500, .report_every = 250, .learning_rate = 5e-3, .falling_rate = true};
  RunOptions run;
};

/// Windows of the series, scaled to about 1: `[batch, time, 1]`, and the values that follow each step.
struct Windows {
  Tensor<float> inputs;
  Tensor<float> targets;
  double scale;

  Windows(const Settings& s, Index batch, Generator& random)
      : inputs({batch, s.time, 1}), targets({batch, s.time, 1}), scale(10 * s.series.noise) {
    for (Index b = 0; b < batch; ++b) {
      const auto series = samples::autoregression(s.time + 1, s.series, random);
      for (Index t = 0; t < s.time; ++t) {
        inputs(b, t, 0) = static_cast<float>(series[static_cast<std::size_t>(t)] / scale);
        targets(b, t, 0) = static_cast<float>(series[static_cast<std::size_t>(t + 1)] / scale);
      }
    }
  }
};

Sequential make_model(const Settings& s) {
  Sequential model{RNN(LSTMCell(s.units), {.return_sequences = true}), Dense(1)};
  Builder builder(1, DType::float32, Generator(s.run.seed));
  model.build(builder);
  return model;
}

Var loss(Sequential& model, Tape& tape, const Windows& windows) {
  const auto scored = [](Var x) { return slice(x, 1, unscored, x.shape()[1] - unscored); };
  return mean_squared_error(scored(model(tape.constant(windows.inputs))), scored(tape.constant(windows.targets)));
}

void forecast(const Settings& s) {
  set_threads(s.run.threads);
  Generator random = Generator(s.run.seed).fork("train");
  Generator test_random = Generator(s.run.seed).fork("test");
  const Windows tests(s, s.test_windows, test_random);

  Sequential model = make_model(s);
  Tape tape;
  Trainer trainer = step_trainer(parameters(model), s.training, s.run.json);
  const auto reports = trainer.fit(
      tape, s.training.epoch(), [&](Tape& t, Index) { return loss(model, t, Windows(s, s.batch, random)); },
      [&] {
        const NoGradient inference(tape);
        const double error = loss(model, tape, tests).item();
        tape.reset();
        return error;
      });

  const double error = reports.back().valid_loss * tests.scale * tests.scale;
  const double floor = s.series.floor();
  if (s.run.json) print_json_line({{"test_mse", error}, {"floor", floor}, {"ratio", error / floor}});
  else
    fmt::print("test error {:.6f}, {:.2f} % above the best possible {:.6f}\n", error, 100 * (error / floor - 1), floor);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Forecasts a noisy oscillation with an LSTM.", "autoregression");
  Settings s;
  app.add_option("--noise", s.series.noise, "its standard deviation")->check(positive())->capture_default_str();
  app.add_option("--time", s.time, "steps of a window")
      ->check(CLI::Range(unscored + 1, Index{1'000'000}))
      ->capture_default_str();
  add_positive(app, "--units", s.units, "units of the LSTM");
  add_positive(app, "--batch", s.batch, "windows a step");
  add_positive(app, "--test-windows", s.test_windows, "to test on");
  add_step_options(app, s.training);
  add_run_options(app, s.run);
  return run(app, argc, argv, [&] { forecast(s); });
}
