#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/samples/id_sequences.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recur::samples {

/// Symbols of Reber strings. An id is a position in this list.
inline constexpr std::string_view reber_symbols = "BTPSXVE";

/// Reber's grammar (Reber 1967): an automaton that takes each of its branches with probability 1/2. In the embedded
/// form (Hochreiter & Schmidhuber 1997) the second symbol, T or P, occurs again as the last but one, with a Reber
/// string in between, over which it must be remembered.
class ReberGrammar {
 public:
  explicit ReberGrammar(bool embedded);

  /// Draws a string: `BTXSE`, or embedded `BPBTXSEPE`.
  [[nodiscard]] std::string string(Generator& generator) const;
  /// Returns for each symbol of a string but the last the symbols that may follow: one or two. Throws ValueError if the
  /// string is not of this grammar.
  [[nodiscard]] std::vector<std::string> continuations(std::string_view string) const;
  /// Returns the least loss in nats a predicted symbol (all but the first), total over total: 6/7 ln 2 = 0.5941,
  /// embedded 7/11 ln 2 = 0.4411.
  [[nodiscard]] double optimum() const;
  /// Returns the loss of a model that does not remember the second symbol: 8/11 ln 2 = 0.5041; for the plain grammar
  /// the least loss.
  [[nodiscard]] double forgetful() const;

 private:
  struct Branch {
    char symbol;
    std::size_t next;
  };
  void add_plain(std::size_t first, std::size_t after);

  bool embedded_;
  /// Branches of each state; the last state has none.
  std::vector<std::vector<Branch>> states_;
};

/// Returns strings of symbols as ids, padded to the longest, with weights 0 for padding. Throws ValueError if there are
/// no strings, a string has fewer than two symbols, or has another symbol.
[[nodiscard]] IdSequences reber_batch(std::span<const std::string> strings);

}  // namespace recur::samples
