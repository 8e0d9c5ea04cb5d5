#pragma once

#include <recur/optim/optimizer.h>
#include <recur/train/loop/checkpoint.h>

#include <string>

namespace recur::detail {

/// Puts named texts into a checkpoint under `prefix`, and takes them out again.
void put_texts(TrainingState& state, const std::string& prefix, const Metadata& texts);
[[nodiscard]] Metadata texts_below(const TrainingState& state, const std::string& prefix);

/// The optimizer but for its learning rate, as JSON; empty for a chain, which has no name.
[[nodiscard]] std::string identity_of(optim::Optimizer& optimizer);
/// The learning rate: a number, or for a schedule its values at some steps. Empty without one.
[[nodiscard]] std::string rate_text(const optim::Optimizer& optimizer);

/// @throws FormatError naming the first text of `then` that differs in `now`, with both values.
void require_identity(const Metadata& then, const Metadata& now);
/// Lists what differs: `threads: 2 (was 1); data: changed`. Empty if nothing does.
[[nodiscard]] std::string changes(const Metadata& then, const Metadata& now);

}  // namespace recur::detail
