// A cell of one's own: an LSTM whose gates see the cell state (Gers & Schmidhuber 2000), in ten lines of maths, learns
// to add. Of two numbers a step the first is random and the second marks two steps; the answer is the sum of the marked
// numbers (Hochreiter & Schmidhuber 1997). Always answering 1 scores 0.167; below 0.01 counts as learned.
//
//   scripts/run custom_cell                    sequences of 100 steps
//   scripts/run custom_cell --cell lstm        the built-in LSTM, to compare score and speed
//
// The loss stays on its plateau for a long time and then falls abruptly. One epoch is 200 steps; scores are in
// docs/examples.md.

#include <recur/recur.h>
#include <recur/samples.h>

using namespace recur;

namespace {

struct PeepholeCell {
  using State = LSTMState;  // h and c
  Index units;
  Parameter kernel{"kernel"}, recurrent{"recurrent_kernel"}, bias{"bias"}, pi{"pi"}, pf{"pf"}, po{"po"};

  [[nodiscard]] StateSize state_size() const { return {units, units}; }
  void build(Builder& build) {
    build(kernel, {build.input_size, 4 * units}, glorot_uniform());
    build(recurrent, {units, 4 * units}, orthogonal());
    build(bias, {4 * units}, zeros());
    set_unit_forget_bias(bias);
    for (Parameter* p : {&pi, &pf, &po}) build(*p, {units}, zeros());
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel, recurrent, bias, pi, pf, po); }

  [[nodiscard]] Step<State> call(Var x, State s) {
    const auto [h, c] = fuse(
        [](auto i, auto f, auto g, auto o, auto c0, auto wi, auto wf, auto wo) {
          const auto c1 = sigmoid(f + wf * c0) * c0 + sigmoid(i + wi * c0) * tanh(g);
          return std::tuple{sigmoid(o + wo * c1) * tanh(c1), c1};
        },
        reuse(split<4>(matmul(x, kernel) + matmul(s.h, recurrent) + bias)), s.c, pi, pf, po);
    return {h, {h, c}};
  }
};

}  // namespace

int main(int argc, char** argv) {
  std::string cell = "peephole";
  Index time = 100, units = 128, batch = 50, epochs = 15, steps = 200;
  double rate = 2e-3;
  Program program("Trains a cell of one's own on the adding problem.", distributed::join);
  program.option("cell", cell, "peephole (defined here) or lstm (built in)", {"peephole", "lstm"});
  program.option("time", time, "steps of a sequence", 2).option("units", units, "units of the cell");
  program.option("batch", batch, "sequences a step").option("epochs", epochs, "rounds of training, a test after each");
  program.option("steps", steps, "updates of an epoch").option("lr", rate, "learning rate of Adam");
  return program.run(argc, argv, [&] {
    const auto draw = [&](Generator& random) { return samples::adding_problem(batch, time, random); };
    auto train = views::generate(steps, program.seed(), draw);
    auto test = views::generate_once(200, program.seed() + 1'000'000, draw);

    Sequential model{RNN(cell == "peephole" ? AnyCell(PeepholeCell{units}) : AnyCell(LSTMCell(units))), Dense(1)};
    model.build(2, program.seed());

    ModelTrainer trainer(model, mean_squared_error, optim::adam({.learning_rate = rate, .clip = {.global_norm = 1}}),
                         program.training(epochs));
    program.follow(trainer);
    const auto reports = trainer.fit(train, test);
    program.report(
        {{"test_mse", reports.back().valid_loss},
         {"milliseconds_per_step", 1e3 * reports.back().seconds / static_cast<double>(reports.back().step)}});
  });
}
