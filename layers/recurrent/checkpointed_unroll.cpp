#include <recur/layers/recurrent/checkpointed_unroll.h>

#include <recur/framework/autodiff/nested_tape.h>
#include <recur/framework/ops/axis.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/recurrent/sequence_blocks.h>

#include <algorithm>

namespace recur {
namespace {

using detail::CarriedGradient;
using detail::SequenceBlocks;
using detail::StoredStates;

template <class T>
std::span<T> on_tape(Tape& tape, std::span<const T> values) {
  const auto copy = tape.list<T>(static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), copy.begin());
  return copy;
}

// Values of a sequence that is not recorded as one: gradients arrive at them from several detours.
void reserve_gradients(const SequenceBlocks& blocks) {
  const auto reserve = [&](Var value) {
    if (value.wants_gradient()) blocks.tape().reserve_gradient(value);
  };
  reserve(blocks.sequence);
  for (const auto& values :
       {blocks.options.context.masks, blocks.options.context.constants, blocks.options.context.prepared})
    std::for_each(values.begin(), values.end(), reserve);
}

// Backward through blocks [a, b) that began with `before` and led to `after`.
void go_back(const SequenceBlocks& blocks, Index a, Index b, Index units, const StoredStates& from,
             std::span<const Var> before, std::span<const Var> after) {
  Tape& tape = blocks.tape();
  reserve_gradients(blocks);
  for (const Var value : before)
    if (value.wants_gradient()) tape.reserve_gradient(value);
  const ReplayRandom draw(tape.generator(), from.generator);
  const NestedTape memory(tape, NestedTape::Mode::record);
  CarriedGradient gradient{tape.list<Var>(blocks.carried_count), tape.list<bool>(blocks.carried_count)};
  dispatch(tape.dtype(), [&]<class T>() {
    for (std::size_t i = 0; i < after.size(); ++i) {
      gradient.values[i] = tape.output(after[i].shape(), false);
      gradient.present[i] = after[i].has_adjoint();
      if (gradient.present[i]) detail::copy_rows<T>(after[i].adjoint<T>(), gradient.values[i].mutable_value<T>());
    }
    blocks.go_back(from, a, b, units, gradient);
    for (std::size_t i = 0; i < before.size(); ++i)
      if (gradient.present[i] && before[i].wants_gradient())
        detail::put_rows<T>(gradient.values[i].value<T>(), before[i].claim_gradient<T>());
  });
}

// Blocks [a, b), of which nothing is kept but the carried values behind them.
void add_checkpoint(const SequenceBlocks& blocks, Index a, Index b, Index units, std::span<Var> carried) {
  if (a == b) return;
  Tape& tape = blocks.tape();
  const std::span<const Var> before = on_tape<Var>(tape, carried);
  const auto start = tape.list<Var>(blocks.carried_count);
  const auto after = tape.list<Var>(blocks.carried_count + 1);
  for (std::size_t i = 0; i < start.size(); ++i) {
    const bool gaps = before[i].node()->stride != before[i].cols();
    start[i] = gaps ? tape.output(before[i].shape(), false) : before[i];
    detail::copy_values(before[i], start[i]);
    after[i] = tape.output(before[i].shape(), true);
  }
  const StoredStates from{start, tape.generator().state()};
  const std::span<const Var> behind = std::span<const Var>(after).first(start.size());
  blocks.advance(from, a, b, behind, true);
  std::copy(behind.begin(), behind.end(), carried.begin());
  if (!tape.recording()) return;
  const bool sequence = blocks.whole.defined();
  if (sequence) after.back() = blocks.outputs(a, b);
  tape.on_backward(std::span<const Var>(after).first(after.size() - (sequence ? 0 : 1)),
                   [&blocks, a, b, units, from, before, behind] {
                     with_team(2 * (blocks.first_step(b) - blocks.first_step(a)),
                               [&] { go_back(blocks, a, b, units, from, before, behind); });
                   });
}

// whole[rows of the blocks] = y      dy += dwhole[…]
void put_outputs(const SequenceBlocks& blocks, Index a, Index b, Var y) {
  if (!y.defined()) return;
  const Var to = blocks.outputs(a, b);
  detail::copy_values(y, to);
  if (!y.wants_gradient()) return;
  y.tape().on_backward(to, [y, to] {
    dispatch(y.dtype(), [&]<class T>() { detail::put_rows<T>(to.adjoint<T>(), y.claim_gradient<T>()); });
  });
}

void record(const SequenceBlocks& blocks, Index a, Index b, std::span<Var> carried) {
  put_outputs(blocks, a, b, blocks.run(a, b, carried));
}

// What the plan does on the way forward. The blocks after the last cut are recorded only if there is room for them.
void run_plan(const SequenceBlocks& blocks, Index count, std::span<Var> carried) {
  Index units = blocks.plan.units;
  Index a = 0;
  while (count - a > 1) {
    const CheckpointCut cut = blocks.plan.cut(count - a, units);
    const Index middle = a + cut.blocks;
    if (cut.activations) {
      add_checkpoint(blocks, a, middle - 1, units, carried);
      record(blocks, middle - 1, middle, carried);
    } else {
      add_checkpoint(blocks, a, middle, units, carried);
    }
    units = std::max<Index>(0, units - blocks.plan.cost_of(cut));
    a = middle;
  }
  add_checkpoint(blocks, a, count, units, carried);
}

// Records one step and two, and forgets them: what each needs.
Checkpointing::Sizes measure(const SequenceBlocks& blocks, std::span<const Var> carried) {
  Tape& tape = blocks.tape();
  const ReplayRandom draw(tape.generator(), tape.generator().state());
  std::size_t used[2] = {};
  for (Index steps = 1; steps <= 2; ++steps) {
    SequenceBlocks some = blocks;
    some.block = std::min(steps, blocks.steps.time());
    some.options.context.observer = nullptr;
    NestedTape detour(tape, NestedTape::Mode::record);
    static_cast<void>(some.run(0, 1, on_tape<Var>(tape, carried)));
    // A value has a gradient of its size at most. Records, and products that wait, are not in the arena.
    constexpr std::size_t lists = 512;
    used[steps - 1] = 2 * detour.values_used() + detour.nodes_used() + lists * static_cast<std::size_t>(steps);
  }
  const std::size_t step = used[1] > used[0] ? used[1] - used[0] : used[0];
  Checkpointing::Sizes sizes{0, step + step / 32};  // with an allowance for what a block needs once
  for (const Var value : carried) sizes.states += static_cast<std::size_t>(value.size()) * size_of(tape.dtype());
  return sizes;
}

bool shrinks(const SequenceSteps& steps, Index batch) { return steps.rows(steps.time() - 1) < batch; }

bool has_penalty(CellInterface& cell) {
  const std::span<AnyCell> cells = cell.stacked();
  return static_cast<bool>(cell.activity_regularizer) ||
         std::any_of(cells.begin(), cells.end(), [](const AnyCell& part) { return has_penalty(*part); });
}

// Those on the last output, of a stack and of the last cell in it.
void add_last_penalties(CellInterface& cell, Var output, Var& penalty) {
  if (!cell.stacked().empty()) add_last_penalties(*cell.stacked().back(), output, penalty);
  if (cell.activity_regularizer) add_penalty(penalty, cell.activity_regularizer(output));
}

// Zeros for the last outputs of all cells.
void fill_outputs(Tape& tape, CellInterface& cell, Index batch, std::span<Var>& rest) {
  for (const AnyCell& part : cell.stacked()) fill_outputs(tape, *part, batch, rest);
  if (!cell.stacked().empty()) return;
  rest[0] = tape.zeros({batch, cell.output_size()});
  rest = rest.subspan(1);
}

// The states, and zeros for the last outputs and the penalty where those are carried too.
std::span<Var> carried_values(const SequenceBlocks& blocks, std::span<const Var> states, Index batch) {
  const auto carried = blocks.tape().list<Var>(blocks.carried_count);
  std::copy(states.begin(), states.end(), carried.begin());
  std::span<Var> outputs = carried.subspan(states.size());
  if (blocks.output_count > 0) fill_outputs(blocks.tape(), *blocks.cell, batch, outputs);
  if (blocks.carries_penalty()) carried.back() = blocks.tape().constant(0.0);
  return carried;
}

}  // namespace

Var unroll_checkpointed(CellInterface& cell, Var sequence, const SequenceSteps& steps, std::span<Var> states,
                        const UnrollOptions& options, const Checkpointing& checkpointing) {
  Tape& tape = sequence.tape();
  const Index batch = states.empty() ? steps.rows(0) : states[0].rows();
  const auto state_count = static_cast<Index>(states.size());
  const bool with_outputs = steps.mask.defined() || !options.sequence || shrinks(steps, batch);
  const Index output_count = with_outputs ? cell_count(cell) : 0;
  const Index carried_count = state_count + output_count + (has_penalty(cell) ? 1 : 0);
  auto& blocks = *::new (tape.list<SequenceBlocks>(1).data())
                     SequenceBlocks{&cell,        sequence,      steps, options, steps.time(),     state_count,
                                    output_count, carried_count, {},    {},      tape.batch_rows()};
  const std::span<Var> carried = carried_values(blocks, states, batch);
  const auto sizes = checkpointing.needs_sizes() ? measure(blocks, carried) : Checkpointing::Sizes{};
  const Checkpointing::Layout layout = checkpointing.layout(steps.time(), sizes);
  if (layout.block >= steps.time() && layout.recorded > 0) return unroll(cell, sequence, steps, states, options);
  blocks.block = layout.block;
  blocks.plan = layout.plan.view();
  blocks.plan.cuts = on_tape<std::int16_t>(tape, blocks.plan.cuts);
  // The caller's lists may be gone by the time of the backward pass.
  blocks.options.context = {on_tape(tape, options.context.masks), on_tape(tape, options.context.constants),
                            on_tape(tape, options.context.prepared), options.context.observer};
  if (options.sequence) blocks.whole = tape.output({steps.first.back(), cell.output_size()}, true);

  const Index count = (steps.time() + layout.block - 1) / layout.block;
  run_plan(blocks, count - layout.recorded, carried);
  if (layout.recorded > 0) record(blocks, count - layout.recorded, count, carried);
  std::copy_n(carried.begin(), states.size(), states.begin());
  const Var output =
      options.sequence ? blocks.whole : carried[static_cast<std::size_t>(state_count + output_count) - 1];
  if (blocks.carries_penalty()) {
    add_penalty(*options.penalty, carried.back());
    if (!options.sequence) add_last_penalties(cell, output, *options.penalty);
  }
  return output;
}

}  // namespace recur
