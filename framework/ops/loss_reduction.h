#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>

namespace recur {

/// How the losses of rows become one number: their weighted sum divided by the number of rows whose weight is not zero,
/// or divided by the sum of the weights; or no reduction.
enum class Reduction : unsigned char { mean, weighted_mean, sum, none };

/// Options of all cross-entropies.
struct CrossEntropyOptions {
  /// Label smoothing in [0, 1]: this part of every target is spread evenly over the classes.
  double label_smoothing = 0;
  /// Weights of the rows; empty for 1. A row of weight 0 is masked: it is not read, and its gradient is 0.
  std::span<const float> weights = {};
  /// If all rows are masked, the loss is 0.
  Reduction reduction = Reduction::mean;
};

namespace detail {

/// Weights and reduction of a loss, on the tape.
struct RowLosses {
  std::span<const float> weights;  ///< Empty: all 1.
  Reduction reduction = Reduction::mean;
  double scale = 1;  ///< What the sum is multiplied with.

  [[nodiscard]] double weight(Index row) const {
    return weights.empty() ? 1 : static_cast<double>(weights[static_cast<std::size_t>(row)]);
  }
  [[nodiscard]] bool masked(Index row) const { return weight(row) == 0; }
};

/// Copies the weights to the tape. Throws ShapeError unless there is one for each row, ValueError if the smoothing is
/// outside [0, 1].
[[nodiscard]] RowLosses row_losses(const char* function, Var logits, const CrossEntropyOptions& options);
/// Returns the shape of the result: that of `logits` without its last axis for `Reduction::none`, otherwise a scalar.
[[nodiscard]] Var loss_output(Var logits, const RowLosses& rows, bool wanted);
/// Writes the loss, given the unweighted losses of the rows. Losses of masked rows are not read.
template <Scalar T>
void reduce_losses(std::span<const T> losses, const RowLosses& rows, Var loss);

/// Returns d result / d (loss of a row).
template <class T>
[[nodiscard]] T row_seed(Var loss, const RowLosses& rows, Index row) {
  const T* const seed = loss.adjoint<T>().data;
  return static_cast<T>(rows.weight(row) * rows.scale) * seed[rows.reduction == Reduction::none ? row : 0];
}

}  // namespace detail
}  // namespace recur
