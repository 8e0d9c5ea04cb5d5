// Reads strings of digits from images, column by column, without being told where a digit lies: connectionist temporal
// classification (Graves et al. 2006). The images are rendered: a small font, stretched, slanted, moved, with noise.
//
//   scripts/run ctc_digits
//
// Expect 1.2 % label errors for 1,000 strings that were not trained on, 1.1 % with a beam search (seeds 1 to 3), after
// 17 s of one core.
#include <recur/recur.h>
#include <recur/samples.h>

using namespace recur;

namespace {

// The digits of the labels 1 to 10.
std::string text_of(std::span<const std::int32_t> labels) {
  std::string text;
  for (const std::int32_t label : labels) text += static_cast<char>('0' + label - 1);
  return text;
}

// Label errors of a beam search, which adds up the paths of each labelling.
double beam_error(Sequential& model, const samples::DigitStrings& strings, Index width, std::string& shown) {
  LabelError error;
  Tape tape;
  const NoGradient inference(tape);
  for (const PaddedBatch& batch : views::batch(strings, 100, pad_label_lists)) {
    LayerValue input;
    input.value = tape.constant(batch.inputs);
    input.lengths = batch.lengths;
    const LayerValue output = model.call(input);
    const auto readings = ctc_beam_search(output.value.to_array(), {.lengths = output.lengths, .width = width});
    const auto wanted = label_lists(batch.targets).lists();
    for (std::size_t i = 0; i < wanted.size(); ++i) error.update(readings[i].labels, wanted[i]);
    if (shown.empty())
      for (std::size_t i = 0; i < 5; ++i)
        shown += text_of(wanted[i]) + " read as " + text_of(readings[i].labels) + '\n';
    tape.reset();
  }
  return error.result();
}

}  // namespace

int main(int argc, char** argv) {
  Index strings = 4000, units = 32, filters = 32, batch = 32, epochs = 8, width = 8;
  double noise = 0.25, rate = 5e-3;
  Program program("Reads strings of digits with a convolution, a bidirectional LSTM and a CTC loss.",
                  distributed::join);
  program.option("strings", strings, "strings of an epoch").option("noise", noise, "standard deviation of a pixel");
  program.option("filters", filters, "filters of the convolution").option("units", units, "units of each direction");
  program.option("batch", batch, "strings a step").option("epochs", epochs, "passes over the strings");
  program.option("lr", rate, "first learning rate of Adam").option("width", width, "labellings the beam search keeps");
  return program.run(argc, argv, [&] {
    const auto part = [&](std::uint64_t number, Index count) {
      return samples::DigitStrings({.count = count, .seed = 3 * program.seed() + number, .noise = noise});
    };
    const samples::DigitStrings train = part(0, strings), valid = part(1, 500), test = part(2, 1000);
    auto batches = views::batch(views::shuffle(train, program.seed()), batch, pad_label_lists);

    Sequential model{Conv1D(filters, 5, {.padding = Padding::same, .activation = "relu"}), BatchNormalization(),
                     Bidirectional([&] { return LSTMCell(units); }, {.return_sequences = true}),
                     Dense(samples::digit_classes)};
    model.build(samples::digit_rows, program.seed());

    const auto falling = optim::schedule_by_name("cosine", rate, epochs * batches.size());
    ModelTrainer trainer(model, "ctc", optim::adam({.learning_rate = falling, .clip = {.global_norm = 1}}),
                         program.training(epochs), program.seed());
    trainer.measure("label_error");
    program.follow(trainer);
    const auto reports = trainer.fit(batches, views::batch(valid, 100, pad_label_lists));

    std::string shown;
    const double by_beam = beam_error(model, test, width, shown);
    program.show("strings", shown);
    const Scores scores = trainer.evaluate(views::batch(test, 100, pad_label_lists));
    program.report({{"test_loss", scores.loss},
                    {"test_label_error", scores["label_error"]},
                    {"beam_label_error", by_beam},
                    {"seconds", reports.back().seconds}});
  });
}
