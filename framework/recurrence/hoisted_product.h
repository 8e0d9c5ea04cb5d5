#pragma once

#include <recur/framework/autodiff/linear.h>

#include <span>

namespace recur::detail {

/// A product of a whole sequence with a parameter. It is computed in blocks of rows, each when its first row is asked for, so
/// that what the steps go on with is still in the cache; likewise backwards, where a block's gradient takes the memory that
/// the one after it has given back.
struct HoistedProduct {
  const Node* weight;
  const Node* bias;
  Linear::Terms terms;
  Index cols;
  std::span<const Index> begins;  ///< First row of each block, and the end of the last.
  std::span<Node*> blocks;        ///< Null until computed.
  std::span<bool> used;           ///< Rows that have been used as a result already.
  HoistedProduct* next;
};

/// First row of each step of a sequence, and the end of the last.
using FirstRows = std::span<const Index>;

/// What the steps of a sequence have in common.
struct SequenceTag {
  Node* whole;
  HoistedProduct* products = nullptr;
  FirstRows* steps = nullptr;  ///< Null when they have not been told (`sequence_steps`).
};

/// The product, with `cols` columns, of the whole sequence that `step.a` is a step of.
[[nodiscard]] HoistedProduct& hoisted_product(const Linear::Product& step, Var bias, Index cols);
/// Rows of it, `shape.rows()` from `first` on, as a result that is the caller's alone. Undefined when they are not in one
/// block, have been used already or were computed when the tape was recording and now is not, or the other way round.
[[nodiscard]] Var take_rows(HoistedProduct& all, const Shape& shape, Index first, bool wanted);

/// Computes the terms into z, on top of what is there if `accumulate`, and records the adjoint. The rows are those of one or more
/// steps of `period` rows each, which go on with them.
Var compute(const Linear::Terms& terms, Var z, bool accumulate, Index period);

}  // namespace recur::detail
