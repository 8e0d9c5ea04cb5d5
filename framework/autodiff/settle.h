#pragma once

namespace recur::detail {

/// Waits until the other threads have done their rows of the operations handed to them so far (row_local.h); does nothing
/// elsewhere. Whoever reads or writes numbers of a tape does this first, and `Var` does it for all who go through it.
void settle_rows();

}  // namespace recur::detail
