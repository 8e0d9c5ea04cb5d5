#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

/// Returns Σ_t w_t·value_t, `[batch, features]`, with w the softmax over time of `scores` `[batch, time]`, and values
/// `[batch, time, features]`. Steps where `mask` `[batch, time]` is 0 get no weight; the mask may be undefined. In
/// training the fraction `dropout_rate` of the weights is dropped.
[[nodiscard]] Var attend(Var scores, Var values, Var mask, double dropout_rate = 0);

/// Return scores `[batch, time]` of one query `[batch, features]` against keys `[batch, time, features]`: Σ_f query·key
/// (Luong et al. 2015), and Σ_f scale·tanh(query + key) with scale `[features]` (Bahdanau et al. 2015).
[[nodiscard]] Var dot_scores(Var query, Var keys);
[[nodiscard]] Var additive_scores(Var query, Var keys, Var scale);

}  // namespace recur
