#pragma once

#include <recur/layers/recurrent/checkpointing.h>
#include <recur/layers/recurrent/unroll.h>

namespace recur {

/// Calls a cell step by step as `unroll` does, with the same results, in blocks of steps. Keeps what `checkpointing`
/// says for the backward pass and computes the rest again there. A stack is run cell by cell within each block. Random
/// numbers that cells draw at every step repeat in the recomputation. In a stack they differ from those without
/// checkpoints, because steps are taken in another order.
[[nodiscard]] Var unroll_checkpointed(CellInterface& cell, Var sequence, const SequenceSteps& steps,
                                      std::span<Var> states, const UnrollOptions& options,
                                      const Checkpointing& checkpointing);

}  // namespace recur
