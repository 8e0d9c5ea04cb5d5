// The backward half of a Tape: the memory of gradients, and the way back through the records.
#include <recur/framework/autodiff/tape.h>

#include <recur/framework/recurrence/leaf_slot.h>
#include <recur/framework/threads/in_parts.h>
#include <recur/framework/threads/parallel.h>

#include <algorithm>
#include <cstring>

namespace recur {
namespace {

// What belongs to an operation lies in front of its closure, behind that of the operation before it. Unless it is much: then it is
// something else.
void prefetch_between(const void* before, const void* closure) {
  constexpr std::ptrdiff_t line = 64;
  constexpr std::ptrdiff_t most = 32 * line;
  const auto size =
      static_cast<std::ptrdiff_t>(reinterpret_cast<std::uintptr_t>(closure) - reinterpret_cast<std::uintptr_t>(before));
  if (size <= 0 || size > most) return;
  const auto* const end = static_cast<const std::byte*>(closure);
  for (std::ptrdiff_t at = 0; at < size; at += line) __builtin_prefetch(end - at);
}

void check_wanted(Var y) {
  require<StateError>(y.wants_gradient(),
                      "Tape::backward: nothing the {} value depends on wants a gradient (was recording off?)",
                      y.shape());
}

}  // namespace

bool Tape::claim_rows(detail::Node& root, Index first, Index last) {
  if (root.adjoint == nullptr) new_adjoint(root);
  const bool blank = root.blank_begin <= first && first < last && last <= root.blank_end;
  if (blank && last == root.blank_end) {
    root.blank_end = first;
  } else if (blank && first == root.blank_begin) {
    root.blank_begin = last;
  } else {
    fill_blank_rows(root);
    return false;
  }
  return true;
}

void Tape::fill_blank_rows(detail::Node& root) {
  if (root.blank_begin >= root.blank_end) return;
  detail::settle_rows();
  const std::size_t row = static_cast<std::size_t>(root.stride) * size_of(dtype_);
  std::memset(static_cast<std::byte*>(root.adjoint) + static_cast<std::size_t>(root.blank_begin) * row, 0,
              static_cast<std::size_t>(root.blank_end - root.blank_begin) * row);
  root.blank_end = root.blank_begin;
}

// Before an operation reads the gradient of its output: no part of it may be left blank.
void Tape::complete_adjoint(detail::Node& output) {
  detail::Node& root = output.root();
  if (root.adjoint == nullptr || root.blank_begin >= root.blank_end) return;
  const Index first = output.offset / root.stride;
  const Index last = (output.offset + output.stride * output.shape.rows() + root.stride - 1) / root.stride;
  if (first < root.blank_end && last > root.blank_begin) fill_blank_rows(root);
}

void Tape::new_adjoint(detail::Node& root) {
  require<StateError>(root.depth == depth_,
                      "checkpoint: a gradient arrives at a {} value from outside that is not among the inputs",
                      root.shape);
  root.blank_begin = 0;
  root.blank_end = root.shape.rows();
  const std::size_t bytes = root.bytes(dtype_);
  for (FreeList& list : free_)
    if (list.bytes == bytes && list.buffers.size() > list.own) {
      const SpareBuffer buffer = list.buffers.back();
      list.buffers.pop_back();
      // Who uses other rows of it than those before has to wait for these.
      if (buffer.stride == root.stride) root.adjoint_rows = buffer.rows;
      else if (detail::in_row_phase(buffer.rows.phase)) detail::settle_rows();
      point(root.adjoint, buffer.memory);
      return;
    }
  point(root.adjoint, values_.allocate(bytes));
}

void Tape::free_adjoint(detail::Node& root) {
  if (root.kept || root.adjoint == nullptr) return;
  const std::size_t bytes = root.bytes(dtype_);
  auto list = std::find_if(free_.begin(), free_.end(), [&](const FreeList& l) { return l.bytes == bytes; });
  if (list == free_.end()) list = free_.insert(free_.end(), FreeList{bytes, {}});
  list->buffers.push_back({root.adjoint, root.stride, root.adjoint_rows});
  root.adjoint = nullptr;
  root.adjoint_rows = {};
}

void Tape::release(detail::Node& root) {
  if (--root.holds >= 0) return;
  root.holds = 0;  // there may be another backward pass
  free_adjoint(root);
}

void Tape::propagate() {
  for (const auto& leaf : leaves_) leaf->sums.drop();  // of a pass that was given up
  with_team(static_cast<Index>(records_.size()), [this] { run_backwards(0); });
}

void Tape::run_backwards(std::size_t first_record) {
  // A buffer is given back once the operation that made the value has used it (`holds` goes below zero), unless a weight
  // gradient still waits for it; LeafSlot::flush then gives it back.
  for (std::size_t i = records_.size(); i-- > first_record;) {
    const detail::Record record = records_[i];  // a copy: on a detour more are recorded
    if (i > first_record + 2) prefetch_between(records_[i - 3].closure, records_[i - 2].closure);
    bool reached = false;
    for (detail::Node* n = record.output; n != nullptr; n = n->sibling) reached |= n->root().adjoint != nullptr;
    if (!reached) continue;
    for (detail::Node* n = record.output; n != nullptr; n = n->sibling) complete_adjoint(*n);
    if (before_ != nullptr && record.output->leaf != nullptr) record.output->leaf->finish(*this);
    if (before_ != nullptr) (*before_)(record);
    record.operation->run(record.closure);
    for (detail::Node* n = record.output; n != nullptr; n = n->sibling)
      if (n->base == nullptr) release(*n);
  }
  detail::settle_rows();
}

void Tape::backward(Var loss) {
  require(loss.size() == 1, "Tape::backward: shape {} is not a single number (reduce it with sum or mean first)",
          loss.shape());
  check_wanted(loss);
  dispatch(dtype_, [&]<class T>() { *loss.add_gradient<T>().data += T{1}; });
  propagate();
}

void Tape::backward(Var loss, const std::function<void(const detail::Record&)>& before) {
  before_ = &before;
  try {
    backward(loss);
  } catch (...) {
    before_ = nullptr;
    throw;
  }
  before_ = nullptr;
}

void Tape::backward(Var y, const Array& seed) {
  check_wanted(y);
  require(seed.shape() == y.shape(), "Tape::backward: seed {} for a value of shape {}", seed.shape(), y.shape());
  if (dtype_ == DType::dual && seed.dtype() != DType::dual) {
    Array own(seed.shape(), dtype_);
    own.assign(seed);
    return backward(y, own);
  }
  dispatch(dtype_, [&]<class T>() { detail::put_long_rows<T>(seed.as<T>().matrix(), y.claim_gradient<T>()); });
  propagate();
}

}  // namespace recur
