// The backward half of a tape: the memory of gradients, and the way back through the records.
#include <recur/framework/autodiff/products.h>
#include <recur/framework/autodiff/tape_core.h>

#include <cstring>

namespace recur::detail {
namespace {

// What belongs to an operation lies in front of its closure, behind that of the operation before it: fetches it, unless
// it is so much that it must be something else.
void prefetch_between(const void* before, const void* closure) {
  constexpr std::ptrdiff_t line = 64;
  constexpr std::ptrdiff_t most = 32 * line;
  const auto size =
      static_cast<std::ptrdiff_t>(reinterpret_cast<std::uintptr_t>(closure) - reinterpret_cast<std::uintptr_t>(before));
  if (size <= 0 || size > most) return;
  const auto* const end = static_cast<const std::byte*>(closure);
  for (std::ptrdiff_t at = 0; at < size; at += line) __builtin_prefetch(end - at);
}

bool is_reached(const Record& record) {
  bool reached = record.output.has_adjoint();
  for (const Var other : record.others) reached |= other.has_adjoint();
  return reached;
}

}  // namespace

bool TapeCore::first_write(Node& root, RowRange rows) {
  if (root.gradient == nullptr) new_gradient(root);
  RowRange& unwritten = root.unwritten;
  if (unwritten.begin <= rows.begin && rows.begin < rows.end && rows.end <= unwritten.end) {
    if (rows.end == unwritten.end) {
      unwritten.end = rows.begin;
      return true;
    }
    if (rows.begin == unwritten.begin) {
      unwritten.begin = rows.end;
      return true;
    }
  }
  fill_unwritten(root);
  return false;
}

void TapeCore::fill_unwritten(Node& root) const {
  if (root.unwritten.empty()) return;
  const std::size_t row = static_cast<std::size_t>(root.stride) * size_of(dtype_);
  std::memset(static_cast<std::byte*>(root.gradient) + static_cast<std::size_t>(root.unwritten.begin) * row, 0,
              static_cast<std::size_t>(root.unwritten.end - root.unwritten.begin) * row);
  root.unwritten.end = root.unwritten.begin;
}

// Before an operation reads the gradient of its output: fills what no operation has written.
void TapeCore::complete_gradient(Node& output) const {
  Node& root = output.root();
  if (root.gradient == nullptr || root.unwritten.empty()) return;
  const Index offset = output.offset(dtype_);
  const Index first = offset / root.stride;
  const Index last = (offset + output.stride * output.shape.rows() + root.stride - 1) / root.stride;
  if (first < root.unwritten.end && last > root.unwritten.begin) fill_unwritten(root);
}

void TapeCore::new_gradient(Node& root) {
  require<StateError>(nested_ == nullptr || nodes_.is_after(nested_->mark.nodes, &root),
                      "checkpoint: a gradient arrives at a {} value from outside that is not among the inputs",
                      root.shape);
  root.unwritten = {0, root.shape.rows()};
  const std::size_t bytes = root.bytes(dtype_);
  void* const spare = spare_.take(bytes);
  set_undoable(root.gradient, spare != nullptr ? spare : values_.allocate(bytes));
}

void TapeCore::release_gradient(Node& root) {
  if (--root.holds >= 0) return;
  root.holds = 0;  // there may be another backward pass
  if (root.kept || root.gradient == nullptr) return;
  const std::size_t bytes = root.bytes(dtype_);
  if (bytes >= sizeof(void*)) spare_.give(root.gradient, bytes);
  root.gradient = nullptr;
}

void TapeCore::reserve_gradient(Var x) {
  Node& root = x.node()->root();
  if (root.gradient == nullptr) new_gradient(root);
}

void TapeCore::finish_leaves() {
  for (const auto& leaf : leaves_) add_pending_products(*leaf, *this);
}

void TapeCore::run_backwards(std::size_t first) {
  // A gradient's memory is given back once the operation that made the value has used it, unless a pending product of a
  // weight gradient still holds it.
  for (std::size_t i = records_.size(); i-- > first;) {
    const Record record = records_[i];  // a copy: a nested tape records more
    if (i > first + 2) prefetch_between(records_[i - 3].closure, records_[i - 2].closure);
    if (!is_reached(record)) continue;
    record.for_each_output([&](Var y) { complete_gradient(*y.node()); });
    if (before_ != nullptr) {
      const NodeExtra* const extra = record.output.node()->extra;
      if (extra != nullptr && extra->leaf != nullptr) add_pending_products(*extra->leaf, *this);
      (*before_)(record);
    }
    record.operation->run(record.closure);
    record.for_each_output([&](Var y) {
      if (y.node()->base == nullptr) release_gradient(*y.node());
    });
  }
}

}  // namespace recur::detail
