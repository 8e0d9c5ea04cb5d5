// Polyphonic music (Boulanger-Lewandowski et al. 2012): an LSTM predicts which of 88 keys are down in the next frame of
// a piano roll. The score is the negative log-likelihood of a frame in nats, summed over the keys; training stops when
// it no longer falls on held-out pieces, and the best state is the one that is tested.
//
//   scripts/run polyphonic_music                   generated chords, whose best possible score is known exactly
//   scripts/run polyphonic_music --data jsb.npz    a file, such as the JSB chorales: {train,valid,test}_frames
//                                                  `[frames, keys]`, piece after piece, and _lengths, frames of each
//
// Scores to expect are in docs/examples.md; published for the chorales with LSTMs: 8.67 (Chung et al. 2014), 8.45 (Bai
// et al. 2018).

#include <recur/recur.h>
#include <recur/samples.h>

#include <algorithm>

using namespace recur;

namespace {

struct Music {
  SequenceDataset train, valid, test;
};

Music load_music(const std::string& path) {
  const NpzFile file(path);
  const auto part = [&](const std::string& name) {
    return SequenceDataset::next_step(file.load<float>(name + "_frames"), file.load<Index>(name + "_lengths").values());
  };
  return {part("train"), part("valid"), part("test")};
}

Music chords(Index pieces, Index frames, const Program& program) {
  const auto part = [&](const char* name, Index count) {
    Generator random = program.random(name);
    Tensor<float> all({count * frames, samples::piano_keys});
    for (Index i = 0; i < count; ++i)
      std::ranges::copy(samples::chord_music(frames, random).values(), all.data() + i * frames * samples::piano_keys);
    return SequenceDataset::next_step(all, std::vector<Index>(static_cast<std::size_t>(count), frames));
  };
  return {part("train", pieces), part("validation", (pieces + 1) / 2), part("test", (pieces + 1) / 2)};
}

}  // namespace

int main(int argc, char** argv) {
  std::string data;
  Index pieces = 300, frames = 60, units = 200, batch = 8, epochs = 100, patience = 10;
  double dropout = 0.5, input_dropout = 0, rate = 3e-3;
  Program program("Trains an LSTM to predict polyphonic music.", distributed::join);
  program.option("data", data, "npz file of piano rolls; without it chords are generated");
  program.option("pieces", pieces, "to generate").option("frames", frames, "of each", 2);
  program.option("units", units, "units of the LSTM").option("batch", batch, "pieces a step");
  program.option("dropout", dropout, "share of the LSTM's outputs dropped in training");
  program.option("input-dropout", input_dropout, "share of the keys hidden from the LSTM, for a whole piece");
  program.option("epochs", epochs, "at most").option("patience", patience, "epochs without improvement");
  program.option("lr", rate, "learning rate of Adam");
  return program.run(argc, argv, [&] {
    const Music music = data.empty() ? chords(pieces, frames, program) : load_music(data);
    const Index keys = music.train[0].inputs.shape()[1];
    auto train = views::batch(views::shuffle(music.train, program.seed()), batch, pad);

    Sequential model{LSTM(units, {.dropout = input_dropout, .return_sequences = true}), Dropout(dropout), Dense(keys)};
    model.build(keys, program.seed());

    // The library's loss is the mean over the keys, music's the sum.
    const auto loss = [&](Var logits, Var targets, const CrossEntropyOptions& options) {
      return binary_cross_entropy(logits, targets, options) * static_cast<double>(keys);
    };
    ModelTrainer trainer(model, loss, optim::adam({.learning_rate = rate, .clip = {.global_norm = 1}}),
                         program.training(epochs), program.seed());
    trainer.add(EarlyStopping({.patience = patience, .restore_best_weights = true}));
    program.follow(trainer);
    trainer.fit(train, views::batch(music.valid, batch, pad));

    const double nats = trainer.evaluate(views::batch(music.test, batch, pad)).loss;
    const double optimum = samples::chord_music_optimum();
    if (data.empty()) program.report({{"test_nll", nats}, {"optimum", optimum}, {"ratio", nats / optimum}});
    else program.report({{"test_nll", nats}});
  });
}
