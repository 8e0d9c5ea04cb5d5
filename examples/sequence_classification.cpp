// Classifies sequences by the last state of a (stacked) LSTM.
//
//   scripts/run sequence_classification
//       temporal order (Hochreiter & Schmidhuber 1997): which of X and Y came first, which second, 50 to 100 steps
//       before the end; four classes, chance being 25 %
//   scripts/run sequence_classification --data FOLDER --units 128 --batch 128 --remember 0 --epochs 5 --lr 0.001
//       images of a folder of IDX files, row by row: 28 steps of 28 numbers, ten classes. FOLDER is
//       /usr/share/datasets/fashion-mnist for Debian's package dataset-fashion-mnist; scripts/setup --data installs it
//
// Expect 100 % for temporal order after 3 seconds. With the usual biases of the gates (--remember 0) it is still at
// chance then: a gate of sigmoid(1) leaves 1e-7 of a gradient after 50 steps. More scores are in docs/examples.md.

#include <recur/recur.h>
#include <recur/samples.h>

using namespace recur;

namespace {

TensorDataset images(const std::filesystem::path& folder, const std::string& part) {
  Tensor<float> pixels = load_idx<float>(folder / (part + "-images-idx3-ubyte.gz"));
  for (float& pixel : pixels.values()) pixel /= 255;
  return {std::move(pixels), load_idx<float>(folder / (part + "-labels-idx1-ubyte.gz"))};
}

TensorDataset orders(Index count, Generator random) {
  Batch all = samples::temporal_order(count, random);
  return {std::move(all.inputs), std::move(all.targets)};
}

}  // namespace

int main(int argc, char** argv) {
  std::string data, schedule = "constant";
  Index train_sequences = 20'000, test_sequences = 2'000, units = 64, layers = 1, batch = 32, epochs = 1;
  double dropout = 0, remember = samples::temporal_order_steps, rate = 3e-3, clip = 1;
  Program program("Classifies sequences with an LSTM.", distributed::join);
  program.option("data", data, "folder of IDX files named as MNIST's; without it temporal order, generated");
  program.option("train-sequences", train_sequences, "to generate");
  program.option("test-sequences", test_sequences, "to generate");
  program.option("units", units, "units of each LSTM").option("layers", layers, "LSTMs on top of each other");
  program.option("dropout", dropout, "share of each LSTM's outputs dropped in training");
  program.option("remember", remember, "steps to remember for, by the gates' first biases; 0: the usual ones");
  program.option("batch", batch, "sequences a step").option("epochs", epochs, "passes over the sequences");
  program.option("lr", rate, "learning rate of Adam").option("schedule", schedule, "constant, cosine or linear");
  program.option("clip", clip, "largest global norm of the gradients");
  return program.run(argc, argv, [&] {
    const TensorDataset train = data.empty() ? orders(train_sequences, program.random("train")) : images(data, "train");
    const TensorDataset test = data.empty() ? orders(test_sequences, program.random("test")) : images(data, "t10k");
    Batches batches(train, {.batch = batch, .seed = program.seed()});
    const Batches judged(test, {.batch = 500, .shuffle = false});

    std::vector<AnyLayer> parts;
    for (Index layer = 0; layer < layers; ++layer) {
      parts.emplace_back(LSTM(units, {.remember = remember, .return_sequences = layer + 1 < layers}));
      if (dropout > 0) parts.emplace_back(Dropout(dropout));
    }
    parts.emplace_back(Dense(data.empty() ? samples::temporal_order_classes : 10));
    Sequential model(std::move(parts));
    model.build(train[0].inputs.shape()[-1], program.seed());

    const auto falling = optim::schedule_by_name(schedule, rate, epochs * batches.size());
    ModelTrainer trainer(model, "sparse_categorical_crossentropy",
                         optim::adam({.learning_rate = falling, .clip = {.global_norm = clip}}),
                         program.training(epochs), program.seed());
    trainer.measure("accuracy");
    program.follow(trainer);
    const auto reports = trainer.fit(batches, judged);
    const Scores scores = trainer.evaluate(judged);
    program.report(
        {{"test_loss", scores.loss}, {"test_accuracy", scores["accuracy"]}, {"seconds", reports.back().seconds}});
  });
}
