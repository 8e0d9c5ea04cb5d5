#include <recur/framework/expr/fused_call.h>

#include <recur/framework/autodiff/operation_observer.h>
#include <recur/framework/expr/broadcast.h>
#include <recur/framework/expr/fused_sinks.h>
#include <recur/framework/expr/run_loop.h>
#include <recur/framework/expr/summed_sinks.h>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace recur::detail {
namespace {

// What a node of an expression costs for each element, in the operations of parallel.h, which a matrix product does
// many more of in a second; and what the functions cost whose values are kept for the adjoint.
constexpr Index forward_work = 3;
constexpr Index function_work = 25;
constexpr Index backward_work = 6;

// Values kept for the adjoint beyond this would go out to memory and come back, which takes about as long as to compute
// them again. Then they are, a few at a time, and training needs a third less memory.
constexpr Index most_kept_bytes = 512 * 1024;
constexpr std::size_t recomputed_bytes = 16 * 1024;

// One long row can be walked when no operand has gaps between its rows or repeats but as a whole.
bool is_flat(std::span<const Stream> streams, Index cols) {
  return std::all_of(streams.begin(), streams.end(), [&](const Stream& s) {
    return (s.col_step == 1 && s.row_stride == cols) || (s.col_step == 0 && s.row_stride == 0);
  });
}

void flatten(FusedCall& call) {
  call.cols *= call.rows;
  call.rows = 1;
}

const FusedKernel::Loops& loops_of(const FusedFrame& frame) {
  return frame.kernel->loops[static_cast<std::size_t>(frame.operands[0].tape().dtype())];
}

Index kept_bytes_of_tile(const FusedFrame& frame) {
  const int kept = frame.in_place ? frame.kernel->kept_aside : frame.kernel->kept;
  return loops_of(frame).lanes * kept * static_cast<Index>(size_of(frame.operands[0].tape().dtype()));
}

// The backward loop where nothing was kept: a few tiles go forward again and then backward, before they leave the
// cache.
void recompute_and_run(const FusedFrame& frame, FusedKernel::Loop backward, FusedCall call) {
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

// What stands for the gradient of an output that none has reached: zeros, one for all or, as the loops in place want
// it, a row.
Stream no_gradient(const FusedFrame& frame) {
  alignas(64) static constexpr double zero[8] = {};
  if (!frame.in_place) return {const_cast<double*>(zero), 0, 0};
  Tape& tape = frame.operands[0].tape();
  const Index cols = frame.flat ? frame.call.rows * frame.call.cols : frame.call.cols;
  const auto zeros = tape.scratch<std::byte>(cols * static_cast<Index>(size_of(tape.dtype())));
  std::fill(zeros.begin(), zeros.end(), std::byte{0});
  return {zeros.data(), 0, 1};
}

// A list that lies on the stack unless it is long. Its elements must be assigned before they are read.
template <class T>
class Table {
 public:
  Table(Tape& tape, int count) {
    const auto n = static_cast<std::size_t>(count);
    elements_ = n <= usual_operands ? std::span(reinterpret_cast<T*>(usual_.data()), n) : tape.list<T>(count);
  }
  [[nodiscard]] std::span<T> elements() const { return elements_; }

 private:
  alignas(T) std::array<std::byte, usual_operands * sizeof(T)> usual_;
  std::span<T> elements_;
};

void run_backward(const FusedFrame& frame) {
  Tape& tape = frame.operands[0].tape();
  FusedCall call = frame.call;
  const Table<Stream> seed_table(tape, frame.kernel->outputs);
  const Table<Sink> sink_table(tape, frame.kernel->operands);
  const auto seeds = seed_table.elements();
  const auto sinks = sink_table.elements();
  for (std::size_t o = 0; o < seeds.size(); ++o) {
    const Var y = frame.outputs[o];
    seeds[o] = y.has_adjoint() ? stream_of(y, y.node()->gradient_data(), call.rows, call.cols) : no_gradient(frame);
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
  const auto run = [&](auto loop) { run_loop(loop, call, loops.lanes, work, [&] { return divisible(frame, sinks); }); };
  const auto run_whole = [&](auto loop) {
    const SummedSinks sums(tape, frame.uniform ? std::span<const Sink>() : sinks, call, loops.lanes);
    if (sums.empty()) return run(loop);
    run([&](const FusedCall& part) { sums.run(loop, part); });
    sums.finish();
  };
  if (recompute) run_whole([&frame, backward](const FusedCall& part) { recompute_and_run(frame, backward, part); });
  else run_whole(backward);
}

struct FusedBackward {
  const FusedFrame* frame;
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
bool can_overwrite(const FusedFrame& frame) {
  bool can = loops_of(frame).own_forward != nullptr && frame.dense;
  if (frame.uniform) return can;
  for (std::size_t i = 0; i < frame.operands.size(); ++i)
    can = can && (!has_bit(frame.kernel->overwritten, i) || whole_operand(frame.operands[i], frame.call));
  return can;
}

// Memory for the values the adjoint needs, unless they are so many that computing them again is better.
void keep_values(const FusedFrame& frame, FusedCall& forward) {
  const Index bytes_of_tile = kept_bytes_of_tile(frame);
  if (bytes_of_tile == 0) return;
  forward.kept_tiles = (forward.cols + loops_of(frame).lanes - 1) / loops_of(frame).lanes;
  const Index bytes = forward.rows * forward.kept_tiles * bytes_of_tile;
  if (bytes > most_kept_bytes && !frame.in_place && bytes_of_tile <= static_cast<Index>(recomputed_bytes))
    forward.kept_tiles = 0;
  else forward.kept = frame.operands[0].tape().scratch<std::byte>(bytes).data();
}

// Room on the tape for a frame, its operands and outputs, their streams and the constants: one piece, in this order.
FusedFrame& new_frame(Tape& tape, const FusedKernel& kernel, std::span<const double> constants) {
  const std::size_t count = static_cast<std::size_t>(kernel.operands) + static_cast<std::size_t>(kernel.outputs);
  const std::size_t bytes = sizeof(FusedFrame) + count * (sizeof(Var) + sizeof(Stream)) + constants.size_bytes();
  static_assert(alignof(FusedFrame) <= 8 && sizeof(FusedFrame) % 8 == 0 && sizeof(Var) % 8 == 0 &&
                sizeof(Stream) % 8 == 0);
  std::byte* at = tape.list<std::byte>(static_cast<Index>(bytes)).data();
  auto* const frame = ::new (at) FusedFrame{};
  at += sizeof(FusedFrame);
  const std::span<Var> vars(reinterpret_cast<Var*>(at), count);
  at += vars.size_bytes();
  frame->kernel = &kernel;
  frame->operands = vars.first(static_cast<std::size_t>(kernel.operands));
  frame->outputs = vars.subspan(static_cast<std::size_t>(kernel.operands));
  frame->streams = {reinterpret_cast<Stream*>(at), count};
  at += frame->streams.size_bytes();
  auto* const table = reinterpret_cast<double*>(at);
  std::copy(constants.begin(), constants.end(), table);
  frame->call.constants = table;
  return *frame;
}

void describe_operands(FusedFrame& frame, const Shape& shape) {
  FusedCall& call = frame.call;
  call.rows = shape.rows();
  call.cols = shape.cols();
  call.inputs = frame.streams.data();
  call.outputs = frame.streams.data() + frame.operands.size();
  frame.flat = true;
  for (std::size_t i = 0; i < frame.streams.size(); ++i) {
    const Var v = frame.operands.data()[i];  // the outputs follow
    frame.streams[i] = frame.uniform ? Stream{v.node()->value, v.node()->stride, 1}
                                     : stream_of(v, v.node()->value, call.rows, call.cols);
    frame.flat &= frame.streams[i].row_stride == call.cols;
  }
  frame.dense = frame.uniform;
  if (frame.uniform) return;
  frame.dense = std::all_of(frame.streams.begin(), frame.streams.end(), has_columns);
  frame.flat = is_flat(frame.streams, call.cols);
}

bool fits(Var destination, const Shape& shape, bool wanted) {
  return destination.defined() && destination.shape() == shape && destination.wants_gradient() == wanted;
}

// Runs the forward loop, keeping what the adjoint needs if it is `wanted`.
void run_forward(FusedFrame& frame, bool wanted) {
  const FusedKernel& kernel = *frame.kernel;
  FusedCall forward = frame.call;
  if (frame.flat) flatten(forward);
  if (wanted) keep_values(frame, forward);
  frame.call.kept = forward.kept;
  frame.call.kept_tiles = forward.kept_tiles;
  const FusedKernel::Loops& loops = loops_of(frame);
  const FusedKernel::Loop loop = frame.in_place ? loops.own_forward : frame.dense ? loops.dense_forward : loops.forward;
  run_loop(loop, forward, loops.lanes, forward_work * kernel.nodes + function_work * kernel.kept,
           [] { return Divisible{}; });
  if (!frame.in_place) return;
  for (std::size_t i = 0; i < frame.operands.size(); ++i)
    if (has_bit(kernel.overwritten, i)) frame.operands[i].node()->root().use = ValueUse::overwritten;
}

}  // namespace

void run_fused(const FusedKernel& kernel, std::span<const Var> operands, std::span<const double> constants,
               std::span<Var> outputs, const FusedMemory& memory) {
  Tape& tape = operands[0].tape();
  bool wanted = false;
  bool uniform = true;
  for (const Var operand : operands) {
    require_one_tape("fuse", operands[0], operand);
    wanted |= operand.wants_gradient();
    uniform = uniform && operand.shape() == operands[0].shape();
  }
  wanted = wanted && tape.recording();
  const Shape shape = uniform ? operands[0].shape() : broadcast_shape(operands);
  FusedFrame& frame = new_frame(tape, kernel, constants);
  frame.uniform = uniform;
  std::copy(operands.begin(), operands.end(), frame.operands.begin());
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const bool placed = o == 0 && fits(memory.destination, shape, wanted);
    outputs[o] = frame.outputs[o] = placed ? memory.destination : tape.output(shape, wanted);
  }
  describe_operands(frame, shape);
  frame.in_place = memory.overwrite && wanted && tape.mechanisms().overwrite_operands && can_overwrite(frame);
  run_forward(frame, wanted);
  if (wanted) tape.on_backward(std::span<const Var>(frame.outputs), FusedBackward{&frame});
  if (auto* const observer = tape.operation_observer(); observer != nullptr) [[unlikely]]
    observer->fused(kernel, frame.operands, constants, frame.outputs);
}

}  // namespace recur::detail
