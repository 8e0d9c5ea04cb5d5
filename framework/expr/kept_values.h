#pragma once

#include <recur/framework/expr/fused_call.h>
#include <recur/framework/expr/program.h>

// Where the forward loop of a Program leaves the values that its adjoint needs.

namespace recur::detail {

/// Kept values in memory of their own, one after the other for each tile.
template <class P>
struct KeptAside {
  static constexpr int count = P::kept;
  /// Returns the operand in whose memory the value of a slot is kept, or -1.
  [[nodiscard]] static constexpr int operand(int) { return -1; }
  /// Returns the position of the value in the memory of a tile, if it is kept there.
  [[nodiscard]] static constexpr int position(int slot) { return slot; }
};

/// Kept values in the memory of the operands `Own`, one bit each; values beyond the number of these operands have
/// memory of their own. The operands have been read before they are overwritten, and nothing reads them later.
template <class P, OperandBits Own>
struct KeptInPlace {
  using Table = std::array<int, static_cast<std::size_t>(P::kept) + 1>;
  static constexpr Table operands = [] {
    Table result{};
    result.fill(-1);
    std::array<bool, static_cast<std::size_t>(P::operands)> taken{};
    for (std::size_t i = 0; i < P::usize; ++i) {
      if (P::kept_slots[i] < 0) continue;
      for (std::size_t k = 0; k < taken.size(); ++k) {
        const int node = P::argument_nodes[k];
        const bool free = has_bit(Own, k) && !taken[k] && node >= 0 && static_cast<std::size_t>(node) < i &&
                          !P::needed[static_cast<std::size_t>(node)];
        if (!free) continue;
        result[static_cast<std::size_t>(P::kept_slots[i])] = static_cast<int>(k);
        taken[k] = true;
        break;
      }
    }
    return result;
  }();
  static constexpr Table positions = [] {
    Table result{};
    int next = 0;
    for (std::size_t slot = 0; slot < result.size(); ++slot) result[slot] = operands[slot] < 0 ? next++ : -1;
    return result;
  }();
  static constexpr int count = positions[static_cast<std::size_t>(P::kept)];
  /// These operands, one bit each.
  static constexpr OperandBits overwritten = [] {
    OperandBits bits = 0;
    for (const int k : operands)
      if (k >= 0) bits |= bits_of(k, 1);
    return bits;
  }();

  [[nodiscard]] static constexpr int operand(int slot) { return operands[static_cast<std::size_t>(slot)]; }
  [[nodiscard]] static constexpr int position(int slot) { return positions[static_cast<std::size_t>(slot)]; }
};

}  // namespace recur::detail
