#pragma once

#include <recur/framework/tensor/random.h>

#include <string>

namespace recur::samples {

/// Options of `dyck_text`: brackets of `types` kinds, ()[]{}<>, nested at most `depth` deep.
struct DyckOptions {
  Index types = 2;
  Index depth = 8;
  double close = 0.5;  ///< Probability of closing where opening is possible as well.
};

/// Draws text of brackets that close in the right order and begins with none open, as a pushdown automaton with a
/// bounded stack generates it. The kind of an opening bracket is uniform. Throws ValueError if the length is negative,
/// types is outside [1, 4], depth < 1, or a probability is outside (0, 1).
[[nodiscard]] std::string dyck_text(Index characters, const DyckOptions& options, Generator& generator);

/// Losses that models of this text can reach, in nats a character, computed exactly.
struct DyckEntropy {
  double rate;        ///< Knowing all: 0.9531 for the options' defaults.
  double depth_only;  ///< Knowing how deep, but not which brackets are open: 1.2997.
};
/// Returns these losses. Throws ValueError if an option is out of its range, as `dyck_text` does.
[[nodiscard]] DyckEntropy dyck_entropy(const DyckOptions& options);

}  // namespace recur::samples
