#include <recur/framework/expr/fused_call.h>

#include <recur/framework/expr/broadcast.h>
#include <recur/framework/expr/run_loop.h>
#include <recur/framework/recurrence/leaf_slot.h>
#include <recur/framework/recurrence/row_local.h>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace recur::detail {
namespace {

// What a node of an expression costs for each element, in the operations of parallel.h, which a matrix product does many more of
// in a second; and what the functions cost whose values are kept for the adjoint.
constexpr Index forward_work = 3;
constexpr Index function_work = 25;
constexpr Index backward_work = 6;

// Values kept for the adjoint beyond this would go out to memory and come back, which takes about as long as to compute them
// again. Then they are, a few at a time, and training needs a third less memory.
constexpr Index most_kept_bytes = 512 * 1024;
constexpr std::size_t recomputed_bytes = 16 * 1024;

// What the backward pass needs to know; lives on the tape.
struct Frame {
  const FusedKernel* kernel;
  std::span<Var> operands;
  std::span<Var> outputs;
  FusedCall call;
  bool flat;      ///< The loops see one long row.
  bool dense;     ///< No operand has but one column.
  bool in_place;  ///< Values are kept in the place of operands.
};

Stream stream_of(Var v, void* data, Index rows, Index cols) {
  return {data, v.rows() == 1 && rows != 1 ? 0 : v.node()->stride, v.cols() == 1 && cols != 1 ? 0 : Index{1}};
}

bool has_columns(const Stream& stream) { return stream.col_step == 1; }

// One long row can be walked when no operand has gaps between its rows or repeats but as a whole.
bool is_flat(std::span<const Stream> streams, Index cols) {
  return std::all_of(streams.begin(), streams.end(), [&](const Stream& s) {
    return (s.col_step == 1 && s.row_stride == cols) || (s.col_step == 0 && s.row_stride == 0);
  });
}

void* adjoint_data(Var v, DType dtype) {
  return static_cast<std::byte*>(v.node()->root().adjoint) + v.node()->offset * static_cast<Index>(size_of(dtype));
}

// Whether backward computes a gradient for operand i.
bool takes_gradient(const Frame& frame, std::size_t i) {
  return frame.kernel->used[i] && frame.operands[i].wants_gradient();
}

bool whole_operand(Var v, const FusedCall& call) { return v.size() == call.rows * call.cols; }

bool overlap(Var a, Var b) {
  const Index stride = a.node()->stride;
  const Index first_a = a.node()->offset % stride;
  const Index first_b = b.node()->offset % stride;
  return first_a < first_b + b.cols() && first_b < first_a + a.cols();
}

// Columns that together are whole rows of a value which nobody has touched can be assigned without zeros first: the gates of
// a cell, split from one product. They are the operands from `first` on that are parts of it.
bool claim_group(const Frame& frame, Node& root, std::size_t first) {
  if (root.stride <= 0) return false;
  const Index row = frame.operands[first].node()->offset / root.stride;
  Index covered = 0;
  bool ordered = true;
  for (std::size_t i = first; i < frame.operands.size(); ++i) {
    const Var v = frame.operands[i];
    const Node& node = *v.node();
    if (&v.node()->root() != &root) continue;
    const Index col = node.offset - row * root.stride;
    const bool block = node.stride == root.stride && col >= 0 && col + v.cols() <= root.stride;
    if (!block || !takes_gradient(frame, i) || !whole_operand(v, frame.call)) return false;
    ordered = ordered && col == covered;
    for (std::size_t j = first; !ordered && j < i; ++j) {
      const Var w = frame.operands[j];
      if (&w.node()->root() == &root && overlap(v, w)) return false;
    }
    covered += v.cols();
  }
  return covered == root.shape.cols() && root.tape->claim_rows(root, row, row + frame.call.rows);
}

void claim_sinks(const Frame& frame, std::span<Sink> sinks) {
  const DType dtype = frame.operands[0].tape().dtype();
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
        sinks[j] = {stream_of(w, adjoint_data(w, dtype), frame.call.rows, frame.call.cols), fresh};
      }
  }
}

// Whether the gradient of operand i is summed over rows to one that every thread may have of its own: a parameter of one row.
bool sums_rows(const Frame& frame, std::size_t i) {
  const Var v = frame.operands[i];
  const LeafSlot* const leaf = v.node()->leaf;
  return leaf != nullptr && v.rows() == 1 && v.cols() == frame.call.cols && takes_gradient(frame, i) &&
         leaf->has_small_gradient() && v.node()->adjoint == leaf->parameter->gradient.data();
}

// Two parts must not add to the same number. Of operands that every thread sums by itself this need not be asked.
Divisible divisible(const Frame& frame, std::span<const Sink> sinks, bool own_sums = false) {
  Divisible result;
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    if (sinks[i].stream.data == nullptr || (own_sums && sums_rows(frame, i))) continue;
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

void flatten(FusedCall& call) {
  call.cols *= call.rows;
  call.rows = 1;
}

const FusedKernel::Loops& loops_of(const Frame& frame) {
  return frame.kernel->loops[static_cast<std::size_t>(frame.operands[0].tape().dtype())];
}

Index kept_bytes_of_tile(const Frame& frame) {
  const int kept = frame.in_place ? frame.kernel->kept_aside : frame.kernel->kept;
  return loops_of(frame).lanes * kept * static_cast<Index>(size_of(frame.operands[0].tape().dtype()));
}

// The backward loop where nothing was kept: a few tiles go forward again and then backward, before they leave the cache.
void recompute_and_run(const Frame& frame, FusedKernel::Loop backward, FusedCall call) {
  const FusedKernel::Loops& loops = loops_of(frame);
  const FusedKernel::Loop forward = frame.dense ? loops.dense_forward : loops.forward;
  alignas(64) std::array<std::byte, recomputed_bytes> kept;
  call.kept = kept.data();
  const Index columns = static_cast<Index>(recomputed_bytes) / kept_bytes_of_tile(frame) * loops.lanes;
  const Index last_row = call.rows;
  const Index last_column = call.end;
  for (; call.first_row < last_row; ++call.first_row) {
    call.rows = call.first_row + 1;
    for (Index begin = call.begin; begin < last_column; begin += columns) {
      FusedCall block = call;
      block.begin = block.kept_begin = begin;
      block.end = std::min(begin + columns, last_column);
      forward(block);
      backward(block);
    }
  }
}

// One long row can be divided where the rows it consists of begin with a whole register.
bool divides_by_rows(const Frame& frame) { return !frame.flat || frame.call.cols % loops_of(frame).lanes == 0; }

// If not, what came before has been done.
bool backward_joins_rows(const Frame& frame, std::span<const Sink> sinks, Index rows, Index work, bool own_sums) {
  return joins_rows(rows, work, [&](RowUse& use) {
    if (!divisible(frame, sinks, own_sums).rows) use.refuse();
    for (const Var y : frame.outputs) {
      use.value(y);
      if (y.has_adjoint()) use.gradient(y);
    }
    for (std::size_t i = 0; i < sinks.size(); ++i) {
      use.value(frame.operands[i]);
      if (sinks[i].stream.data != nullptr && !(own_sums && sums_rows(frame, i))) use.gradient(frame.operands[i]);
    }
  });
}

// The same sinks for every thread one after the other, but for sums over rows, which they keep apart.
std::span<const Sink> sinks_of_members(const Frame& frame, std::span<const Sink> sinks) {
  const int members = row_members();
  const auto all = frame.operands[0].tape().list<Sink>(members * frame.kernel->operands);
  for (int m = 0; m < members; ++m) std::copy(sinks.begin(), sinks.end(), all.begin() + m * frame.kernel->operands);
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    if (!sums_rows(frame, i)) continue;
    LeafSlot& leaf = *frame.operands[i].node()->leaf;
    const auto targets = leaf.sums.open(leaf.parameter->gradient, frame.call.rows);
    for (int m = 0; m < members; ++m)
      all[static_cast<std::size_t>(m * frame.kernel->operands) + i].stream.data = targets.of(m);
  }
  return all;
}

// What stands for the gradient of an output that none has reached: zeros, one for all or, as the loops in place want it, a row.
Stream no_gradient(const Frame& frame) {
  alignas(64) static constexpr double zero[8] = {};
  if (!frame.in_place) return {const_cast<double*>(zero), 0, 0};
  Tape& tape = frame.operands[0].tape();
  const Index cols = frame.flat ? frame.call.rows * frame.call.cols : frame.call.cols;
  const auto zeros = tape.scratch<std::byte>(cols * static_cast<Index>(size_of(tape.dtype())));
  std::fill(zeros.begin(), zeros.end(), std::byte{0});
  return {zeros.data(), 0, 1};
}

void run_backward(Frame& frame) {
  Tape& tape = frame.operands[0].tape();
  FusedCall call = frame.call;
  const auto seeds = tape.list<Stream>(frame.kernel->outputs);
  const auto sinks = tape.list<Sink>(frame.kernel->operands);
  for (std::size_t o = 0; o < seeds.size(); ++o) {
    const Var y = frame.outputs[o];
    seeds[o] = y.has_adjoint() ? stream_of(y, adjoint_data(y, tape.dtype()), call.rows, call.cols) : no_gradient(frame);
  }
  claim_sinks(frame, sinks);
  call.seeds = seeds.data();
  call.sinks = sinks.data();
  if (frame.flat) flatten(call);
  const bool dense = frame.dense && std::all_of(seeds.begin(), seeds.end(), has_columns);
  const FusedKernel::Loops& loops = loops_of(frame);
  const FusedKernel::Loop backward = frame.in_place ? loops.own_backward
                                     : dense        ? loops.dense_backward
                                                    : loops.backward;
  const bool recompute = call.kept == nullptr && frame.kernel->kept > 0 && !frame.in_place;
  const Index work = backward_work * frame.kernel->nodes + (recompute ? function_work * frame.kernel->kept : 0);
  const Index rows = divides_by_rows(frame) ? frame.call.rows : 0;
  const bool may_share = always_by_rows(rows, frame.call.cols * work);
  bool own_sums = false;
  for (std::size_t i = 0; may_share && i < sinks.size(); ++i) {
    if (!sums_rows(frame, i)) continue;
    own_sums = true;
    LeafSlot& leaf = *frame.operands[i].node()->leaf;
    leaf.sums.reserve(leaf.parameter->gradient);
  }
  const bool joins = backward_joins_rows(frame, sinks, rows, frame.call.cols * work, own_sums);
  if (joins && own_sums) call.sinks = sinks_of_members(frame, sinks).data();
  const auto run = [&](auto loop) {
    if (joins) post_loop(loop, call, frame.call.rows, own_sums ? frame.kernel->operands : 0);
    else run_loop(loop, call, loops.lanes, work, [&] { return divisible(frame, sinks); });
  };
  if (recompute) run([&frame, backward](const FusedCall& part) { recompute_and_run(frame, backward, part); });
  else run(backward);
}

struct FusedBackward {
  Frame* frame;
  void operator()() const { run_backward(*frame); }
  // Its functions, each once: "multiply, log".
  [[nodiscard]] std::string name() const {
    std::vector<std::string_view> told;
    for (const char* function : std::span(frame->kernel->functions, static_cast<std::size_t>(frame->kernel->nodes)))
      if (*function != 0 && std::ranges::find(told, function) == told.end()) told.emplace_back(function);
    return fmt::format("{}", fmt::join(told, ", "));
  }
};

// Whether the operands that would be overwritten are all there, one number for each of the result.
bool can_overwrite(const Frame& frame) {
  bool can = loops_of(frame).own_forward != nullptr && frame.dense;
  for (std::size_t i = 0; i < frame.operands.size(); ++i)
    can = can && (!has_bit(frame.kernel->overwritten, i) || whole_operand(frame.operands[i], frame.call));
  return can;
}

// Memory for the values the adjoint needs, unless they are so many that computing them again is better.
void keep_values(const Frame& frame, FusedCall& forward) {
  const Index bytes_of_tile = kept_bytes_of_tile(frame);
  if (bytes_of_tile == 0) return;
  forward.kept_tiles = (forward.cols + loops_of(frame).lanes - 1) / loops_of(frame).lanes;
  const Index bytes = forward.rows * forward.kept_tiles * bytes_of_tile;
  if (bytes > most_kept_bytes && !frame.in_place && bytes_of_tile <= static_cast<Index>(recomputed_bytes))
    forward.kept_tiles = 0;
  else forward.kept = frame.operands[0].tape().scratch<std::byte>(bytes).data();
}

}  // namespace

void run_fused(const FusedKernel& kernel, std::span<const Var> operands, std::span<const double> constants,
               std::span<Var> outputs, bool own) {
  Tape& tape = operands[0].tape();
  for (const Var& operand : operands)
    require<ValueError>(&operand.tape() == &tape, "fuse: operands {} and {} live on different tapes",
                        operands[0].shape(), operand.shape());
  const Shape shape = broadcast_shape(operands);
  const bool wanted = tape.recording() &&
                      std::any_of(operands.begin(), operands.end(), [](const Var& v) { return v.wants_gradient(); });
  for (Var& y : outputs) y = tape.output(shape, wanted);

  auto* const frame = tape.list<Frame>(1).data();
  const auto vars = tape.list<Var>(kernel.operands + kernel.outputs);
  for (std::size_t i = 0; i < vars.size(); ++i)
    vars[i] = i < operands.size() ? operands[i] : outputs[i - operands.size()];
  *frame = {&kernel, vars.first(operands.size()), vars.subspan(operands.size()), {}, false, false, false};
  FusedCall& call = frame->call;
  call.rows = shape.rows();
  call.cols = shape.cols();
  if (!constants.empty()) {
    const auto table = tape.list<double>(static_cast<Index>(constants.size()));
    std::copy(constants.begin(), constants.end(), table.begin());
    call.constants = table.data();
  }
  const auto streams = tape.list<Stream>(kernel.operands + kernel.outputs);
  const auto n = static_cast<std::size_t>(kernel.operands);
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const Var v = vars[i];
    streams[i] = stream_of(v, v.node()->value, call.rows, call.cols);
  }
  call.inputs = streams.data();
  call.outputs = streams.data() + n;
  frame->dense = std::all_of(streams.begin(), streams.end(), has_columns);
  frame->in_place = own && wanted && can_overwrite(*frame);
  const FusedKernel::Loops& loops = loops_of(*frame);
  const Index work = forward_work * kernel.nodes + function_work * kernel.kept;
  const bool joins = joins_rows(call.rows, call.cols * work, [&](RowUse& use) {
    for (std::size_t i = 0; i < n; ++i)
      if (frame->in_place && has_bit(kernel.overwritten, i)) use.result(frame->operands[i]);
      else use.value(frame->operands[i]);
    for (const Var& y : frame->outputs) use.result(y);
  });
  frame->flat = is_flat(streams, call.cols) && !(joins && call.cols % loops.lanes != 0);
  FusedCall forward = call;
  if (frame->flat) flatten(forward);
  if (wanted) keep_values(*frame, forward);
  call.kept = forward.kept;
  call.kept_tiles = forward.kept_tiles;
  const FusedKernel::Loop loop = frame->in_place ? loops.own_forward
                                 : frame->dense  ? loops.dense_forward
                                                 : loops.forward;
  if (joins) post_loop(loop, forward, call.rows);
  else run_loop(loop, forward, loops.lanes, work, [] { return Divisible{}; });
  for (std::size_t i = 0; i < n; ++i)
    if (frame->in_place && has_bit(kernel.overwritten, i)) operands[i].node()->root().overwritten = true;
  if (wanted) tape.on_backward(std::span<const Var>(frame->outputs), FusedBackward{frame});
}

}  // namespace recur::detail
