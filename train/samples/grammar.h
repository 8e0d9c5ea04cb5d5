#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/samples/grammar_rules.h>

#include <string>
#include <string_view>
#include <vector>

namespace recur::samples {

/// Rules that generate sentences, each with its probability, and what follows from them exactly: how many nats a
/// character a perfect model of the text needs, and whether a sentence obeys them. Words are set with single spaces,
/// punctuation without a space before it, `(` with one before but none after.
class Grammar {
 public:
  /// From the notation of `read_grammar_rules`. @throws ValueError as it does, and for rules that recur: sentences are
  /// bounded.
  explicit Grammar(std::string_view notation);

  /// Draws a sentence.
  [[nodiscard]] std::string sentence(Generator& generator) const;
  /// Whole sentences separated by single spaces, as many as are needed for at least `characters`.
  [[nodiscard]] std::string text(Index characters, Generator& generator) const;

  /// The least loss, in nats a character, that a model of endless `text` can have on average: the nats of a sentence
  /// over its expected characters. Exact if every sentence has one derivation only (see `read`) and shows its end, as a
  /// full stop that occurs nowhere else does.
  [[nodiscard]] double entropy_per_character() const { return nats() / expected_characters(); }
  /// Expected -log probability of a sentence.
  [[nodiscard]] double nats() const { return measures_[start].nats; }
  /// Expected length of a sentence with the space that separates it from the next.
  [[nodiscard]] double expected_characters() const { return measures_[start].characters; }

  /// What the rules say of a sentence: in how many ways they generate it, and with which probability altogether.
  struct Reading {
    double derivations = 0;
    double probability = 0;
  };
  /// Returns how the grammar reads a sentence.
  [[nodiscard]] Reading read(std::string_view sentence) const;
  /// -log probability of `text`, which consists of whole sentences: over its length, what the rules themselves score on
  /// it.
  /// @throws ValueError for a sentence that they do not generate.
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

/// The pieces of `text` that end in a full stop, without the spaces between them; what follows the last is left out.
[[nodiscard]] std::vector<std::string> split_sentences(std::string_view text);

}  // namespace recur::samples
