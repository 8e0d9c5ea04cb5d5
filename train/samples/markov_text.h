#pragma once

#include <recur/framework/tensor/random.h>

#include <string>

namespace recur::samples {

/// Draws text over the letters a … h in which each letter depends on the two letters before it: P(c | a, b) is
/// proportional to 1 + ((3a + 5b + 7c + abc) mod 11)^2, with letters counted from 0 and a two steps back. Throws
/// ValueError if the length is negative.
[[nodiscard]] std::string markov_text(Index characters, Generator& generator);

/// Losses that models of this text can reach, in nats a character, computed exactly.
struct MarkovEntropy {
  double unigram;      ///< Knowing how frequent each letter is: 2.0763.
  double first_order;  ///< Knowing the letter before: 2.0181.
  double rate;  ///< Knowing all: 1.6604. No model does better on fresh text; one that seems to has seen the answer.
};
[[nodiscard]] MarkovEntropy markov_entropy();

}  // namespace recur::samples
