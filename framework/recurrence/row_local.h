#pragma once

#include <recur/framework/autodiff/var.h>
#include <recur/framework/threads/parallel.h>

// Most of what a step of a recurrence does is row-local: row r of the result needs row r of the operands alone. The rows of such
// operations are dealt out to the threads in the same way every time, and each thread does its own rows of one operation after
// the other, without waiting for the rest (row_queue.h). Operations that know nothing of this are right all the same: they get at
// numbers through Var, which waits. A row-local one says what it uses (`joins_rows`) and hands out its rows (`post_rows`), which
// must touch nothing else.

namespace recur::detail {

/// The row of `root` in which a block of its columns begins; -1 for what is not such a block.
[[nodiscard]] inline Index first_row(Var v, const Node& root) {
  const Node& node = *v.node();
  if (&node == &root && v.cols() <= node.stride) return 0;  // without a division
  const bool block =
      node.stride == root.stride && node.stride > 0 && node.offset % node.stride + v.cols() <= node.stride;
  return block ? node.offset / node.stride : -1;
}

/// What an operation uses, each with as many rows or a multiple, and whether other rows of it may be on their way in this phase.
class RowUse {
 public:
  RowUse(Index rows, std::uint64_t phase) : rows_(rows), phase_(phase) {}

  /// A value that is read.
  void value(Var v) {
    const Node& root = v.node()->root();
    if (root.borrowed) fits_ = false;
    else if (root.value_rows.phase == phase_) agree(v, root.value_rows);
  }
  /// A value that is being made.
  void result(Var v) { mark(v, v.node()->root().value_rows); }
  /// A gradient that is read or added to. Those of parameters are summed over rows.
  void gradient(Var v) {
    Node& root = v.node()->root();
    if (root.leaf != nullptr) fits_ = false;
    else mark(v, root.adjoint_rows);
  }
  /// It is not row-local after all, whatever was done before.
  void refuse() { refused_ = true; }
  [[nodiscard]] bool refused() const { return refused_; }
  [[nodiscard]] bool fits() const { return fits_ && !refused_; }

 private:
  void agree(Var v, const RowOwners& owners) {
    const Index first = first_row(v, v.node()->root());
    const Index rows = v.rows();
    if (first < 0 || (rows != rows_ && rows % rows_ != 0) || first_of(first) != owners.first) fits_ = false;
  }
  void mark(Var v, RowOwners& owners) {
    if (owners.phase != phase_) owners = {phase_, first_of(std::max(first_row(v, v.node()->root()), Index{0}))};
    agree(v, owners);
  }
  // Of the phase's rows the one that this row belongs to.
  [[nodiscard]] Index first_of(Index row) const { return row < rows_ ? row : row % rows_; }

  Index rows_;
  std::uint64_t phase_;
  bool fits_ = true;
  bool refused_ = false;
};

/// Whether a row-local operation may be handed out by `post_rows` now. `describe(use)` says what it uses, all of it. If not,
/// everything before it has been done, and it is to be done at once.
template <class Describe>
[[nodiscard]] bool joins_rows(Index rows, Index work_per_row, Describe describe) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const std::uint64_t phase = row_phase(rows, work_per_row);
    if (phase == 0) return false;
    RowUse use(rows, phase);
    describe(use);
    if (use.fits()) return true;
    settle_rows();
    if (use.refused()) return false;
  }
  return false;
}

/// Hands the other threads their rows and does this one's. `body(first, count)` does some of the rows, or `body(member, first,
/// count)`, where `member` says whose. It is copied, must not throw, and what it points to must last until the tape is rewound.
template <class Body>
void post_rows(Index rows, const Body& body) {
  run_own_rows(row_queue().post(rows, body));
}

/// As the functions of Var, for a body of `post_rows`: without waiting.
template <class T>
[[nodiscard]] MatrixView<T> unsettled_value(Var v) {
  return {static_cast<T*>(v.node()->value), v.rows(), v.cols(), v.node()->stride};
}
template <class T>
[[nodiscard]] MatrixView<T> unsettled_adjoint(Var v) {
  return {static_cast<T*>(v.node()->root().adjoint) + v.node()->offset, v.rows(), v.cols(), v.node()->stride};
}

}  // namespace recur::detail
