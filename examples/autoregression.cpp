// One-step forecasts of a noisy oscillation, whose best possible error is known exactly: the variance of the noise. The series is an
// AR(2), x[t] = 2 r cos(w) x[t-1] - r² x[t-2] + 0.1 e[t] with r = 0.98 and a period of 20 steps.
//
//   scripts/run autoregression
//   scripts/run autoregression --data FILE.csv --column value      forecasts a series of one's own; the last tenth is held out
//
// Expect (seed 1) an error of 0.01024, 2.4 % above the best possible, after about 3 s.

#include "common/step_training.h"

#include <recur/framework/ops/split.h>
#include <recur/framework/threads/parallel.h>
#include <recur/io/csv.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/dense.h>
#include <recur/layers/losses.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/sequential.h>
#include <recur/train/data/windows.h>
#include <recur/train/samples/autoregression.h>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace recur;
using namespace recur::examples;

namespace {

// Steps at the start of a window that are not scored: the series' past is not known yet.
constexpr Index unscored = 10;

struct Settings {
  std::string data;
  std::string column = "value";
  samples::AutoregressionOptions series;
  Index time = 100;
  Index units = 16;
  Index batch = 32;
  Index test_windows = 1000;
  StepOptions training{.steps = 1500, .report_every = 250, .learning_rate = 5e-3, .falling_rate = true};
  RunOptions run;
};

/// Windows to learn from and to judge by, of values scaled to about 1.
struct Task {
  StepData windows;
  double scale;  ///< What the values were divided by.
};

Tensor<float> scaled(std::span<const double> values, double mean, double scale) {
  Tensor<float> result({std::ssize(values), 1});
  std::transform(values.begin(), values.end(), result.data(),
                 [&](double value) { return static_cast<float>((value - mean) / scale); });
  return result;
}

// `count` windows, each made by `make(i)`.
Batch several(Index count, const std::function<Example(Index)>& make) {
  std::vector<Example> windows;
  for (Index i = 0; i < count; ++i) windows.push_back(make(i));
  return stack(windows);
}

TensorDataset dataset(Batch batch) { return {std::move(batch.inputs), std::move(batch.targets)}; }

Task generate(const Settings& s) {
  const double scale = 10 * s.series.noise;
  const auto window = [&s, scale](Generator& random) {
    const auto values = samples::autoregression(s.time + 1, s.series, random);
    return Windows(scaled(values, 0, scale), {.length = s.time, .every_step = true})[0];
  };
  Generator random = Generator(s.run.seed).fork("test");
  return {{[&s, window](Generator& g) { return several(s.batch, [&](Index) { return window(g); }); },
           dataset(several(s.test_windows, [&](Index) { return window(random); }))},
          scale};
}

// Windows to learn from begin anywhere in the first nine tenths; those to judge by cover the last tenth once.
Task read(const Settings& s) {
  const auto values = CsvTable(s.data).column(s.column);
  const std::size_t learned = values.size() - values.size() / 10;
  const auto head = std::span(values).first(learned);
  const auto count = static_cast<double>(learned);
  const double mean = std::accumulate(head.begin(), head.end(), 0.0) / count;
  const double square = std::inner_product(head.begin(), head.end(), head.begin(), 0.0) / count - mean * mean;
  require<ValueError>(square > 0, "read: {}: the values to learn from are all {}", s.data, mean);
  const double scale = std::sqrt(square);
  const auto train =
      std::make_shared<const Windows>(scaled(head, mean, scale), WindowOptions{.length = s.time, .every_step = true});
  const Windows tests(scaled(std::span(values).subspan(learned), mean, scale),
                      {.length = s.time, .stride = s.time, .every_step = true});
  return {{[=, batch = s.batch](Generator& g) {
             return several(batch, [&](Index) { return (*train)[g.below(train->size())]; });
           },
           dataset(several(tests.size(), [&](Index i) { return tests[i]; }))},
          scale};
}

Sequential make_model(const Settings& s) {
  Sequential model{RNN(LSTMCell(s.units), {.return_sequences = true}), Dense(1)};
  Builder builder(1, DType::float32, Generator(s.run.seed));
  model.build(builder);
  return model;
}

void forecast(const Settings& s) {
  set_threads(s.run.threads);
  const Task task = s.data.empty() ? generate(s) : read(s);
  Sequential model = make_model(s);
  const auto loss = [&](Tape& tape, const Batch& windows) {
    const auto scored = [](Var x) { return slice(x, 1, unscored, x.shape()[1] - unscored); };
    return mean_squared_error(scored(model(tape.constant(windows.inputs))), scored(tape.constant(windows.targets)));
  };
  Tape tape;
  Generator random = Generator(s.run.seed).fork("train");
  Batches tests(task.windows.tests, {.batch = 1000, .shuffle = false});
  Trainer trainer = step_trainer(parameters(model), s.training);
  RunOutput output(trainer, s.run);
  const auto reports = trainer.fit(
      tape, s.training.epoch(), [&](Tape& t, Index) { return loss(t, task.windows.draw(random)); },
      [&] { return trainer.evaluate(tape, tests, loss); });

  const double error = reports.back().valid_loss * task.scale * task.scale;
  NamedNumbers result = {{"test_mse", error}};
  if (s.data.empty()) result.insert(result.end(), {{"floor", s.series.floor()}, {"ratio", error / s.series.floor()}});
  output.result(result);
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine app("Forecasts a noisy oscillation with an LSTM.", "autoregression");
  Settings s;
  app.add_option("--data", s.data, "CSV file with a series; without it one is generated");
  app.add_option("--column", s.column, "its column").capture_default_str();
  app.add_option("--noise", s.series.noise, "its standard deviation").check(positive()).capture_default_str();
  app.add_option("--time", s.time, "steps of a window")
      .check(between(unscored + 1, Index{1'000'000}))
      .capture_default_str();
  add_positive(app, "--units", s.units, "units of the LSTM");
  add_positive(app, "--batch", s.batch, "windows a step");
  add_positive(app, "--test-windows", s.test_windows, "to generate");
  add_step_options(app, s.training, s.run);
  add_run_options(app, s.run);
  return run(app, argc, argv, [&] { forecast(s); });
}
