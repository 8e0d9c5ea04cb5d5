#pragma once

#include <recur/optim/optimizer.h>
#include <recur/train/loop/checkpoint.h>

#include <string>

namespace recur::detail {

/// Stores texts in a checkpoint under `prefix`, and returns the texts under `prefix`.
void put_texts(TrainingState& state, const std::string& prefix, const Metadata& texts);
[[nodiscard]] Metadata texts_below(const TrainingState& state, const std::string& prefix);

/// Returns the config of an optimizer without its learning rate, as JSON; empty for a chain, which has no config.
[[nodiscard]] std::string identity_of(optim::Optimizer& optimizer);
/// Returns the learning rate as text: a number, or the values of a schedule at some steps. Empty if there is none.
[[nodiscard]] std::string rate_text(const optim::Optimizer& optimizer);

/// Throws FormatError if a text of `then` differs in `now`; the message has its name and both values.
void require_identity(const Metadata& then, const Metadata& now);
/// Returns the differences as text: `threads: 2 (was 1); data: changed`. Empty if there are none.
[[nodiscard]] std::string changes(const Metadata& then, const Metadata& now);

}  // namespace recur::detail
