#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace recur::samples {

/// A symbol of an alternative: a word, a punctuation mark, or another rule.
struct GrammarSymbol {
  bool is_word;
  std::size_t index;  ///< Into `GrammarRules::words` or `GrammarRules::rules`.
};

struct GrammarAlternative {
  double probability;
  std::vector<GrammarSymbol> symbols;
};

struct GrammarRule {
  std::string name;
  std::vector<GrammarAlternative> alternatives;
};

/// A weighted context-free grammar. The first rule is the start.
struct GrammarRules {
  std::vector<GrammarRule> rules;
  std::vector<std::string> words;
};

/// Reads the notation, one rule a line (a line that begins with a space continues the one before, `#` begins a
/// comment):
///
///     N = one many                                 # a feature and its values
///     Sentence: Subject.N Verb.N .                 # features of the right side alone: one alternative for each value
///     Subject.N: 3 the Noun.N | 1 the old Noun.N   # of the name: one rule for each value; weights
///     Noun.one: dog | cat
///
/// Names begin with a capital letter; words are lower-case letters; . , ; : ? ! ( ) are punctuation.
/// Throws ValueError, with the line, if the notation is wrong or a name is not defined by exactly one rule.
[[nodiscard]] GrammarRules read_grammar_rules(std::string_view notation);

/// Returns true if `word` is a punctuation mark. It stands directly after the word before it; `(` stands directly
/// before the next word.
[[nodiscard]] bool is_punctuation(std::string_view word);

}  // namespace recur::samples
