#pragma once

#include <recur/framework/expr/fused_call.h>

#include <span>

namespace recur::detail {

/// What a fused operation keeps on the tape for its backward pass.
struct FusedFrame {
  const FusedKernel* kernel;
  std::span<Var> operands;
  std::span<Var> outputs;
  std::span<Stream> streams;  ///< Of the operands and then the outputs.
  FusedCall call;
  bool uniform;   ///< All operands have the shape of the result.
  bool flat;      ///< The loops see one long row.
  bool dense;     ///< No operand has but one column.
  bool in_place;  ///< Values are kept in the place of operands.
};

/// More operands and outputs than any cell has: tables of so many are on the stack.
inline constexpr std::size_t usual_operands = 16;

/// Returns a value as the loops see it, in memory `data`.
[[nodiscard]] inline Stream stream_of(Var v, void* data, Index rows, Index cols) {
  return {data, v.rows() == 1 && rows != 1 ? 0 : v.node()->stride, v.cols() == 1 && cols != 1 ? 0 : Index{1}};
}

/// Returns true unless one column is repeated.
[[nodiscard]] inline bool has_columns(const Stream& stream) { return stream.col_step == 1; }

/// Returns true if backward computes a gradient for operand i.
[[nodiscard]] inline bool takes_gradient(const FusedFrame& frame, std::size_t i) {
  return frame.kernel->used[i] && frame.operands[i].wants_gradient();
}

/// Returns true if an operand has a number for each of the result.
[[nodiscard]] inline bool whole_operand(Var v, const FusedCall& call) { return v.size() == call.rows * call.cols; }

}  // namespace recur::detail
