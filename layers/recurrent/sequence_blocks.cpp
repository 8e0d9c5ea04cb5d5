#include <recur/layers/recurrent/sequence_blocks.h>

#include <recur/framework/autodiff/nested_tape.h>
#include <recur/framework/ops/axis.h>

#include <algorithm>

namespace recur::detail {

void copy_values(Var from, Var to) {
  if (from.node()->value == to.node()->value) return;
  dispatch(to.dtype(), [&]<class T>() { copy_rows<T>(from.value<T>(), to.mutable_value<T>()); });
}

/// A block that has been recorded, on a detour of its own, and what it began with and led to.
struct SequenceBlocks::Recorded {
  Recorded(const SequenceBlocks& all, const StoredStates& from, Index a) : blocks(all), index(a) {
    Tape& tape = blocks.tape();
    before = tape.list<Var>(blocks.carried_count);
    after = tape.list<Var>(blocks.carried_count);
    std::transform(from.values.begin(), from.values.end(), before.begin(), [&](Var x) { return tape.shadow(x); });
    std::copy(before.begin(), before.end(), after.begin());
    tape.generator() = Generator(from.generator);
    outputs = blocks.run(a, a + 1, after);
  }

  void go_back(NestedTape& detour, CarriedGradient& gradient) const {
    dispatch(blocks.tape().dtype(), [&]<class T>() {
      for (std::size_t i = 0; i < after.size(); ++i)
        if (gradient.present[i] && after[i].wants_gradient())
          put_rows<T>(gradient.values[i].value<T>(), {after[i].add_gradient<T>(), false});
      if (outputs.defined() && outputs.wants_gradient() && blocks.whole.has_adjoint())
        put_rows<T>(blocks.outputs(index, index + 1).adjoint<T>(), outputs.claim_gradient<T>());
    });
    detour.propagate();
    dispatch(blocks.tape().dtype(), [&]<class T>() {
      for (std::size_t i = 0; i < before.size(); ++i) {
        gradient.present[i] = before[i].has_adjoint();
        if (!gradient.present[i]) continue;
        blocks.tape().fill_unwritten(*before[i].node());
        copy_rows<T>(before[i].adjoint<T>(), gradient.values[i].mutable_value<T>());
      }
    });
  }

  const SequenceBlocks& blocks;
  Index index;
  std::span<Var> before;
  std::span<Var> after;
  Var outputs;
};

Var SequenceBlocks::outputs(Index a, Index b) const {
  const Index units = whole.cols();
  return tape().view(whole, first_row(a) * units, {first_row(b) - first_row(a), units}, units);
}

Var SequenceBlocks::run(Index a, Index b, std::span<Var> carried) const {
  const RowsOfBatch same(tape(), rows);
  const Index begin = first_step(a);
  const Index end = first_step(b);
  const auto first = tape().list<Index>(end - begin + 1);
  for (Index t = begin; t <= end; ++t)
    first[static_cast<std::size_t>(t - begin)] = steps.first[static_cast<std::size_t>(t)] - first_row(a);
  SequenceSteps own{first, {}};
  if (steps.mask.defined()) {
    const Index batch = steps.rows(0);
    own.mask = tape().view(steps.mask, begin * batch, {end - begin, batch}, batch);
  }
  const Index stride = sequence.node()->stride;
  const Var x = tape().view(sequence, first_row(a) * stride, {first.back(), sequence.cols()}, stride);
  UnrollOptions inner = options;
  inner.first_step = begin;
  inner.last_outputs = carried.subspan(static_cast<std::size_t>(state_count), static_cast<std::size_t>(output_count));
  inner.penalty = carries_penalty() ? &carried.back() : nullptr;
  const Var result = unroll(*cell, x, own, carried.first(static_cast<std::size_t>(state_count)), inner);
  return whole.defined() ? result : Var();
}

void SequenceBlocks::advance(const StoredStates& from, Index a, Index b, std::span<const Var> to,
                             bool write_outputs) const {
  tape().generator() = Generator(from.generator);
  const auto carried = tape().list<Var>(carried_count);
  for (Index i = a; i < b; ++i) {
    const std::span<const Var> start = i == a ? from.values : to;
    std::copy(start.begin(), start.end(), carried.begin());
    const NestedTape detour(tape(), NestedTape::Mode::compute);
    const Var result = run(i, i + 1, carried);
    // A cell may hand on one state in the place of another: all are read before any is written.
    const auto read = tape().list<Var>(carried_count);
    for (std::size_t k = 0; k < read.size(); ++k) {
      read[k] = tape().output(carried[k].shape(), false);
      copy_values(carried[k], read[k]);
    }
    for (std::size_t k = 0; k < read.size(); ++k) copy_values(read[k], to[k]);
    if (write_outputs && whole.defined()) copy_values(result, outputs(i, i + 1));
  }
}

std::span<const Var> SequenceBlocks::memory_for(std::span<const Var> values) const {
  const auto memory = tape().list<Var>(static_cast<Index>(values.size()));
  std::transform(values.begin(), values.end(), memory.begin(),
                 [&](Var value) { return tape().output(value.shape(), false); });
  return memory;
}

StoredStates SequenceBlocks::stored_behind(const StoredStates& from, Index a, Index b) const {
  if (a == b) return from;
  const std::span<const Var> memory = memory_for(from.values);
  advance(from, a, b, memory, false);
  return {memory, tape().generator().state()};
}

void SequenceBlocks::go_back_through_one(const StoredStates& from, Index a, CarriedGradient& gradient) const {
  NestedTape detour(tape(), NestedTape::Mode::record);
  Recorded(*this, from, a).go_back(detour, gradient);
}

void SequenceBlocks::go_back(const StoredStates& from, Index a, Index b, Index units, CarriedGradient& gradient) const {
  for (; b - a > 1;) {
    const CheckpointCut cut = plan.cut(b - a, units);
    const Index left = std::max<Index>(0, units - plan.cost_of(cut));
    const Index middle = a + cut.blocks;
    NestedTape memory(tape(), NestedTape::Mode::record);
    if (cut.activations) {
      const Recorded kept(*this, stored_behind(from, a, middle - 1), middle - 1);
      const Generator::State behind = tape().generator().state();
      const std::span<const Var> states = memory_for(kept.after);
      for (std::size_t i = 0; i < states.size(); ++i) copy_values(kept.after[i], states[i]);
      go_back({states, behind}, middle, b, left, gradient);
      kept.go_back(memory, gradient);
      b = middle - 1;
    } else {
      go_back(stored_behind(from, a, middle), middle, b, left, gradient);
      b = middle;
    }
  }
  if (b > a) go_back_through_one(from, a, gradient);
}

}  // namespace recur::detail
