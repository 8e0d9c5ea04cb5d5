#include "char_text.h"

#include <recur/framework/random.h>
#include <recur/train/samples/dyck.h>
#include <recur/train/samples/even_process.h>
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

// Text of a process that gives any number of characters; `entropy` in nats a character.
CharText endless_text(std::string alphabet, const std::function<std::string(Index, Generator&)>& process,
                      double entropy, Index train_characters, Index test_characters, const Generator& seed) {
  const auto draw = [=](Index characters, Generator generator) { return process(characters, generator); };
  return {.alphabet = std::move(alphabet),
          .train =
              [=](Index epoch) {
                return draw(train_characters, seed.fork("train").fork(static_cast<std::uint64_t>(epoch)));
              },
          .validation = draw(test_characters, seed.fork("validation")),
          .test = draw(test_characters, seed.fork("test")),
          .entropy = entropy};
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
  const auto endless = [&](const char* alphabet, const auto& process, double entropy) {
    return endless_text(alphabet, process, entropy, train_characters, test_characters, generator);
  };
  if (dataset == "markov") return endless("abcdefgh", samples::markov_text, samples::markov_entropy().rate);
  if (dataset == "even") return endless("01", samples::even_process, samples::even_process_entropy);
  require<ValueError>(dataset == "dyck", "built_in_text: no text '{}'", dataset);
  const auto dyck = [](Index characters, Generator& random) { return samples::dyck_text(characters, {}, random); };
  return endless("()[]", dyck, samples::dyck_entropy({}).rate);
}

}  // namespace recur::examples
