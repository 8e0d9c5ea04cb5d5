#include <recur/framework/expr/fused_call.h>

#include <algorithm>

namespace recur::detail {
namespace {

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
  return dispatch(dtype, [&]<class T>() -> void* { return v.adjoint<T>().data; });
}

// Whether backward computes a gradient for operand i.
bool takes_gradient(const Frame& frame, std::size_t i) {
  return frame.kernel->used[i] && frame.operands[i].wants_gradient();
}

bool whole_operand(Var v, const FusedCall& call) { return v.size() == call.rows * call.cols; }

// Columns of `root`, in all of its rows.
bool is_column_block(Var v, const Node& root) {
  const Node& node = *v.node();
  return v.rows() == root.shape.rows() && node.stride == root.stride && node.offset + v.cols() <= root.stride;
}

bool overlap(Var a, Var b) {
  return a.node()->offset < b.node()->offset + b.cols() && b.node()->offset < a.node()->offset + a.cols();
}

// Columns that together are all of a value whose gradient nobody has touched can be assigned without zeros first: the gates of
// a cell, split from one product.
bool claim_group(const Frame& frame, Node& root) {
  Index covered = 0;
  for (std::size_t i = 0; i < frame.operands.size(); ++i) {
    const Var v = frame.operands[i];
    if (&v.node()->root() != &root) continue;
    if (!takes_gradient(frame, i) || !whole_operand(v, frame.call) || !is_column_block(v, root)) return false;
    for (std::size_t j = 0; j < i; ++j)
      if (&frame.operands[j].node()->root() == &root && overlap(frame.operands[j], v)) return false;
    covered += v.cols();
  }
  if (covered != root.shape.cols()) return false;
  root.tape->new_adjoint(root);
  return true;
}

void claim_sinks(const Frame& frame, std::span<Sink> sinks) {
  const DType dtype = frame.operands[0].dtype();
  std::fill(sinks.begin(), sinks.end(), Sink{});
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    const Var v = frame.operands[i];
    if (!takes_gradient(frame, i) || sinks[i].stream.data != nullptr) continue;
    Node& root = v.node()->root();
    const auto shares = [&](Var other) { return &other.node()->root() == &root; };
    bool fresh = false;
    if (root.adjoint == nullptr && whole_operand(v, frame.call)) {
      const bool alone = std::count_if(frame.operands.begin(), frame.operands.end(), shares) == 1;
      if (alone && v.node() == &root) {
        root.tape->new_adjoint(root);
        fresh = true;
      } else if (!alone) {
        fresh = claim_group(frame, root);
      }
    }
    if (!fresh) dispatch(dtype, [&]<class T>() { (void)v.add_gradient<T>(); });
    // All operands in the same memory are settled together, by the first of them.
    for (std::size_t j = i; j < sinks.size(); ++j)
      if (const Var w = frame.operands[j]; shares(w) && takes_gradient(frame, j))
        sinks[j] = {stream_of(w, adjoint_data(w, dtype), frame.call.rows, frame.call.cols), fresh};
  }
}

void flatten(FusedCall& call) {
  call.cols *= call.rows;
  call.rows = 1;
}

const FusedKernel::Loops& loops_of(const Frame& frame) {
  return frame.kernel->loops[static_cast<std::size_t>(frame.operands[0].dtype())];
}

void run_backward(Frame& frame) {
  alignas(64) static constexpr double zeros[8] = {};
  Tape& tape = frame.operands[0].tape();
  FusedCall call = frame.call;
  const auto seeds = tape.list<Stream>(frame.kernel->outputs);
  const auto sinks = tape.list<Sink>(frame.kernel->operands);
  for (std::size_t o = 0; o < seeds.size(); ++o) {
    const Var y = frame.outputs[o];
    seeds[o] = y.has_adjoint() ? stream_of(y, adjoint_data(y, y.dtype()), call.rows, call.cols)
                               : Stream{const_cast<double*>(zeros), 0, 0};
  }
  claim_sinks(frame, sinks);
  call.seeds = seeds.data();
  call.sinks = sinks.data();
  if (frame.flat) flatten(call);
  const bool dense = frame.dense && std::all_of(seeds.begin(), seeds.end(), has_columns);
  (dense ? loops_of(frame).dense_backward : loops_of(frame).backward)(call);
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
  const auto copy = [&]<class T>(std::span<const T> from) {
    const auto to = tape.list<T>(static_cast<Index>(from.size()));
    std::copy(from.begin(), from.end(), to.begin());
    return to;
  };
  *frame = {&kernel, copy(operands), copy(std::span<const Var>(outputs)), {}, false, false};
  FusedCall& call = frame->call;
  call.rows = shape.rows();
  call.cols = shape.cols();
  call.constants = copy(constants).data();
  const auto streams = tape.list<Stream>(kernel.operands + kernel.outputs);
  const auto n = static_cast<std::size_t>(kernel.operands);
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const Var v = i < n ? operands[i] : outputs[i - n];
    streams[i] = stream_of(v, v.node()->value, call.rows, call.cols);
  }
  call.inputs = streams.data();
  call.outputs = streams.data() + n;
  frame->flat = is_flat(streams, call.cols);
  frame->dense = std::all_of(streams.begin(), streams.end(), has_columns);
  const FusedKernel::Loops& loops = loops_of(*frame);
  FusedCall forward = call;
  if (frame->flat) flatten(forward);
  if (wanted && kernel.kept > 0) {
    const Index tiles = forward.rows * ((forward.cols + loops.lanes - 1) / loops.lanes);
    const auto bytes = tiles * loops.lanes * kernel.kept * static_cast<Index>(size_of(tape.dtype()));
    forward.kept = call.kept = tape.scratch<std::byte>(bytes).data();
  }
  if (forward.rows > 0 && forward.cols > 0) (frame->dense ? loops.dense_forward : loops.forward)(forward);
  if (wanted) tape.on_backward(std::span<const Var>(frame->outputs), [frame] { run_backward(*frame); });
}

}  // namespace recur::detail
