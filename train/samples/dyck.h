#pragma once

#include <recur/framework/tensor/random.h>

#include <string>

namespace recur::samples {

/// Brackets of `types` kinds, ()[]{}<>, nested at most `depth` deep.
struct DyckOptions {
  Index types = 2;
  Index depth = 8;
  double close = 0.5;  ///< Probability of closing where opening is possible as well.
};

/// An endless stream of brackets that all close in the right order, beginning with none open: the text of a pushdown
/// automaton with a bounded stack. What opens is of any kind, equally likely.
/// @throws ValueError for a negative length, types outside [1, 4], depth < 1 or a probability outside (0, 1).
[[nodiscard]] std::string dyck_text(Index characters, const DyckOptions& options, Generator& generator);

/// What models of this text can reach, in nats a character, computed exactly.
struct DyckEntropy {
  double rate;        ///< Knowing all: 0.9531 for the options' defaults.
  double depth_only;  ///< Knowing how deep, but not which brackets are open: 1.2997.
};
/// @throws ValueError as `dyck_text`.
[[nodiscard]] DyckEntropy dyck_entropy(const DyckOptions& options);

}  // namespace recur::samples
