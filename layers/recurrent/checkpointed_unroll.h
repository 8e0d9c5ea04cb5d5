#pragma once

#include <recur/layers/recurrent/checkpointing.h>
#include <recur/layers/recurrent/unroll.h>

namespace recur {

/// As `unroll`, with the same results, in blocks of steps of which only what `checkpointing` says is kept for the backward
/// pass; the others are computed again there. A stack is run cell by cell within each block. Random numbers that cells draw
/// at every step repeat in the recomputation; in a stack they are other ones than without checkpoints, as they are drawn in
/// another order.
[[nodiscard]] Var unroll_checkpointed(CellInterface& cell, Var sequence, const SequenceSteps& steps,
                                      std::span<Var> states, const UnrollOptions& options,
                                      const Checkpointing& checkpointing);

}  // namespace recur
