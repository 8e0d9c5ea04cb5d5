#pragma once

#include <recur/framework/ops/loss_reduction.h>

#include <cstdint>

namespace recur {

// Losses of logits, the values before softmax or sigmoid. Each is one numerically stable operation. Keras's losses take
// probabilities unless `from_logits=True`; these take logits.

/// -ln softmax(logits)[target] for each row of logits `[..., classes]`, with one target id a row. Throws ShapeError
/// unless there is one target for each row, ValueError if an id is outside [0, classes) in a row that is not masked.
[[nodiscard]] Var sparse_softmax_cross_entropy(Var logits, std::span<const std::int32_t> targets,
                                               const CrossEntropyOptions& options = {});

/// -Σ target ln softmax(logits) over the last axis. Targets have the shape of the logits and are usually probabilities;
/// they get a gradient if they want one. Throws ShapeError unless shapes are equal.
[[nodiscard]] Var softmax_cross_entropy(Var logits, Var targets, const CrossEntropyOptions& options = {});

/// -target ln σ(logit) - (1 - target) ln (1 - σ(logit)), with targets in [0, 1] of the logits' shape. The loss of a row
/// is the mean over the last axis. With label smoothing s the targets are (1 - s) target + s / 2. Throws ShapeError
/// unless shapes are equal.
[[nodiscard]] Var binary_cross_entropy(Var logits, Var targets, const CrossEntropyOptions& options = {});

}  // namespace recur
