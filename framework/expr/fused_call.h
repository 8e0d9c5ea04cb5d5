#pragma once

#include <recur/framework/autodiff/tape.h>

#include <array>
#include <cstdint>
#include <span>

namespace recur::detail {

/// One bit for each operand. Operands beyond the number of bits have none, which only costs memory.
using OperandBits = std::uint64_t;
[[nodiscard]] constexpr bool has_bit(OperandBits bits, std::size_t operand) {
  return operand < 64 && (bits >> operand & 1U) != 0;
}
/// Returns the bits of `count` operands from `first` on.
[[nodiscard]] constexpr OperandBits bits_of(int first, int count) {
  return first + count < 64 ? ((OperandBits{1} << count) - 1) << first : 0;
}

/// An operand as the loops see it, in elements. A step of 0 repeats: rows of a bias, columns of a `[batch, 1]` column.
struct Stream {
  void* data = nullptr;
  Index row_stride = 0;
  Index col_step = 0;
};

/// Where the gradient of an operand goes; data is null if it wants none. `fresh` memory is assigned, other memory added
/// to.
struct Sink {
  Stream stream;
  bool fresh = false;
};

/// The arguments of a fused loop.
struct FusedCall {
  const Stream* inputs = nullptr;
  const Stream* outputs = nullptr;
  const Stream* seeds = nullptr;  ///< Gradients of the outputs; backward only.
  const Sink* sinks = nullptr;    ///< Backward only.
  void* kept = nullptr;
  Index kept_tiles = 0;  ///< From row to row of `kept`.
  Index kept_begin = 0;  ///< The column of each row that `kept` starts with; a whole number of registers.
  const double* constants = nullptr;
  Index rows = 0;
  Index cols = 0;
  // The rows to do begin at `first_row` and end at `rows`, the columns from a whole register on.
  Index first_row = 0;
  Index begin = 0;
  Index end = 0;
};

/// The compiled loops of an expression for each number type.
struct FusedKernel {
  using Loop = void (*)(const FusedCall&);
  struct Loops {
    Loop forward;
    Loop backward;
    Loop dense_forward;   ///< Where no operand has but one column.
    Loop dense_backward;  ///< And all outputs have gradients.
    Loop own_forward;     ///< The same, and values are kept in the place of operands. Null if there is no such loop.
    Loop own_backward;
    Index lanes;
  };
  std::array<Loops, 3> loops;  ///< By DType.
  int operands;
  int outputs;
  int nodes;       ///< Of the expression.
  int kept;        ///< Registers per tile whose values the adjoint needs: the functions that are dear to compute.
  int kept_aside;  ///< The rest of them where the others take the place of operands:
  OperandBits overwritten;       ///< these.
  const bool* used;              ///< By operand: whether the expression mentions it.
  const char* const* functions;  ///< Names of the functions of all nodes; empty for an operand.
  /// The expression itself, for a trace: by node the nodes and the places in the table of constants that are its
  /// arguments, or -1; by operand and by output its node.
  const std::array<int, 3>* children;
  const std::array<int, 3>* constant_slots;
  const int* operand_nodes;
  const int* output_nodes;
};

/// Memory of others that `run_fused` may write to.
struct FusedMemory {
  bool overwrite = false;  ///< Into operands whose bit is set in `FusedKernel::overwritten`.
  Var destination{};       ///< The first output; undefined for new memory.
};

/// Broadcasts the operands against each other, runs the forward loop and records the backward one as one operation.
/// An operand may be a scalar, one row, one column or of the result's shape. Throws ShapeError otherwise, ForeignVar
/// for operands of two tapes.
void run_fused(const FusedKernel& kernel, std::span<const Var> operands, std::span<const double> constants,
               std::span<Var> outputs, const FusedMemory& memory);

}  // namespace recur::detail
