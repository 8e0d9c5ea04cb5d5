// Copy memory: ten symbols are to be repeated after a gap (Hochreiter & Schmidhuber 1997, in the form of Arjovsky et
// al. 2016). A stress test: an LSTM stores no list easily. Blanks alone, without memory, score 10 ln 8 / (gap + 20)
// nats a step and 12.5 % recall.
//
//   scripts/run copy_memory                  a gap of 50 steps
//   scripts/run copy_memory --remember 0     with the usual biases of the gates
//
// One epoch is 500 steps. Scores to expect are in docs/examples.md; a run of 12 epochs takes 75 seconds on one core.

#include <recur/recur.h>
#include <recur/samples.h>

using namespace recur;

namespace {

// The share of symbols, blanks not counted, that the model repeats.
double recall_of(Sequential& model, Tape& tape, const auto& data) {
  const NoGradient inference(tape);
  const auto recall = make_metric("accuracy");
  for (Index i = 0; i < data.size(); ++i) {
    const samples::IdSequences ids = data[i];
    std::vector<double> wanted;
    for (const std::int32_t id : ids.targets) wanted.push_back(id == 0 ? 0 : 1);
    recall->update(model(tape, ids.inputs, {ids.batch, ids.time}), ids.targets, wanted);
    tape.reset();
  }
  return recall->result();
}

}  // namespace

int main(int argc, char** argv) {
  Index gap = 50, units = 128, batch = 50, epochs = 12, steps = 500;
  double remember = 75, rate = 2e-3;
  Program program("Trains an LSTM on the copy memory problem.", distributed::join);
  program.option("gap", gap, "steps between symbols and request").option("units", units, "units of the LSTM");
  program.option("batch", batch, "sequences a step").option("epochs", epochs, "rounds of training, a test after each");
  program.option("steps", steps, "updates of an epoch");
  program.option("remember", remember, "steps to remember for, by the gates' first biases; 0: the usual ones");
  program.option("lr", rate, "learning rate of Adam");
  return program.run(argc, argv, [&] {
    const auto draw = [&](Generator& random) { return samples::copy_memory(batch, gap, random); };
    auto train = views::generate(steps, program.seed(), draw);
    auto test = views::generate_once(20, program.seed() + 1'000'000, draw);

    constexpr Index symbols = samples::copy_symbols;
    Sequential model{Embedding(symbols, symbols, {.embeddings_initializer = random_normal(0, 1)}),
                     LSTM(units, {.remember = remember, .return_sequences = true}), Dense(symbols)};
    model.build(symbols, program.seed());

    ModelTrainer trainer(model, sparse_softmax_cross_entropy,
                         optim::adam({.learning_rate = rate, .clip = {.global_norm = 1}}), program.training(epochs));
    program.follow(trainer);
    trainer.fit(train, test);
    program.report({{"test_loss", trainer.evaluate(test).loss},
                    {"recall", recall_of(model, trainer.tape(), test)},
                    {"baseline", samples::copy_memory_baseline(gap)}});
  });
}
