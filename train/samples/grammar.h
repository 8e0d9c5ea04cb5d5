#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/samples/grammar_rules.h>

#include <string>
#include <string_view>
#include <vector>

namespace recur::samples {

/// A probabilistic grammar of sentences. Computes exactly the least possible loss of its text, and whether it generates
/// a sentence. Words are separated by single spaces; punctuation has no space before it, `(` has one before and none
/// after.
class Grammar {
 public:
  /// Takes the notation of `read_grammar_rules`. Throws ValueError if it cannot be read, or if rules recur: sentences
  /// must be bounded.
  explicit Grammar(std::string_view notation);

  /// Draws a sentence.
  [[nodiscard]] std::string sentence(Generator& generator) const;
  /// Draws whole sentences separated by single spaces, until there are at least `characters`.
  [[nodiscard]] std::string text(Index characters, Generator& generator) const;

  /// Returns the least average loss, in nats a character, of a model of endless `text`: nats of a sentence divided by
  /// its expected characters. Exact if every sentence has one derivation (see `read`) and its end can be seen, as by a
  /// full stop that occurs nowhere else.
  [[nodiscard]] double entropy_per_character() const { return nats() / expected_characters(); }
  /// Returns the expected -log probability of a sentence.
  [[nodiscard]] double nats() const { return measures_[start].nats; }
  /// Returns the expected length of a sentence, with the space that separates it from the next.
  [[nodiscard]] double expected_characters() const { return measures_[start].characters; }

  /// Number of ways in which the rules generate a sentence, and their probability together.
  struct Reading {
    double derivations = 0;
    double probability = 0;
  };
  /// Returns in how many ways, and with which probability, the rules generate `sentence`.
  [[nodiscard]] Reading read(std::string_view sentence) const;
  /// Returns -log probability of `text`, which must consist of whole sentences. Divided by its length it is the loss of
  /// the rules themselves on this text. Throws ValueError if they do not generate a sentence.
  [[nodiscard]] double nats_of(std::string_view text) const;
  [[nodiscard]] bool is_grammatical(std::string_view sentence) const { return read(sentence).derivations > 0; }

  [[nodiscard]] const GrammarRules& rules() const { return rules_; }

 private:
  static constexpr std::size_t start = 0;
  struct Measures {
    enum class State { unknown, open, known } state = State::unknown;
    double nats = 0;
    double characters = 0;
  };
  const Measures& measure(std::size_t rule);
  void expand(std::size_t rule, Generator& generator, std::vector<std::string>& words) const;

  GrammarRules rules_;
  std::vector<Measures> measures_;
};

/// Returns the pieces of `text` that end with a full stop, without the spaces between them, and without what follows
/// the last full stop.
[[nodiscard]] std::vector<std::string> split_sentences(std::string_view text);

}  // namespace recur::samples
