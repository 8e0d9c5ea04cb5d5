#include "text_sampler.h"

#include <recur/train/callbacks/draw.h>

#include <algorithm>

#include "task.h"

namespace recur::tools {
namespace {

std::string first_prompt(const Vocabulary& vocabulary) {
  const std::string all = vocabulary.text();
  for (const char* usual : {"\n", " "})
    if (all.find(usual) != std::string::npos) return usual;
  return vocabulary.character(0);
}

}  // namespace

std::string sample_text(Task& task, const SampleOptions& options, Generator generator) {
  require<UsageError>(task.vocabulary().has_value(), "--sample: the model is not one of text");
  const Vocabulary& vocabulary = *task.vocabulary();
  std::vector<std::int32_t> read;
  try {
    task.carry_states("--sample");
    read = vocabulary.encode(options.prompt.empty() ? first_prompt(vocabulary) : options.prompt);
  } catch (const ValueError& error) {
    throw UsageError(error.what());
  }
  task.reset_states();
  std::string text = options.prompt;
  Tape tape;
  const NoGradient inference(tape);
  for (Index i = 0; i < options.count; ++i) {
    PaddedBatch batch{Tensor<float>({1, static_cast<Index>(read.size())}), {}, {}};
    std::ranges::copy(read, batch.inputs.data());
    const Var logits = task.logits(tape, batch);
    const auto classes = static_cast<std::size_t>(vocabulary.size());
    require<ShapeError>(logits.shape().cols() >= vocabulary.size(),
                        "sample_text: the model has {} outputs for {} characters", logits.shape().cols(), classes);
    // Outputs beyond the characters, of which a model may have some, stand for none.
    std::vector<double> all = logits.to_doubles();
    const auto last = std::span(all).last(static_cast<std::size_t>(logits.shape().cols()));
    read = {draw_class(last.first(classes), options.temperature, generator)};
    text += vocabulary.decode(read);
    tape.reset();
  }
  task.reset_states();
  return text;
}

}  // namespace recur::tools
