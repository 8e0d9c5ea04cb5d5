#pragma once

#include <recur/framework/random.h>

#include <string>
#include <string_view>
#include <vector>

namespace recur::samples {

/// Rules that generate sentences, each rule with its probability, and everything that follows from them exactly: how many
/// nats a character a perfect model of the text needs, and whether a sentence obeys the rules.
///
/// The notation, one rule a line (a line that begins with a space continues the one before, `#` begins a comment):
///
///     N = one many                                 # a feature and its values
///     Sentence: Subject.N Verb.N .                 # once for each value of N: here two alternatives, equally likely
///     Subject.N: 3 the Noun.N | 1 the old Noun.N   # alternatives and their weights; 1 where none is given
///     Noun.one: dog | cat
///
/// Names begin with a capital letter, words are lower-case letters, and . , ; : ? ! ( ) are punctuation. The first rule
/// is the one to begin with. Words are set with single spaces, punctuation without space before it, `(` without one after.
class Grammar {
 public:
  /// @throws ValueError, with the line, for rules that are not in the notation, name what no rule defines, or recur.
  explicit Grammar(std::string_view rules);

  [[nodiscard]] std::string sentence(Generator& generator) const;
  /// Whole sentences separated by single spaces, as many as are needed for at least `characters`.
  [[nodiscard]] std::string text(Index characters, Generator& generator) const;

  /// The least loss, in nats a character, that any model of endless `text` can have on average: expected nats of a
  /// sentence / expected characters of a sentence. Exact provided that every sentence has only one derivation (see `read`)
  /// and its end can be told from its beginning, as a full stop that occurs nowhere else makes sure.
  [[nodiscard]] double entropy_per_character() const;
  /// Nats of a sentence, and its expected characters with the space that separates it from the next.
  [[nodiscard]] double entropy_per_sentence() const { return measures_[start].nats; }
  [[nodiscard]] double expected_characters() const { return measures_[start].characters; }

  /// What the rules say of a sentence: in how many ways they generate it, and with which probability.
  struct Reading {
    double derivations = 0;
    double probability = 0;
  };
  [[nodiscard]] Reading read(std::string_view sentence) const;
  [[nodiscard]] bool is_grammatical(std::string_view sentence) const { return read(sentence).derivations > 0; }

  /// Every different word and punctuation mark, in alphabetical order.
  [[nodiscard]] std::vector<std::string> words() const;

 private:
  static constexpr std::size_t start = 0;
  struct Symbol {
    bool is_word;
    std::size_t index;  // into words_ or rules_
  };
  struct Alternative {
    double probability;
    std::vector<Symbol> symbols;
  };
  using Rule = std::vector<Alternative>;
  struct Measures {
    double nats = -1;  // not yet known
    double characters = 0;
  };
  friend class GrammarReader;
  friend class GrammarChart;

  void expand(std::size_t rule, Generator& generator, std::vector<std::size_t>& words) const;
  const Measures& measure(std::size_t rule, std::vector<bool>& open);
  [[nodiscard]] std::string join(const std::vector<std::size_t>& words) const;

  std::vector<std::string> names_;
  std::vector<Rule> rules_;
  std::vector<std::string> words_;
  std::vector<Measures> measures_;
};

/// The pieces of `text` that end in a full stop, without the spaces between them; what follows the last one is left out.
[[nodiscard]] std::vector<std::string> split_sentences(std::string_view text);

}  // namespace recur::samples
