#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>

namespace recur {

/// How the losses of the rows become one: their (weighted) sum, divided by the number of rows whose weight is not zero, or by
/// the sum of the weights; or not at all.
enum class Reduction : unsigned char { mean, weighted_mean, sum, none };

/// Of all cross-entropies.
struct CrossEntropyOptions {
  /// In [0, 1]: this part of every target is spread evenly over the classes.
  double label_smoothing = 0;
  /// One for each row, or none for all 1. A row of weight 0 is masked: nothing of it is read, its gradient is 0.
  std::span<const float> weights = {};
  /// A loss of which every row is masked is 0.
  Reduction reduction = Reduction::mean;
};

namespace detail {

/// What a loss knows of the weights and the reduction, on the tape.
struct RowLosses {
  std::span<const float> weights;  ///< Empty: all 1.
  Reduction reduction = Reduction::mean;
  double scale = 1;  ///< What the sum is multiplied with.

  [[nodiscard]] double weight(Index row) const {
    return weights.empty() ? 1 : static_cast<double>(weights[static_cast<std::size_t>(row)]);
  }
  [[nodiscard]] bool masked(Index row) const { return weight(row) == 0; }
};

/// Copies the weights to the tape. @throws ShapeError unless there is one for each row; ValueError for an impossible smoothing.
[[nodiscard]] RowLosses row_losses(const char* function, Var logits, const CrossEntropyOptions& options);
/// The result's shape: that of `logits` without its last axis for `Reduction::none`, otherwise a scalar.
[[nodiscard]] Var loss_output(Var logits, const RowLosses& rows, bool wanted);
/// Writes the loss from the unweighted losses of the rows; those of masked rows are not read.
template <Scalar T>
void reduce_losses(std::span<const T> losses, const RowLosses& rows, Var loss);

/// d result / d (loss of one row).
template <class T>
[[nodiscard]] T row_seed(Var loss, const RowLosses& rows, Index row) {
  const T* const seed = loss.adjoint<T>().data;
  return static_cast<T>(rows.weight(row) * rows.scale) * seed[rows.reduction == Reduction::none ? row : 0];
}

}  // namespace detail
}  // namespace recur
