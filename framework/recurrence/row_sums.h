#pragma once

#include <recur/framework/gemm/gemm.h>
#include <recur/framework/tensor/array.h>

namespace recur::detail {

/// A sum over rows to which every thread adds its own: the leader to the sum itself, the others to memory of their own, which is
/// added to it in the end. So nobody waits for anybody, and rows are used where they were made (row_local.h).
class RowSums {
 public:
  /// Where each thread adds; plain, for a row-local task.
  struct Targets {
    std::byte* sum;
    std::byte* others;
    std::ptrdiff_t stride;  ///< From one of the others to the next.

    [[nodiscard]] void* of(int member) const { return member == 0 ? sum : others + (member - 1) * stride; }
  };
  /// Leader: makes room. To be called before it is decided that a task joins others (`joins_rows`), for it may wait for these.
  void reserve(const Array& sum) { static_cast<void>(room(sum)); }
  /// Leader: for a task on so many rows, just before it is posted, that adds to `sum`, a parameter's gradient.
  [[nodiscard]] Targets open(Array& sum, Index rows);
  /// Leader: waits, and adds what the others have to `sum`.
  void close(Array& sum);
  /// Forgets it (the pass was given up).
  void drop() { members_ = 0; }

 private:
  [[nodiscard]] std::byte* room(const Array& sum);
  template <class T>
  void add_to(Array& sum) const;

  ScratchBuffer others_;
  int members_ = 0;  // 0: nothing has been added
};

}  // namespace recur::detail
