// One-step forecasts of a noisy oscillation, whose best possible error is known exactly: the variance of the noise. The
// series is an AR(2), x[t] = 2 r cos(w) x[t-1] - r² x[t-2] + 0.1 e[t] with r = 0.98 and a period of 20 steps.
//
//   scripts/run autoregression
//
// Expect (seed 1) an error about 2 % above the best possible after some seconds. For a series of one's own see `recur
// train` and the example forecast.

#include <recur/recur.h>
#include <recur/samples.h>

#include <algorithm>

using namespace recur;

int main(int argc, char** argv) {
  samples::AutoregressionOptions series;
  Index time = 100, units = 16, batch = 32, epochs = 6, steps = 250, unscored = 10;
  double rate = 5e-3;
  Program program("Forecasts a noisy oscillation with an LSTM.", distributed::join);
  program.option("noise", series.noise, "its standard deviation");
  program.option("time", time, "steps of a window", 11).option("units", units, "units of the LSTM");
  program.option("batch", batch, "windows a step").option("epochs", epochs, "rounds of training, a test after each");
  program.option("steps", steps, "updates of an epoch").option("lr", rate, "first learning rate; falls to zero");
  return program.run(argc, argv, [&] {
    // Values are scaled to about 1: the oscillation is some ten times as large as the noise.
    const double scale = 10 * series.noise;
    const auto window = [&](Generator& random) {
      Tensor<float> values({time + 1, 1});
      std::ranges::transform(samples::autoregression(time + 1, series, random), values.data(),
                             [&](double value) { return static_cast<float>(value / scale); });
      return Windows(std::move(values), {.length = time, .every_step = true})[0];
    };
    auto train = views::batch(views::generate(steps * batch, program.seed(), window), batch);
    auto test = views::batch(views::generate_once(1000, program.seed() + 1'000'000, window), 500);

    Sequential model{LSTM(units, {.return_sequences = true}), Dense(1)};
    model.build(1, program.seed());

    // The first steps of a window are not scored: the past of the series is not known yet.
    const auto loss = [&](Var predicted, Var wanted) {
      const auto scored = [&](Var x) { return slice(x, 1, unscored, x.shape()[1] - unscored); };
      return mean_squared_error(scored(predicted), scored(wanted));
    };
    const auto falling = optim::cosine_decay({.initial = rate, .decay_steps = epochs * steps});
    ModelTrainer trainer(model, loss, optim::adam({.learning_rate = falling, .clip = {.global_norm = 1}}),
                         program.training(epochs));
    program.follow(trainer);
    trainer.fit(train, test);
    const double error = trainer.evaluate(test).loss * scale * scale;
    program.report({{"test_mse", error}, {"floor", series.floor()}, {"ratio", error / series.floor()}});
  });
}
