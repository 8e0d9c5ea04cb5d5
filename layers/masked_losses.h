#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>

namespace recur {

// Losses over targets of which some are missing. Each is the mean over the targets that are there, and 0 if none is; a
// missing target has no gradient. A model's output for a target is one number, or one for each quantile, or the
// parameters of a distribution; these stand next to each other: `[.., targets · numbers]`.

/// Targets on a tape.
struct MaskedTargets {
  Var values;        ///< `[rows, targets]`; 0 where there is none.
  Var weights;       ///< 0 where there is no target, otherwise its weight, 1 by default.
  double count = 0;  ///< Targets that are there.
};

/// @param targets `[.., targets]`, NaN where missing @param weights one for each, or none. @throws ShapeError for
/// another number
[[nodiscard]] MaskedTargets masked_targets(Tape& tape, const Tensor<float>& targets,
                                           std::span<const float> weights = {});

/// Mean of w·(p - t)². With the weights 1 / (deviation of the basin + 0.1)² it is the basin-weighted NSE loss (Kratzert
/// et al. 2019).
[[nodiscard]] Var masked_squared_error(Var prediction, const MaskedTargets& target);
/// Mean of w·|p - t|.
[[nodiscard]] Var masked_absolute_error(Var prediction, const MaskedTargets& target);
/// Mean of w·h(p - t), h being Huber's function (see `huber`). @throws ValueError for delta <= 0
[[nodiscard]] Var masked_huber(Var prediction, const MaskedTargets& target, double delta = 1);
/// Mean over quantiles of w·max(q·(t - p), (q - 1)·(t - p)). @param prediction `[rows, targets · quantiles]`
/// @throws ValueError for quantiles outside (0, 1) or none
[[nodiscard]] Var quantile_loss(Var prediction, const MaskedTargets& target, std::span<const double> quantiles);
/// Mean of -w·ln of a normal density. @param prediction `[rows, targets · 2]`: mean m and s; the deviation is
/// softplus(s) + 1e-3.
[[nodiscard]] Var gaussian_loss(Var prediction, const MaskedTargets& target);
/// As gaussian_loss, with Student's t density of `freedom` degrees of freedom, which forgives outliers.
/// @throws ValueError for freedom <= 0
[[nodiscard]] Var student_t_loss(Var prediction, const MaskedTargets& target, double freedom = 4);
/// 1 - KGE over all targets of the batch together: √((r - 1)² + (σp/σt - 1)² + (μp/μt - 1)²) (Gupta et al. 2009). Needs
/// batches of many targets that are not scaled to a mean of 0.
[[nodiscard]] Var kling_gupta_loss(Var prediction, const MaskedTargets& target);

}  // namespace recur
