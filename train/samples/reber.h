#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/samples/id_sequences.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recur::samples {

/// The symbols of Reber strings; ids are places in this list.
inline constexpr std::string_view reber_symbols = "BTPSXVE";

/// Reber's grammar (Reber 1967), an automaton that takes each of its branches with probability 1/2; or the embedded one
/// (Hochreiter & Schmidhuber 1997), in which the second symbol, T or P, comes again as the last but one and such a
/// string lies between: it must be remembered over all of that.
class ReberGrammar {
 public:
  explicit ReberGrammar(bool embedded);

  /// `BTXSE`, or embedded `BPBTXSEPE`.
  [[nodiscard]] std::string string(Generator& generator) const;
  /// For each symbol of a string but the last, those that may follow: one or two.
  /// @throws ValueError for a string that is not of this grammar.
  [[nodiscard]] std::vector<std::string> continuations(std::string_view string) const;
  /// Least loss in nats a predicted symbol (each but the first), total over total: 6/7 ln 2 = 0.5941, embedded 7/11 ln
  /// 2 = 0.4411.
  [[nodiscard]] double optimum() const;
  /// The loss without memory of the second symbol: 8/11 ln 2 = 0.5041; of the plain grammar the optimum.
  [[nodiscard]] double forgetful() const;

 private:
  struct Branch {
    char symbol;
    std::size_t next;
  };
  void add_plain(std::size_t first, std::size_t after);

  bool embedded_;
  /// The branches of each state; none of the last.
  std::vector<std::vector<Branch>> states_;
};

/// Strings of symbols as ids, padded to the longest; weights are 0 for what is padded.
/// @throws ValueError for no strings, one without two symbols, or another symbol.
[[nodiscard]] IdSequences reber_batch(std::span<const std::string> strings);

}  // namespace recur::samples
