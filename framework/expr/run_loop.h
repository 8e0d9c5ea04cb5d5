#pragma once

#include <recur/framework/expr/fused_call.h>
#include <recur/framework/threads/parallel.h>

#include <algorithm>

namespace recur::detail {

/// Which parts of a fused loop may run side by side: rows, columns, or neither if two parts would add to one number.
struct Divisible {
  bool rows = true;
  bool columns = true;
};

/// Runs a loop on several threads where that pays, divided by rows, as the products before it (gemm.cpp), or by
/// columns. Calls `may_divide()` only then.
template <class Loop, class MayDivide>
void run_loop(Loop loop, FusedCall call, Index lanes, Index work_per_element, MayDivide may_divide) {
  if (call.rows == 0 || call.cols == 0) return;
  if (useful_threads(call.rows * call.cols, work_per_element) <= 1) {
    call.end = call.cols;
    return loop(call);
  }
  const Divisible divisible = may_divide();
  const Index tiles = (call.cols + lanes - 1) / lanes;
  const Index work = call.rows * call.cols * work_per_element;
  const Index by_rows = divisible.rows ? useful_threads(call.rows, work / call.rows) : 1;
  const Index parts = by_rows > 1 ? by_rows : divisible.columns ? useful_threads(tiles, work / tiles) : 1;
  parallel_for(parts, work / parts, [&](Index part) {
    FusedCall own = call;
    if (by_rows > 1) {
      own.first_row = part * call.rows / parts;
      own.rows = (part + 1) * call.rows / parts;
    }
    const bool by_columns = by_rows == 1;
    own.begin = by_columns ? part * tiles / parts * lanes : 0;
    own.end = by_columns ? std::min((part + 1) * tiles / parts * lanes, call.cols) : call.cols;
    loop(own);
  });
}

}  // namespace recur::detail
