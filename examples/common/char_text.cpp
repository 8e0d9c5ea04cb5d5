#include "char_text.h"

#include <recur/framework/random.h>
#include <recur/train/samples/grammar_text.h>
#include <recur/train/samples/markov_text.h>
#include <recur/train/text.h>

namespace recur::examples {
namespace {

std::string cut(std::string text, Index characters) {
  text.resize(static_cast<std::size_t>(characters));
  return text;
}

CharText grammar_text(Index train_characters, Index test_characters, const Generator& seed) {
  const samples::Grammar grammar = samples::english_grammar();
  const auto held_out = [&](const char* part) {
    Generator generator = seed.fork(part);
    return grammar.text(test_characters, generator);
  };
  CharText text{.alphabet = " ",
                .train =
                    [=](Index epoch) {
                      Generator generator = seed.fork("train").fork(static_cast<std::uint64_t>(epoch));
                      return cut(grammar.text(train_characters, generator), train_characters);
                    },
                .validation = held_out("validation"),
                .test = held_out("test"),
                .entropy = grammar.entropy_per_character()};
  for (const std::string& word : grammar.rules().words) text.alphabet += word;
  // The model reads the first character and predicts all others.
  text.source_score = grammar.nats_of(text.test) / static_cast<double>(text.test.size() - 1);
  return text;
}

CharText markov_text(Index train_characters, Index test_characters, const Generator& seed) {
  const auto draw = [](Index characters, Generator generator) { return samples::markov_text(characters, generator); };
  return {.alphabet = "abcdefgh",
          .train =
              [=](Index epoch) {
                return draw(train_characters, seed.fork("train").fork(static_cast<std::uint64_t>(epoch)));
              },
          .validation = draw(test_characters, seed.fork("validation")),
          .test = draw(test_characters, seed.fork("test")),
          .entropy = samples::markov_entropy().rate};
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
  const auto make = dataset == "markov" ? markov_text : grammar_text;
  return make(train_characters, test_characters, Generator(seed));
}

}  // namespace recur::examples
