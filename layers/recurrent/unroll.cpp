#include <recur/layers/recurrent/unroll.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/axis.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/recurrence/hoisted_product.h>

#include <algorithm>
#include <numeric>
#include <optional>

namespace recur {
namespace {

// Values carried from step to step, with the rows that have ended already.
class Carried {
 public:
  Carried(Tape& tape, std::span<const Var> first, Index steps)
      : tape_(tape),
        width_(first.size()),
        values_(tape.list<Var>(static_cast<Index>(width_))),
        ended_(tape.list<Var>(steps * static_cast<Index>(width_))) {
    std::copy(first.begin(), first.end(), values_.begin());
  }
  [[nodiscard]] std::span<Var> values() { return values_; }

  // Rows from `rows` on have ended: put them aside.
  void shrink(Index rows) {
    for (Var& value : values_) {
      ended_[ended_count_++] = slice(value, 0, rows, value.rows() - rows);
      value = slice(value, 0, 0, rows);
    }
  }
  // All rows in their order. Those that ended last are next to those that never did.
  void finish() {
    if (ended_count_ == 0) return;
    const std::size_t groups = ended_count_ / width_;
    for (std::size_t i = 0; i < width_; ++i) {
      const auto pieces = tape_.list<Var>(static_cast<Index>(groups) + 1);
      pieces[0] = values_[i];
      for (std::size_t g = 0; g < groups; ++g) pieces[groups - g] = ended_[g * width_ + i];
      values_[i] = concat(pieces, 0);
    }
  }

 private:
  Tape& tape_;
  std::size_t width_;
  std::span<Var> values_;
  std::span<Var> ended_;
  std::size_t ended_count_ = 0;
};

// The outputs of all steps, as rows of one value. The first step shows what they are like; from the second on each is
// told where to lie. An output that lies elsewhere after all is copied with the others at the end.
class Outputs {
 public:
  Outputs(Tape& tape, const SequenceSteps& steps)
      : tape_(tape), steps_(steps), outputs_(tape.list<Var>(steps.time())) {}

  // The place of the output of step t; undefined where the step is to find its own.
  [[nodiscard]] Var place(Index t) const {
    if (!whole_.defined()) return {};
    const Index first = steps_.first[static_cast<std::size_t>(t)] - steps_.first[0];
    return tape_.view(whole_, first * whole_.cols(), Shape::matrix(steps_.rows(t), whole_.cols()), whole_.cols());
  }
  void add(Index t, Var output, Var place) {
    outputs_[static_cast<std::size_t>(t)] = output;
    if (t > 0) in_place_ &= output.node() == place.node();
    else if (steps_.time() > few && tape_.mechanisms().place_outputs) reserve(output);
  }
  [[nodiscard]] Var all() {
    if (!whole_.defined() || !in_place_) return concat(outputs_, 0);
    copy(outputs_[0], place(0));
    return whole_;
  }

 private:
  static constexpr Index few = 4;

  void reserve(Var output) {
    whole_ = tape_.output({steps_.first.back() - steps_.first[0], output.cols()}, output.wants_gradient());
    // Last to run backwards: by then all steps have used the gradient, and its memory is given back.
    if (whole_.wants_gradient()) tape_.on_backward(whole_, "concat", [] {});
  }
  void copy(Var output, Var to) const {
    dispatch(tape_.dtype(), [&]<class T>() {
      detail::copy_rows<T>(output.value<T>(), to.mutable_value<T>());
      if (to.wants_gradient())
        tape_.on_backward(to, "concat",
                          [output, to] { detail::put_rows<T>(to.adjoint<T>(), output.claim_gradient<T>()); });
    });
  }

  Tape& tape_;
  const SequenceSteps& steps_;
  std::span<Var> outputs_;
  Var whole_;
  bool in_place_ = true;
};

std::span<const Var> first_rows(Tape& tape, std::span<const Var> values, Index rows) {
  const auto narrowed = tape.list<Var>(static_cast<Index>(values.size()));
  std::transform(values.begin(), values.end(), narrowed.begin(), [&](Var value) { return slice(value, 0, 0, rows); });
  return narrowed;
}

// A masked step leaves the states as they were; its output is the last one, or zeros if there is none.
void apply_mask(Var mask, std::span<const Var> before, std::span<Var> next, Var& output, Var last_output, Var place) {
  for (std::size_t i = 0; i < next.size(); ++i) next[i] = where(mask, next[i], before[i]);
  const auto choose = [](auto m, auto now, auto otherwise) { return where(m, now, otherwise); };
  if (last_output.defined()) output = fuse(into(place), choose, mask, output, last_output);
  else
    output = fuse(
        into(place), [](auto m, auto now) { return where(m, now, 0.0); }, mask, output);
}

// The output is often one of the states: then it is what the observer made of that.
void observe(const UnrollOptions& options, Index t, std::span<Var> next, Var& output) {
  const auto same = std::find_if(next.begin(), next.end(), [&](Var state) { return state.node() == output.node(); });
  options.context.observer->step(options.layer, options.first_step + t, next);
  if (same != next.end()) output = *same;
}

Var unroll_cell(CellInterface& cell, Var sequence, const SequenceSteps& steps, std::span<Var> states,
                const UnrollOptions& options) {
  Tape& tape = sequence.tape();
  const Index time = steps.time();
  const auto count = states.size();
  const Index batch = states.empty() ? steps.rows(0) : states[0].rows();
  const bool some_empty = steps.rows(0) < batch;
  const bool given = !options.last_outputs.empty();
  const Var no_output = given                                ? options.last_outputs[0]
                        : steps.mask.defined() || some_empty ? tape.zeros({batch, cell.output_size()})
                                                             : Var();
  Carried carried(tape, states, time);
  Carried last(tape, std::span(&no_output, 1), time);
  CellContext context = options.context;
  std::optional<Outputs> outputs;
  if (options.sequence) outputs.emplace(tape, steps);
  const auto next = tape.list<Var>(static_cast<Index>(count));
  sequence_steps(sequence, steps.first);
  const bool observed = context.observer != nullptr && !tape.will_recompute();
  for (Index t = 0; t < time; ++t) {
    const Index rows = steps.rows(t);
    if (rows < (t > 0 ? steps.rows(t - 1) : batch)) {
      carried.shrink(rows);
      last.shrink(rows);
      context = {first_rows(tape, context.masks, rows), first_rows(tape, context.constants, rows),
                 first_rows(tape, context.prepared, rows), context.observer};
    }
    const Var x = sequence_step(sequence, steps.first[static_cast<std::size_t>(t)], rows);
    const Var place = outputs ? outputs->place(t) : Var();
    if (!steps.mask.defined()) context.output = place;
    Var output = cell.call(x, carried.values(), next, context);
    if (observed) observe(options, t, next, output);
    if (steps.mask.defined()) {
      const Var mask = tape.view(steps.mask, t * rows, {rows, 1}, 1);
      apply_mask(mask, carried.values(), next, output, options.zero_output_for_mask ? Var() : last.values()[0], place);
    }
    std::copy(next.begin(), next.end(), carried.values().begin());
    last.values()[0] = output;
    if (outputs) outputs->add(t, output, place);
  }
  carried.finish();
  std::copy(carried.values().begin(), carried.values().end(), states.begin());
  if (given || !options.sequence) last.finish();
  if (given) options.last_outputs[0] = last.values()[0];
  return outputs ? outputs->all() : last.values()[0];
}

}  // namespace

Index cell_count(CellInterface& cell) {
  const std::span<AnyCell> cells = cell.stacked();
  return std::accumulate(cells.begin(), cells.end(), Index{cells.empty()},
                         [](Index count, const AnyCell& part) { return count + cell_count(*part); });
}

Var unroll(CellInterface& cell, Var sequence, const SequenceSteps& steps, std::span<Var> states,
           const UnrollOptions& options) {
  const std::span<AnyCell> cells = cell.stacked();
  Var x = sequence;
  if (cells.empty()) x = unroll_cell(cell, sequence, steps, states, options);
  CellContext rest = options.context;
  Index layer = options.layer;
  std::span<Var> last_outputs = options.last_outputs;
  for (std::size_t k = 0; k < cells.size(); ++k) {
    CellInterface& own = *cells[k];
    UnrollOptions inner = options;
    inner.sequence = options.sequence || k + 1 < cells.size();
    inner.context = own.take_context(rest);
    inner.layer = layer;
    layer += cell_count(own);
    if (!last_outputs.empty()) {
      inner.last_outputs = last_outputs.first(static_cast<std::size_t>(cell_count(own)));
      last_outputs = last_outputs.subspan(inner.last_outputs.size());
    }
    const auto offset = static_cast<std::size_t>(cell.state_offset(static_cast<Index>(k)));
    x = unroll(own, x, steps, states.subspan(offset, static_cast<std::size_t>(own.state_count())), inner);
  }
  if (cell.activity_regularizer && (options.sequence || options.last_outputs.empty()))
    add_penalty(*options.penalty, cell.activity_regularizer(x));
  return x;
}

}  // namespace recur
