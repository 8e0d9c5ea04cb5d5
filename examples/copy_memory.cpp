// Copy memory: ten symbols are to be repeated after a gap (Hochreiter & Schmidhuber 1997, in the form of Arjovsky et al. 2016). A stress
// test: an LSTM stores no list easily. Blanks alone, without memory, score 10 ln 8 / (gap + 20) nats a step and 12.5 % recall.
//
//   scripts/run copy_memory                       a gap of 50 steps; gates begin with chrono initialisation
//   scripts/run copy_memory --chrono 0            with the usual bias of the gates
//   scripts/run copy_memory --data FILE.npz       ids to be told from ids: arrays train_inputs [n, time], train_targets [n, time],
//                                                 test_inputs and test_targets; 0 is blank
//
// Expect after 6000 steps (seed 1) 0.0243 nats and 93.7 % recall; with --chrono 0 it is 0.1871 nats and 42.6 %.

#include "common/memory_span.h"
#include "common/step_training.h"

#include <recur/framework/threads/parallel.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/losses.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/sequential.h>
#include <recur/train/loop/metrics.h>
#include <recur/train/samples/copy_memory.h>

using namespace recur;
using namespace recur::examples;

namespace {

struct Settings {
  std::string data;
  Index gap = 50;
  Index units = 128;
  Index batch = 50;
  Index test_batches = 20;
  double chrono = 75;
  StepOptions training{.steps = 6000, .report_every = 500, .learning_rate = 2e-3};
  RunOptions run;
};

/// Sequences to learn from, drawn afresh, and to judge by.
struct Task {
  std::function<samples::IdSequences(Generator&)> draw;
  std::vector<samples::IdSequences> tests;
  Index symbols = samples::copy_symbols;
};

samples::IdSequences to_ids(const Batch& batch) {
  require(batch.inputs.shape().rank() == 2 && batch.inputs.shape() == batch.targets.shape(),
          "copy_memory: ids {} and wanted ids {}, need [n, time] both", batch.inputs.shape(), batch.targets.shape());
  return {batch.inputs.shape()[0], batch.inputs.shape()[1], ids_of(batch.inputs), ids_of(batch.targets), {}};
}

Task make_task(const Settings& s) {
  Task task;
  if (s.data.empty()) {
    task.draw = [&s](Generator& random) { return samples::copy_memory(s.batch, s.gap, random); };
    Generator random = Generator(s.run.seed).fork("test");
    for (Index i = 0; i < s.test_batches; ++i) task.tests.push_back(task.draw(random));
    return task;
  }
  SequenceFile file = load_sequences(s.data);
  task.symbols = count_ids({&file.train.inputs, &file.train.targets, &file.test.inputs, &file.test.targets});
  const StepData data = step_data(std::move(file), s.batch);
  const Batches tests(data.tests, {.batch = s.batch, .shuffle = false});
  for (Index i = 0; i < tests.size(); ++i) task.tests.push_back(to_ids(tests[i]));
  task.draw = [draw = data.draw](Generator& random) { return to_ids(draw(random)); };
  return task;
}

Sequential make_model(const Settings& s, Index symbols) {
  Sequential model{Embedding(symbols, symbols, {.embeddings_initializer = random_normal(0, 1)}),
                   RNN(lstm_remembering(s.chrono, s.units), {.return_sequences = true}), Dense(symbols)};
  Builder builder(symbols, DType::float32, Generator(s.run.seed));
  model.build(builder);
  return model;
}

void learn_to_copy(const Settings& s) {
  set_threads(s.run.threads);
  const Task task = make_task(s);
  Sequential model = make_model(s, task.symbols);
  const auto logits = [&](Tape& t, const samples::IdSequences& ids) {
    return model(t, ids.inputs, {ids.batch, ids.time});
  };
  const auto recall = make_metric("accuracy");  // of the ids that are wanted and no blanks
  const auto test_loss = [&](Tape& t, Index i) {
    const samples::IdSequences& ids = task.tests[static_cast<std::size_t>(i)];
    const Var predicted = logits(t, ids);
    std::vector<double> wanted;
    for (const std::int32_t id : ids.targets) wanted.push_back(id == 0 ? 0 : 1);
    recall->update(predicted, ids.targets, wanted);
    return sparse_softmax_cross_entropy(predicted, ids.targets);
  };

  Tape tape;
  Generator random = Generator(s.run.seed).fork("train");
  Trainer trainer = step_trainer(parameters(model), s.training);
  trainer.metrics = [&](const EpochReport&) { return NamedNumbers{{"recall", recall->result()}}; };
  RunOutput output(trainer, s.run);
  const auto reports = trainer.fit(
      tape, s.training.epoch(),
      [&](Tape& t, Index) {
        const samples::IdSequences ids = task.draw(random);
        return sparse_softmax_cross_entropy(logits(t, ids), ids.targets);
      },
      [&] {
        recall->reset();
        return trainer.evaluate(tape, std::ssize(task.tests), test_loss);
      });
  NamedNumbers result = {{"test_loss", reports.back().valid_loss}, {"recall", recall->result()}};
  if (s.data.empty()) result.emplace_back("baseline", samples::copy_memory_baseline(s.gap));
  output.result(result);
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine app("Trains an LSTM on the copy memory problem.", "copy_memory");
  Settings s;
  app.add_option("--data", s.data, "npz file of ids and the ids wanted; without it copy memory is generated");
  add_positive(app, "--gap", s.gap, "steps between symbols and request");
  add_positive(app, "--units", s.units, "units of the LSTM");
  add_positive(app, "--batch", s.batch, "sequences a step");
  add_positive(app, "--test-batches", s.test_batches, "to generate");
  add_chrono_option(app, s.chrono);
  add_step_options(app, s.training, s.run);
  add_run_options(app, s.run);
  return run(app, argc, argv, [&] { learn_to_copy(s); });
}
