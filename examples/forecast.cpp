// Forecasts a seasonal series with a small committee of stacked LSTMs and sets it beside what arithmetic alone can do.
//
//   scripts/run forecast                                      AirPassengers: monthly totals, 1949 to 1960
//   scripts/run forecast --data FILE.csv --column value --season 12 --test 24
//
// The last --test values are never learned from. They are forecast step by step with the true past known, and
// free-running from the forecasts themselves. The networks learn the change of yearly growth, in logs and scaled, so
// that an untrained one already says "growth stays as it is". Scores to expect are in docs/examples.md.

#include <recur/recur.h>
#include <recur/samples.h>

#include <cmath>

using namespace recur;

namespace {

// Mean absolute percentage error of the last values.
double mape(std::span<const double> forecast, std::span<const double> values) {
  double sum = 0;
  const auto truth = values.last(forecast.size());
  for (std::size_t i = 0; i < forecast.size(); ++i) sum += std::abs(forecast[i] / truth[i] - 1);
  return 100 * sum / static_cast<double>(forecast.size());
}

// The level at step t, predicted from what is known before it.
double predict(Sequential& model, Tape& tape, const GrowthSeries& past, Index t) {
  const NoGradient inference(tape);
  const double change = model(tape.constant(past.known(t + 1).inputs)).to_doubles().back();
  tape.reset();
  return past.level_for(t, change);
}

}  // namespace

int main(int argc, char** argv) {
  std::string data, column = "value";
  Index season = 12, test = 24, networks = 5, steps = 100, units = 16;
  double noise = 1, rate = 0.01;
  Program program("Forecasts the end of a seasonal series with stacked LSTMs.", distributed::join);
  program.option("data", data, "CSV file; without it AirPassengers").option("column", column, "its column");
  program.option("season", season, "steps of a season; 1: none").option("test", test, "values at the end to forecast");
  program.option("networks", networks, "whose forecasts are averaged").option("steps", steps, "updates of each");
  program.option("units", units, "units of each LSTM").option("lr", rate, "first learning rate; falls to zero");
  program.option("noise", noise, "added to the inputs in training");
  return program.run(argc, argv, [&] {
    const auto& passengers = samples::air_passengers;
    const auto values =
        data.empty() ? std::vector(passengers.begin(), passengers.end()) : CsvTable(data).column(column);
    const Index end = std::ssize(values), train = end - test;
    const GrowthSeries series(values, season, train);
    std::vector<double> free_running(static_cast<std::size_t>(test)), one_step = free_running, naive;
    for (Index n = 0; n < networks; ++n) {
      const std::uint64_t seed = program.seed() * 1000 + static_cast<std::uint64_t>(n);
      Sequential model{LSTM(units, {.return_sequences = true}), LSTM(units, {.return_sequences = true}),
                       Dense(1, {.kernel_initializer = zeros()})};
      model.build(series.features(), seed);
      const auto noisy = [&](Generator& random) {
        Batch batch = series.known(train);
        for (float& value : batch.inputs.values()) value += static_cast<float>(noise * random.normal());
        return batch;
      };
      const auto falling = optim::schedule_by_name("linear", rate, steps);
      ModelTrainer trainer(model, "mse", optim::adam({.learning_rate = falling, .clip = {.global_norm = 1}}),
                           {.epochs = 1});
      trainer.fit(views::generate(steps, seed, noisy));
      GrowthSeries past = series;
      for (Index t = train; t < end; ++t) {
        const double level = predict(model, trainer.tape(), past, t);
        past.set_level(t, level);
        free_running[static_cast<std::size_t>(t - train)] += level / static_cast<double>(networks);
        one_step[static_cast<std::size_t>(t - train)] +=
            predict(model, trainer.tape(), series, t) / static_cast<double>(networks);
      }
    }
    for (auto* forecast : {&free_running, &one_step})
      for (double& level : *forecast) level = series.to_value(level);
    for (Index t = train; t < end; ++t)
      naive.push_back(values[static_cast<std::size_t>(train - season + (t - train) % season)]);
    program.report({{"free_running_mape", mape(free_running, values)},
                    {"one_step_mape", mape(one_step, values)},
                    {"seasonal_naive_mape", mape(naive, values)}});
  });
}
