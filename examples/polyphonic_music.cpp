// Polyphonic music (Boulanger-Lewandowski et al. 2012): an LSTM predicts which of 88 keys are down in the next frame of a piano roll.
// The score is the negative log-likelihood of a frame in nats, summed over the keys; training stops when it no longer falls on
// held-out pieces, and the best state is the one that is tested.
//
//   scripts/run polyphonic_music                       generated chords, whose best possible score is known exactly
//   scripts/run polyphonic_music --data jsb.npz        pieces of a file, such as the JSB chorales: arrays {train,valid,test}_frames
//                                                      and _lengths
//
// Expect for generated chords (seed 1) 4.82 nats a frame; the best possible is 4.74. Expect for the JSB chorales a test score of 8.39, 8.41, 8.38 nats a frame (seeds 1 to 3; published for LSTMs: 8.67 Chung et al. 2014,
// 8.45 Bai et al. 2018), and 8.27 (seed 1) with --units 300 --dropout 0.6 --input-dropout 0.1.

#include "common/command_line.h"
#include "common/piano_rolls.h"

#include <recur/framework/expr/operators.h>
#include <recur/framework/parallel.h>
#include <recur/layers/dense.h>
#include <recur/layers/dropout.h>
#include <recur/layers/losses.h>
#include <recur/layers/lstm_cell.h>
#include <recur/layers/rnn.h>
#include <recur/layers/sequential.h>
#include <recur/optim/optimizers.h>
#include <recur/train/early_stopping.h>
#include <recur/train/epoch_printer.h>
#include <recur/train/samples/chord_music.h>
#include <recur/train/trainer.h>

#include <fmt/format.h>

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

// Nats a frame, the mean over all frames of the batch. The library's loss is the mean over the keys.
Var loss(Sequential& model, Tape& tape, const MusicBatch& batch) {
  const Var mean = binary_cross_entropy(model(tape.constant(batch.inputs)), tape.constant(batch.targets),
                                        {.weights = batch.weights});
  return mean * static_cast<double>(batch.inputs.shape()[-1]);
}

double nats_per_frame(Sequential& model, Tape& tape, const Pieces& pieces) {
  const NoGradient inference(tape);
  double nats = 0;
  double frames = 0;
  for (Index i = 0; i < static_cast<Index>(pieces.size()); ++i) {
    const MusicBatch batch = music_batch(pieces, {&i, 1});
    nats += loss(model, tape, batch).item() * batch.frames;
    frames += batch.frames;
    tape.reset();
  }
  return nats / frames;
}

void learn_music(const Settings& s) {
  set_threads(s.run.threads);
  const Music music = s.data.empty() ? generate_music(s.pieces, s.frames, s.run.seed) : load_music(s.data);
  Sequential model = make_model(s, music.train[0].shape()[1]);
  const auto learned = parameters(model);
  const auto count = static_cast<Index>(music.train.size());
  std::vector<Index> order;

  Tape tape(DType::float32, s.run.seed);
  Trainer trainer(learned, optim::adam({.learning_rate = s.learning_rate, .clip = {.global_norm = s.clip}}),
                  {.epochs = s.epochs});
  trainer.add(EarlyStopping({.patience = s.patience, .restore_best_weights = true}));
  trainer.on_epoch_begin = [&](Index epoch) {
    order = Generator(s.run.seed).fork("order").fork(static_cast<std::uint64_t>(epoch)).permutation(count);
  };
  trainer.on_epoch_end = EpochPrinter(s.run.json);
  trainer.fit(
      tape, (count + s.batch - 1) / s.batch,
      [&](Tape& t, Index i) {
        const Index begin = i * s.batch;
        const auto which = std::span(order).subspan(static_cast<std::size_t>(begin),
                                                    static_cast<std::size_t>(std::min(s.batch, count - begin)));
        return loss(model, t, music_batch(music.train, which));
      },
      [&] { return nats_per_frame(model, tape, music.validation); });

  const double nats = nats_per_frame(model, tape, music.test);
  std::vector<std::pair<std::string, double>> result = {{"test_nll", nats}};
  const double optimum = samples::chord_music_optimum();
  if (s.data.empty()) result.insert(result.end(), {{"optimum", optimum}, {"ratio", nats / optimum}});
  if (s.run.json) print_json_line(result);
  else
    for (const auto& [name, value] : result) fmt::print("{} {:.3f}\n", name, value);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains an LSTM to predict polyphonic music.", "polyphonic_music");
  Settings s;
  app.add_option("--data", s.data, "npz file of piano rolls; without it chords are generated");
  add_positive(app, "--pieces", s.pieces, "to generate");
  app.add_option("--frames", s.frames, "of each")->check(CLI::Range(2, 1'000'000))->capture_default_str();
  add_positive(app, "--units", s.units, "units of the LSTM");
  app.add_option("--dropout", s.dropout, "share of the LSTM's outputs dropped in training")
      ->check(CLI::Range(0.0, 0.95))
      ->capture_default_str();
  app.add_option("--input-dropout", s.input_dropout,
                 "share of the keys hidden from the LSTM in training, for a whole piece")
      ->check(CLI::Range(0.0, 0.95))
      ->capture_default_str();
  add_positive(app, "--batch", s.batch, "pieces a step");
  add_positive(app, "--epochs", s.epochs, "passes over the pieces, at most");
  add_positive(app, "--patience", s.patience, "epochs without improvement that are borne");
  add_positive(app, "--lr", s.learning_rate, "learning rate of Adam");
  add_positive(app, "--clip", s.clip, "largest global norm of the gradients");
  add_run_options(app, s.run);
  return run(app, argc, argv, [&] { learn_music(s); });
}
