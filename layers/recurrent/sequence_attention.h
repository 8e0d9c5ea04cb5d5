#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// softmax over time of `scores` `[batch, time]`, then Σ_t weight·value with values `[batch, time, features]`: `[batch, features]`.
/// Steps where `mask` `[batch, time]` is 0 get no weight; undefined for no mask. In training a share `dropout_rate` of the weights
/// is dropped.
[[nodiscard]] Var attend(Var scores, Var values, Var mask, double dropout_rate = 0);

/// Scores `[batch, time]` of one query `[batch, features]` against keys `[batch, time, features]`: Σ_f query·key (Luong et al.
/// 2015), and Σ_f scale·tanh(query + key) with scale `[features]` (Bahdanau et al. 2015).
[[nodiscard]] Var dot_scores(Var query, Var keys);
[[nodiscard]] Var additive_scores(Var query, Var keys, Var scale);

}  // namespace recur
