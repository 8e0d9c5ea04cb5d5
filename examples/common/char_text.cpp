#include "char_text.h"

#include <recur/framework/tensor/random.h>
#include <recur/train/data/text.h>
#include <recur/train/samples/grammar_text.h>
#include <recur/train/samples/text_process.h>

namespace recur::examples {
namespace {

// Fresh text of the process in every epoch.
CharText fresh_text(const samples::TextProcess& process, Index train_characters, Index test_characters,
                    const Generator& seed) {
  const auto draw = [draw = process.draw](Index characters, Generator generator) {
    return draw(characters, generator);
  };
  return {.alphabet = process.alphabet,
          .train =
              [=](Index epoch) {
                return draw(train_characters, seed.fork("train").fork(static_cast<std::uint64_t>(epoch)));
              },
          .validation = draw(test_characters, seed.fork("validation")),
          .test = draw(test_characters, seed.fork("test")),
          .entropy = process.entropy};
}

// Held-out texts are whole sentences, so that the grammar itself can be scored on them.
CharText grammar_text(Index train_characters, Index test_characters, const Generator& seed) {
  const samples::Grammar grammar = samples::english_grammar();
  const auto held_out = [&](const char* part) {
    Generator generator = seed.fork(part);
    return grammar.text(test_characters, generator);
  };
  CharText text = fresh_text(samples::grammar_process(), train_characters, test_characters, seed);
  text.validation = held_out("validation");
  text.test = held_out("test");
  // The model reads the first character and predicts all others.
  text.source_score = grammar.nats_of(text.test) / static_cast<double>(text.test.size() - 1);
  return text;
}

}  // namespace

CharText text_of_file(const std::string& path) {
  TextSplit split = split_text(read_text_file(path));
  return {.alphabet = split.train + split.validation,
          .train = [text = split.train](Index) { return text; },
          .validation = std::move(split.validation),
          .test = ""};
}

CharText built_in_text(const std::string& dataset, Index train_characters, Index test_characters, std::uint64_t seed) {
  const Generator generator(seed);
  if (dataset == "grammar") return grammar_text(train_characters, test_characters, generator);
  if (dataset == "markov") return fresh_text(samples::markov_process(), train_characters, test_characters, generator);
  if (dataset == "even") return fresh_text(samples::even_text_process(), train_characters, test_characters, generator);
  require<ValueError>(dataset == "dyck", "built_in_text: no text '{}'", dataset);
  return fresh_text(samples::dyck_process(), train_characters, test_characters, generator);
}

}  // namespace recur::examples
