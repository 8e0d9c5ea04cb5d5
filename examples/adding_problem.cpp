// The adding problem (Hochreiter & Schmidhuber 1997): of two numbers a step the first is random and the second marks
// two steps; the answer, at the end, is the sum of the marked numbers. Always answering 1 scores 0.1667; below 0.01
// counts as learned.
//
//   scripts/run adding_problem                                    sequences of 100 steps
//   scripts/run adding_problem --time 400 --remember 400 --epochs 30
//   scripts/run adding_problem --remember 0                       with the usual biases of the gates
//
// One epoch is 100 steps. Scores to expect are in docs/examples.md; a run of 20 epochs takes a minute on one core.

#include <recur/recur.h>
#include <recur/samples.h>

#include <algorithm>
#include <limits>

using namespace recur;

int main(int argc, char** argv) {
  Index time = 100, units = 128, batch = 50, epochs = 20;
  double remember = 100, rate = 2e-3;
  Program program("Trains an LSTM on the adding problem.", distributed::join);
  program.option("time", time, "steps of a sequence", 2).option("units", units, "units of the LSTM");
  program.option("batch", batch, "sequences a step").option("epochs", epochs, "of 100 steps");
  program.option("remember", remember, "steps to remember for, by the gates' first biases; 0: the usual ones");
  program.option("lr", rate, "learning rate of Adam");
  return program.run(argc, argv, [&] {
    const auto draw = [&](Generator& random) { return samples::adding_problem(batch, time, random); };
    auto train = views::generate(100, program.seed(), draw);
    auto test = views::generate_once(200, program.seed() + 1'000'000, draw);

    Sequential model{LSTM(units, {.remember = remember}), Dense(1)};
    model.build(2, program.seed());

    ModelTrainer trainer(model, "mse", optim::adam({.learning_rate = rate, .clip = {.global_norm = 1}}),
                         program.training(epochs));
    program.follow(trainer);
    const auto reports = trainer.fit(train, test);

    const auto learned =
        std::ranges::find_if(reports, [](const EpochReport& epoch) { return epoch.valid_loss < 0.01; });
    program.report({{"test_mse", reports.back().valid_loss},
                    {"learned_after_steps", learned == reports.end() ? std::numeric_limits<double>::infinity()
                                                                     : static_cast<double>(100 * learned->epoch)}});
  });
}
