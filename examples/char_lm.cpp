// A character language model: Embedding → stacked LSTM → Dense, trained by truncated backpropagation through time with
// the state carried from window to window.
//
//   scripts/run char_lm                          learns sentences of a small grammar, whose entropy is known exactly
//   scripts/run char_lm --dataset markov         or dyck, even: other sources of known entropy
//   scripts/run char_lm --data FILE              learns any text; the last tenth is held out
//   scripts/run char_lm --checkpoint FOLDER      leaves checkpoints, and goes on from the newest, to the same bits
//
// Built-in text is fresh in every epoch, so that nothing is learned by heart. Scores to expect are in docs/examples.md.

#include <recur/recur.h>
#include <recur/samples.h>

#include <numbers>

using namespace recur;

int main(int argc, char** argv) {
  std::string data, dataset = "grammar", schedule = "cosine", optimizer = "adam", save;
  Index characters = 500'000, test_characters = 100'000, hidden = 128, layers = 2, embedding = 0;
  Index batch = 32, time = 64, epochs = 8, sample = 600;
  double dropout = 0, rate = 6e-3, clip = 1, temperature = 1;
  Program program("Trains a stacked LSTM to predict the next character of a text, and writes some of its own.",
                  distributed::join);
  program.option("data", data, "text file (UTF-8 or any bytes); its last tenth is held out");
  program.option("dataset", dataset, "built-in text without --data", {"grammar", "markov", "dyck", "even"});
  program.option("characters", characters, "of built-in text in an epoch, fresh in each");
  program.option("test-characters", test_characters, "of built-in text held out, and again to test", 2);
  program.option("layers", layers, "LSTM cells on top of each other").option("hidden", hidden, "units of each");
  program.option("embedding", embedding, "features of a character; 0: as many as --hidden", 0);
  program.option("dropout", dropout, "share of each LSTM's inputs dropped in training");
  program.option("batch", batch, "streams read side by side").option("time", time, "steps between two updates");
  program.option("epochs", epochs, "passes over the text").option("lr", rate, "learning rate");
  program.option("schedule", schedule, "of the learning rate, falling to zero unless constant")
      .option("clip", clip, "global norm");
  program.option("optimizer", optimizer, "by its Keras name").option("save", save, "file for the best model");
  program.option("sample", sample, "characters to write", 0).option("temperature", temperature, "lower is safer");
  return program.run(argc, argv, [&] {
    const samples::TextProcess source = samples::text_process(dataset);
    const auto draw = [&](const std::string& part, Index count) {
      Generator random = program.random(part);
      return source.draw(count, random);
    };
    const bool file = !data.empty();
    const TextSplit text = file ? split_text(read_text_file(data)) : TextSplit{"", draw("validation", test_characters)};
    const Vocabulary vocabulary(file ? text.train + text.validation : source.alphabet);
    const auto valid_ids = vocabulary.encode(text.validation);
    const auto train_text = [&](Index epoch) {
      return vocabulary.encode(file ? text.train : draw("train " + std::to_string(epoch), characters));
    };
    FreshStreams train(train_text, batch, time);
    const StreamBatches valid(valid_ids, 1, time);
    const StreamBatches test(file ? valid_ids : vocabulary.encode(draw("test", test_characters)), 1, time);

    LSTMCellOptions cell;
    cell.dropout = dropout;
    std::vector<AnyCell> cells;
    for (Index layer = 0; layer < layers; ++layer) cells.emplace_back(LSTMCell(hidden, cell));
    const Index features = embedding > 0 ? embedding : hidden;
    // Ids are as loud as the states that they meet: characters are told apart from the first step on.
    Sequential model{Embedding(vocabulary.size(), features, {.embeddings_initializer = random_normal(0, 1)}),
                     RNN(std::move(cells), {.return_sequences = true, .stateful = true, .time_major = true}),
                     Dense(vocabulary.size())};
    model.build(features, program.seed());

    const auto falling = optim::schedule_by_name(schedule, rate, epochs * train.size());
    TrainerOptions options = program.training(epochs);
    options.items_per_batch = static_cast<double>(batch * time);
    options.items = "characters";
    ModelTrainer trainer(model, sparse_softmax_cross_entropy, optim::by_name(optimizer, falling, {.global_norm = clip}),
                         options, program.seed());
    trainer.measure("bits_per_character").add(EarlyStopping({.patience = epochs, .restore_best_weights = true}));
    program.follow(trainer);
    trainer.fit(train, valid);
    if (!save.empty() && program.leads()) save_model(save, model, {{"vocabulary", vocabulary.hex()}});

    const Scores scores = trainer.evaluate(test);
    NamedNumbers result = {{"test_loss", scores.loss}, {"test_bits_per_character", scores["bits_per_character"]}};
    if (!file)
      for (const auto& number : NamedNumbers{{"entropy_bits", source.entropy / std::numbers::ln2},
                                             {"above_entropy", scores.loss - source.entropy},
                                             {"ratio", scores.loss / source.entropy}})
        result.push_back(number);
    program.report(result);
    Generator random = program.random("sample");
    const GenerateOptions writing{.count = sample, .temperature = temperature};
    if (sample > 0)
      program.show("Sample", generate_text(model, vocabulary, vocabulary.decode({&valid_ids[0], 1}), writing, random));
  });
}
