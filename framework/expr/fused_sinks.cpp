#include <recur/framework/expr/fused_sinks.h>

#include <algorithm>
#include <array>

namespace recur::detail {
namespace {

// Column of the owner's memory in which a part begins.
Index column(Var v) { return v.node()->offset(v.dtype()) % v.node()->stride; }

bool overlap(Var a, Var b) {
  const Index first_a = column(a);
  const Index first_b = column(b);
  return first_a < first_b + b.cols() && first_b < first_a + a.cols();
}

// Claims columns that together are whole rows of a gradient without numbers yet, such as the gates of a cell, split
// from one product: they can be assigned without zeros first. The columns are the operands from `first` on that are
// parts of `root`.
bool claim_group(const FusedFrame& frame, Node& root, std::size_t first) {
  if (root.stride <= 0) return false;
  const DType dtype = frame.operands[first].dtype();
  const Index row = frame.operands[first].node()->offset(dtype) / root.stride;
  Index covered = 0;
  bool ordered = true;
  for (std::size_t i = first; i < frame.operands.size(); ++i) {
    const Var v = frame.operands[i];
    const Node& node = *v.node();
    if (&v.node()->root() != &root) continue;
    const Index col = node.offset(dtype) - row * root.stride;
    const bool block = node.stride == root.stride && col >= 0 && col + v.cols() <= root.stride;
    if (!block || !takes_gradient(frame, i) || !whole_operand(v, frame.call)) return false;
    ordered = ordered && col == covered;
    for (std::size_t j = first; !ordered && j < i; ++j) {
      const Var w = frame.operands[j];
      if (&w.node()->root() == &root && overlap(v, w)) return false;
    }
    covered += v.cols();
  }
  return covered == root.shape.cols() && root.tape->first_write(root, {row, row + frame.call.rows});
}

// How many operands from `first` on are neighbouring columns of one value and take a gradient, if they are whole rows
// of it and no other operand is part of it; 0 otherwise. A value of its own counts as such columns.
std::size_t whole_rows(const FusedFrame& frame, std::size_t first) {
  const Node& node = *frame.operands[first].node();
  const Node* const root = node.base == nullptr ? &node : node.base;
  const auto width = static_cast<std::ptrdiff_t>(size_of(frame.operands[first].dtype())) * frame.call.cols;
  std::size_t count = 0;
  std::size_t relatives = 0;
  for (std::size_t i = 0; i < frame.operands.size(); ++i) {
    const Node& other = *frame.operands[i].node();
    if ((other.base == nullptr ? &other : other.base) != root) continue;
    ++relatives;
    const auto distance = static_cast<const std::byte*>(other.value) - static_cast<const std::byte*>(node.value);
    const bool next = i == first + count && distance == static_cast<std::ptrdiff_t>(count) * width;
    if (next && other.stride == root->stride && takes_gradient(frame, i)) ++count;
  }
  const bool whole = static_cast<Index>(count) * frame.call.cols == root->stride && root->stride == root->shape.cols();
  return whole && relatives == count ? count : 0;
}

// The first row of the owner that a value begins with; -1 if it begins within a row.
Index first_row(Node& node, DType dtype) {
  if (node.base == nullptr) return 0;
  const auto row_bytes = node.base->stride * static_cast<Index>(size_of(dtype));
  const Index row = node.byte_offset() / row_bytes;
  return row * row_bytes == node.byte_offset() ? row : -1;
}

// Sinks of operands that all have the shape of the result; false, with nothing done, if an operand is not as simple as
// most are.
bool claim_simple_sinks(const FusedFrame& frame, std::span<Sink> sinks) {
  if (sinks.size() > usual_operands) return false;
  const DType dtype = frame.operands[0].dtype();
  std::array<std::size_t, usual_operands> counts;  // of the operands that are claimed together
  for (std::size_t i = 0; i < sinks.size(); i += std::max<std::size_t>(counts[i], 1)) {
    counts[i] = takes_gradient(frame, i) ? whole_rows(frame, i) : 0;
    if (counts[i] == 0 ? takes_gradient(frame, i) : first_row(*frame.operands[i].node(), dtype) < 0) return false;
  }
  for (std::size_t i = 0; i < sinks.size();) {
    if (counts[i] == 0) {
      sinks[i++] = Sink{};
      continue;
    }
    Node& root = frame.operands[i].node()->root();
    const Index row = first_row(*frame.operands[i].node(), dtype);
    const bool fresh = root.tape->first_write(root, {row, row + frame.call.rows});
    for (const std::size_t end = i + counts[i]; i < end; ++i)
      sinks[i] = {{frame.operands[i].node()->gradient_data(), root.stride, 1}, fresh};
  }
  return true;
}

}  // namespace

void claim_sinks(const FusedFrame& frame, std::span<Sink> sinks) {
  if (frame.uniform && claim_simple_sinks(frame, sinks)) return;
  std::fill(sinks.begin(), sinks.end(), Sink{});
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    const Var v = frame.operands[i];
    if (!takes_gradient(frame, i) || sinks[i].stream.data != nullptr) continue;
    Node& root = v.node()->root();
    const auto shares = [&](Var other) { return &other.node()->root() == &root; };
    const bool fresh = whole_operand(v, frame.call) && claim_group(frame, root, i);
    if (!fresh) v.begin_gradient();
    // All operands in the same memory are settled together, by the first of them.
    for (std::size_t j = i; j < sinks.size(); ++j)
      if (const Var w = frame.operands[j]; shares(w) && takes_gradient(frame, j)) {
        if (!fresh && j != i) w.begin_gradient();
        sinks[j] = {stream_of(w, w.node()->gradient_data(), frame.call.rows, frame.call.cols), fresh};
      }
  }
}

// Two parts must not add to the same number.
Divisible divisible(const FusedFrame& frame, std::span<const Sink> sinks) {
  Divisible result;
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    if (sinks[i].stream.data == nullptr) continue;
    result.rows &= sinks[i].stream.row_stride != 0;
    result.columns &= sinks[i].stream.col_step != 0;
    for (std::size_t j = 0; j < i; ++j) {
      const Var a = frame.operands[i];
      const Var b = frame.operands[j];
      if (sinks[j].stream.data == nullptr || &a.node()->root() != &b.node()->root()) continue;
      const bool same = sinks[i].stream.data == sinks[j].stream.data;
      if (a.node()->stride != b.node()->stride || (!same && (a.node()->stride == 0 || overlap(a, b))))
        return {false, false};
    }
  }
  return result;
}

}  // namespace recur::detail
