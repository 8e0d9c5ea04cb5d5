#include <recur/framework/expr/fused_call.h>
#include <recur/framework/parallel.h>

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

struct Extent {
  Index rows = 1;
  Index cols = 1;
};

// What the backward pass needs to know; lives on the tape.
struct Frame {
  const FusedKernel* kernel;
  std::span<Var> operands;
  std::span<Var> outputs;
  FusedCall call;
  bool flat;   ///< The loops see one long row.
  bool dense;  ///< No operand has but one column.
};

[[noreturn]] void refuse(std::span<const Var> operands, const Shape& wanted, std::size_t at) {
  std::string shapes;
  for (const Var& operand : operands) shapes += (shapes.empty() ? "" : ", ") + to_string(operand.shape());
  fail<ShapeError>("fuse: operand {} of {} does not broadcast to {} (operands: {}; a scalar, one row or one column do)",
                   at, operands[at].shape(), wanted, shapes);
}

// The shape all operands broadcast to.
Shape result_shape(std::span<const Var> operands) {
  const Shape& first = operands[0].shape();
  if (std::all_of(operands.begin() + 1, operands.end(), [&](const Var& v) { return v.shape() == first; })) return first;
  Extent extent;
  for (const Var& operand : operands) {
    extent.rows = std::max(extent.rows, operand.rows());
    extent.cols = std::max(extent.cols, operand.cols());
  }
  // An empty operand makes the result empty.
  for (const Var& operand : operands) {
    if (operand.rows() == 0) extent.rows = 0;
    if (operand.cols() == 0) extent.cols = 0;
  }
  const auto fits = [&](const Var& v) { return v.rows() == extent.rows && v.cols() == extent.cols; };
  const auto full = std::max_element(operands.begin(), operands.end(), [&](const Var& a, const Var& b) {
    return (fits(a) ? a.shape().rank() : -1) < (fits(b) ? b.shape().rank() : -1);
  });
  const Shape shape = fits(*full) ? full->shape() : Shape{extent.rows, extent.cols};
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Var& v = operands[i];
    const bool rows_fit = v.rows() == extent.rows || v.rows() == 1;
    const bool cols_fit = v.cols() == extent.cols || v.cols() == 1;
    const bool same_axes = !fits(v) || v.shape() == shape || extent.rows == 1;
    if (!rows_fit || !cols_fit || !same_axes) refuse(operands, shape, i);
  }
  return shape;
}

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
// a cell, split from one product. `first` is one of the operands that are parts of it.
bool claim_group(const Frame& frame, Node& root, Var first) {
  if (root.stride <= 0) return false;
  const Index row = first.node()->offset / root.stride;
  Index covered = 0;
  for (std::size_t i = 0; i < frame.operands.size(); ++i) {
    const Var v = frame.operands[i];
    const Node& node = *v.node();
    if (&v.node()->root() != &root) continue;
    const Index col = node.offset - row * root.stride;
    const bool block = node.stride == root.stride && col >= 0 && col + v.cols() <= root.stride;
    if (!block || !takes_gradient(frame, i) || !whole_operand(v, frame.call)) return false;
    for (std::size_t j = 0; j < i; ++j) {
      const Var w = frame.operands[j];
      if (&w.node()->root() == &root && w.node()->offset < node.offset + v.cols() &&
          node.offset < w.node()->offset + w.cols())
        return false;
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
    const bool fresh = whole_operand(v, frame.call) && claim_group(frame, root, v);
    if (!fresh) dispatch(dtype, [&]<class T>() { (void)v.add_gradient<T>(); });
    // All operands in the same memory are settled together, by the first of them.
    for (std::size_t j = i; j < sinks.size(); ++j)
      if (const Var w = frame.operands[j]; shares(w) && takes_gradient(frame, j)) {
        if (!fresh && j != i) dispatch(dtype, [&]<class T>() { (void)w.add_gradient<T>(); });
        sinks[j] = {stream_of(w, adjoint_data(w, dtype), frame.call.rows, frame.call.cols), fresh};
      }
  }
}

// Which parts of the work can be done side by side: rows, columns, or neither, if two parts would add to the same number.
struct Divisible {
  bool rows = true;
  bool columns = true;
};
Divisible divisible(const Frame& frame, std::span<const Sink> sinks) {
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

// Runs a loop, on several threads where that pays: by rows, as the products before it (gemm.cpp), or by columns.
// `may_divide` says how.
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

void flatten(FusedCall& call) {
  call.cols *= call.rows;
  call.rows = 1;
}

const FusedKernel::Loops& loops_of(const Frame& frame) {
  return frame.kernel->loops[static_cast<std::size_t>(frame.operands[0].tape().dtype())];
}

Index kept_bytes_of_tile(const Frame& frame) {
  return loops_of(frame).lanes * frame.kernel->kept * static_cast<Index>(size_of(frame.operands[0].tape().dtype()));
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

void run_backward(Frame& frame) {
  alignas(64) static constexpr double zeros[8] = {};
  Tape& tape = frame.operands[0].tape();
  FusedCall call = frame.call;
  const auto seeds = tape.list<Stream>(frame.kernel->outputs);
  const auto sinks = tape.list<Sink>(frame.kernel->operands);
  for (std::size_t o = 0; o < seeds.size(); ++o) {
    const Var y = frame.outputs[o];
    seeds[o] = y.has_adjoint() ? stream_of(y, adjoint_data(y, tape.dtype()), call.rows, call.cols)
                               : Stream{const_cast<double*>(zeros), 0, 0};
  }
  claim_sinks(frame, sinks);
  call.seeds = seeds.data();
  call.sinks = sinks.data();
  if (frame.flat) flatten(call);
  const bool dense = frame.dense && std::all_of(seeds.begin(), seeds.end(), has_columns);
  const FusedKernel::Loops& loops = loops_of(frame);
  const FusedKernel::Loop backward = dense ? loops.dense_backward : loops.backward;
  const Index work = backward_work * frame.kernel->nodes;
  const auto may_divide = [&] { return divisible(frame, sinks); };
  if (call.kept != nullptr || frame.kernel->kept == 0) return run_loop(backward, call, loops.lanes, work, may_divide);
  run_loop([&](const FusedCall& part) { recompute_and_run(frame, backward, part); }, call, loops.lanes,
           work + function_work * frame.kernel->kept, may_divide);
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

// Memory for the values the adjoint needs, unless they are so many that computing them again is better.
void keep_values(const Frame& frame, FusedCall& forward) {
  const Index bytes_of_tile = kept_bytes_of_tile(frame);
  if (bytes_of_tile == 0) return;
  forward.kept_tiles = (forward.cols + loops_of(frame).lanes - 1) / loops_of(frame).lanes;
  const Index bytes = forward.rows * forward.kept_tiles * bytes_of_tile;
  if (bytes > most_kept_bytes && bytes_of_tile <= static_cast<Index>(recomputed_bytes)) forward.kept_tiles = 0;
  else forward.kept = frame.operands[0].tape().scratch<std::byte>(bytes).data();
}

}  // namespace

void run_fused(const FusedKernel& kernel, std::span<const Var> operands, std::span<const double> constants,
               std::span<Var> outputs) {
  Tape& tape = operands[0].tape();
  for (const Var& operand : operands)
    require<ValueError>(&operand.tape() == &tape, "fuse: operands {} and {} live on different tapes",
                        operands[0].shape(), operand.shape());
  const Shape shape = result_shape(operands);
  const bool wanted = tape.recording() &&
                      std::any_of(operands.begin(), operands.end(), [](const Var& v) { return v.wants_gradient(); });
  for (Var& y : outputs) y = tape.output(shape, wanted);

  auto* const frame = tape.list<Frame>(1).data();
  const auto vars = tape.list<Var>(kernel.operands + kernel.outputs);
  for (std::size_t i = 0; i < vars.size(); ++i)
    vars[i] = i < operands.size() ? operands[i] : outputs[i - operands.size()];
  *frame = {&kernel, vars.first(operands.size()), vars.subspan(operands.size()), {}, false, false};
  FusedCall& call = frame->call;
  call.rows = shape.rows();
  call.cols = shape.cols();
  if (!constants.empty()) {
    const auto own = tape.list<double>(static_cast<Index>(constants.size()));
    std::copy(constants.begin(), constants.end(), own.begin());
    call.constants = own.data();
  }
  const auto streams = tape.list<Stream>(kernel.operands + kernel.outputs);
  const auto n = static_cast<std::size_t>(kernel.operands);
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const Var v = vars[i];
    streams[i] = stream_of(v, v.node()->value, call.rows, call.cols);
  }
  call.inputs = streams.data();
  call.outputs = streams.data() + n;
  frame->flat = is_flat(streams, call.cols);
  frame->dense = std::all_of(streams.begin(), streams.end(), has_columns);
  const FusedKernel::Loops& loops = loops_of(*frame);
  FusedCall forward = call;
  if (frame->flat) flatten(forward);
  if (wanted) keep_values(*frame, forward);
  call.kept = forward.kept;
  call.kept_tiles = forward.kept_tiles;
  run_loop(frame->dense ? loops.dense_forward : loops.forward, forward, loops.lanes,
           forward_work * kernel.nodes + function_work * kernel.kept, [] { return Divisible{}; });
  if (wanted) tape.on_backward(std::span<const Var>(frame->outputs), FusedBackward{frame});
}

}  // namespace recur::detail
