#pragma once

#include <recur/framework/linear.h>

#include <span>

namespace recur::detail {

/// A product of a whole sequence with a parameter. It is computed in blocks of rows, each when its first row is asked for, so
/// that what the steps go on with is still in the cache; likewise backwards.
struct HoistedProduct {
  const Node* weight;
  const Node* bias;
  Linear::Terms terms;
  Var product;            ///< Of all rows; only those in blocks that are ready hold numbers.
  Index block;            ///< Rows of a block.
  std::span<bool> ready;  ///< Blocks that have been computed,
  std::span<bool> used;   ///< and rows that have been used as a result already.
  HoistedProduct* next;
};

/// What the steps of a sequence have in common.
struct SequenceTag {
  Node* whole;
  HoistedProduct* products;
};

/// The product, with `cols` columns, of the whole sequence that `step.a` is a step of.
[[nodiscard]] HoistedProduct& hoisted_product(const Linear::Product& step, Var bias, Index cols, bool wanted);
/// Makes sure the blocks with rows [first, first + count) are ready.
void compute_rows(HoistedProduct& all, Index first, Index count);

/// Computes the terms into z, on top of what is there if `accumulate`, and records the adjoint. The rows are those of one or more
/// steps of `period` rows each, which go on with them.
Var compute(const Linear::Terms& terms, Var z, bool accumulate, Index period);

}  // namespace recur::detail
