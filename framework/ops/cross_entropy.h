#pragma once

#include <recur/framework/ops/loss_reduction.h>

#include <cstdint>

namespace recur {

// Losses from logits (what comes before softmax or sigmoid), each one stable operation. Keras's losses expect probabilities
// unless told `from_logits=True`; these always take logits.

/// -ln softmax(logits)[target] for each row of logits `[..., classes]`, one target id a row.
/// @throws ShapeError unless there is one target for each row; ValueError for an id outside [0, classes) in a row that is not
/// masked.
[[nodiscard]] Var sparse_softmax_cross_entropy(Var logits, std::span<const std::int32_t> targets,
                                               const CrossEntropyOptions& options = {});

/// -Σ target ln softmax(logits) over the last axis, for targets of the logits' shape, usually probabilities. Their gradient is
/// computed when wanted. @throws ShapeError unless the shapes are equal.
[[nodiscard]] Var softmax_cross_entropy(Var logits, Var targets, const CrossEntropyOptions& options = {});

/// -target ln σ(logit) - (1 - target) ln (1 - σ(logit)) for targets in [0, 1] of the logits' shape; a row's loss is the mean
/// over the last axis. With label smoothing s the targets are (1 - s) target + s / 2.
/// @throws ShapeError unless the shapes are equal.
[[nodiscard]] Var binary_cross_entropy(Var logits, Var targets, const CrossEntropyOptions& options = {});

}  // namespace recur
