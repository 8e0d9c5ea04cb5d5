// Polyphonic music (Boulanger-Lewandowski et al. 2012): an LSTM predicts which of 88 keys are down in the next frame of a piano roll.
// The score is the negative log-likelihood of a frame in nats, summed over the keys; training stops when it no longer falls on
// held-out pieces, and the best state is the one that is tested.
//
//   scripts/run polyphonic_music                       generated chords, whose best possible score is known exactly
//   scripts/run polyphonic_music --data jsb.npz        pieces of a file, such as the JSB chorales: arrays {train,valid,test}_frames
//                                                      and _lengths
//
// Expect for generated chords (seed 1) 4.82 nats a frame; the best possible is 4.74. Expect for the JSB chorales a test score of 8.374,
// 8.388, 8.360 nats a frame (seeds 1 to 3; published for LSTMs: 8.67 Chung et al. 2014, 8.45 Bai et al. 2018).

#include "common/piano_rolls.h"
#include "common/run_output.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/dense.h>
#include <recur/layers/dropout.h>
#include <recur/layers/losses.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/sequential.h>
#include <recur/optim/optimizers.h>
#include <recur/train/callbacks/early_stopping.h>
#include <recur/train/loop/metrics.h>
#include <recur/train/samples/chord_music.h>
#include <recur/train/views/batch.h>
#include <recur/train/views/shuffle.h>

using namespace recur;
using namespace recur::examples;

namespace {

struct Settings {
  std::string data;
  Index pieces = 300;
  Index frames = 60;
  Index units = 200;
  double dropout = 0.5;
  double input_dropout = 0;
  Index batch = 8;
  Index epochs = 100;
  Index patience = 10;
  double learning_rate = 3e-3;
  double clip = 1;
  RunOptions run;
};

Sequential make_model(const Settings& s, Index keys) {
  LSTMCellOptions options;
  options.dropout = s.input_dropout;
  Sequential model{RNN(LSTMCell(s.units, options), {.return_sequences = true}), Dropout(s.dropout), Dense(keys)};
  Builder builder(keys, DType::float32, Generator(s.run.seed));
  model.build(builder);
  return model;
}

void learn_music(const Settings& s) {
  set_threads(s.run.threads);
  const Music music = s.data.empty() ? generate_music(s.pieces, s.frames, s.run.seed) : load_music(s.data);
  const Index keys = music.train[0].inputs.shape()[1];
  Sequential model = make_model(s, keys);
  const auto nll = make_metric("nll_per_frame");
  const auto loss = [&](Tape& t, const PaddedBatch& batch) {
    const Var logits = model(t.constant(batch.inputs));
    const Var targets = t.constant(batch.targets);
    const Tensor<float> mask = batch.mask();
    if (!t.recording()) nll->update(logits, targets, t.constant(mask));
    // The library's loss is the mean over the keys, music's the sum.
    return binary_cross_entropy(logits, targets, {.weights = mask.values()}) * static_cast<double>(keys);
  };

  Tape tape(DType::float32, s.run.seed);
  Trainer trainer(parameters(model), optim::adam({.learning_rate = s.learning_rate, .clip = {.global_norm = s.clip}}),
                  {.epochs = s.epochs});
  const auto nats_per_frame = [&](const SequenceDataset& pieces) {
    nll->reset();
    auto batches = views::batch(pieces, s.batch, pad);
    (void)trainer.evaluate(tape, batches, loss);
    return nll->result();
  };
  auto train = views::batch(views::shuffle(music.train, s.run.seed), s.batch, pad);
  trainer.add(EarlyStopping({.patience = s.patience, .restore_best_weights = true}));
  RunOutput output(trainer, s.run);
  trainer.fit(tape, train, loss, [&] { return nats_per_frame(music.validation); });

  const double nats = nats_per_frame(music.test);
  NamedNumbers result = {{"test_nll", nats}};
  const double optimum = samples::chord_music_optimum();
  if (s.data.empty()) result.insert(result.end(), {{"optimum", optimum}, {"ratio", nats / optimum}});
  output.result(result);
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine app("Trains an LSTM to predict polyphonic music.", "polyphonic_music");
  Settings s;
  app.add_option("--data", s.data, "npz file of piano rolls; without it chords are generated");
  add_positive(app, "--pieces", s.pieces, "to generate");
  app.add_option("--frames", s.frames, "of each").check(between(2, 1'000'000)).capture_default_str();
  add_positive(app, "--units", s.units, "units of the LSTM");
  app.add_option("--dropout", s.dropout, "share of the LSTM's outputs dropped in training")
      .check(between(0.0, 0.95))
      .capture_default_str();
  app.add_option("--input-dropout", s.input_dropout,
                 "share of the keys hidden from the LSTM in training, for a whole piece")
      .check(between(0.0, 0.95))
      .capture_default_str();
  add_positive(app, "--batch", s.batch, "pieces a step");
  add_positive(app, "--epochs", s.epochs, "passes over the pieces, at most");
  add_positive(app, "--patience", s.patience, "epochs without improvement that are borne");
  add_positive(app, "--lr", s.learning_rate, "learning rate of Adam");
  add_positive(app, "--clip", s.clip, "largest global norm of the gradients");
  add_run_folder(app, s.run);
  add_run_options(app, s.run);
  return run(app, argc, argv, [&] { learn_music(s); });
}
