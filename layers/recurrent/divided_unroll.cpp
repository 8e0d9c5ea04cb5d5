#include <recur/layers/recurrent/divided_unroll.h>

#include <recur/framework/autodiff/rows.h>
#include <recur/framework/recurrence/replicas.h>
#include <recur/layers/recurrent/batch_share.h>
#include <recur/layers/recurrent/checkpointed_unroll.h>

#include <algorithm>

namespace recur {
namespace {

using detail::BatchShare;

// Weights beyond this do not stay in the second-level cache of each thread: then a share of a few rows costs as much as
// twice as many.
constexpr Index cached_weights = 256 * 1024;  // elements
constexpr Index least_rows = 4;

/// The values of one share, on the tape of its own.
struct ShareValues {
  Var x;
  std::span<Var> states;  ///< Before the first step.
  std::span<Var> constants;
  Var output;
  std::span<Var> finals;  ///< The states after the last step.
  Var penalty;
};

/// A divided call, as plain data on the tape of the whole batch.
struct Divided {
  ReplicaSet* set;
  Var x;
  std::span<const Var> states;
  std::span<const Var> constants;
  Var output;
  std::span<Var> finals;
  Var penalty;
  bool sequence;
  bool ragged;
  std::span<const BatchShare> shares;
  std::span<ShareValues> values;
  std::span<bool> fresh;  ///< Of x, the states and the constants: whether their gradients are to be assigned.

  [[nodiscard]] const BatchShare& share(Index i) const { return shares[static_cast<std::size_t>(i)]; }
  [[nodiscard]] ShareValues& value(Index i) const { return values[static_cast<std::size_t>(i)]; }
  [[nodiscard]] std::span<const Index> output_rows(Index i) const {
    return sequence ? share(i).output_rows : share(i).sequences;
  }
};

// The given rows of a value as a value on another tape.
template <class T>
Var gathered(Tape& tape, Var whole, std::span<const Index> rows) {
  const Var part = tape.output({static_cast<Index>(rows.size()), whole.cols()}, whole.wants_gradient());
  const MatrixView<const T> from = whole.value<T>();
  const MatrixView<T> to = part.mutable_value<T>();
  for (std::size_t r = 0; r < rows.size(); ++r)
    std::copy_n(from.data + rows[r] * from.stride, from.cols, to.data + static_cast<Index>(r) * to.stride);
  return part;
}

// Sequences of a value with one entry for each, whatever its rank.
template <class T>
Var gathered_sequences(Tape& tape, Var whole, const BatchShare& share) {
  const Shape& shape = whole.shape();
  const Index rows = whole.rows() / shape[0];
  const auto list = tape.list<Index>(share.batch() * rows);
  for (std::size_t i = 0; i < list.size(); ++i)
    list[i] = share.sequences[i / static_cast<std::size_t>(rows)] * rows + static_cast<Index>(i) % rows;
  const Var flat = gathered<T>(tape, whole, list);
  flat.node()->shape = shape.with(0, share.batch());
  return flat;
}

template <class T>
void scatter(MatrixView<const T> from, MatrixView<T> to, std::span<const Index> rows) {
  for (std::size_t r = 0; r < rows.size(); ++r)
    std::copy_n(from.data + static_cast<Index>(r) * from.stride, from.cols, to.data + rows[r] * to.stride);
}

// The gradient of a whole value goes to its part.
template <class T>
void give_gradient(Var whole, Var part, std::span<const Index> rows) {
  if (!whole.defined() || !whole.has_adjoint() || !part.wants_gradient()) return;
  const MatrixView<const T> from = whole.adjoint<T>();
  const auto [to, fresh] = part.claim_gradient<T>();
  for (std::size_t r = 0; r < rows.size(); ++r)
    detail::put_rows<T>(from.middle_rows(rows[r], 1), {to.middle_rows(static_cast<Index>(r), 1), fresh});
}

// The gradient of a part goes to the whole value, to rows that no other part has.
template <class T>
void take_gradient(Var part, Var whole, std::span<const Index> rows, bool fresh) {
  if (!whole.wants_gradient()) return;
  const MatrixView<T> to = whole.adjoint<T>();
  const bool reached = part.has_adjoint();
  if (reached) part.tape().fill_unwritten(*part.node());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const MatrixView<T> row = to.middle_rows(rows[r], 1);
    if (reached) detail::put_rows<T>(part.adjoint<T>().middle_rows(static_cast<Index>(r), 1), {row, fresh});
    else if (fresh) std::fill_n(row.data, row.cols, T{});
  }
  if (reached) part.tape().release_gradient(*part.node());
}

template <class T>
void take_sequences(Var part, Var whole, const BatchShare& share, bool fresh) {
  if (!whole.wants_gradient()) return;
  const Index rows = whole.rows() / whole.shape()[0];
  const auto list = part.tape().list<Index>(share.batch() * rows);
  for (std::size_t i = 0; i < list.size(); ++i)
    list[i] = share.sequences[i / static_cast<std::size_t>(rows)] * rows + static_cast<Index>(i) % rows;
  take_gradient<T>(part, whole, list, fresh);
}

/// The adjoint of a divided call.
struct DividedBackward {
  const Divided* all;

  void operator()() const {
    dispatch_real(all->x.dtype(), [&]<class T>() { run<T>(); });
  }
  [[nodiscard]] std::string name() const { return "RNN"; }
  [[nodiscard]] std::span<Tape* const> inner_tapes() const { return all->set->tapes(); }

 private:
  // Memory for the gradients of what the shares have parts of.
  void claim() const {
    std::size_t i = 0;
    const auto claim = [&](Var whole, bool zeros) {
      bool& fresh = all->fresh[i++];
      fresh = false;
      if (!whole.wants_gradient()) return;
      if (zeros) whole.begin_gradient();
      else fresh = whole.claim();
    };
    claim(all->x, all->ragged);  // no share has the rows beyond a sequence's length
    for (const Var state : all->states) claim(state, false);
    for (const Var constant : all->constants) claim(constant, false);
  }
  template <class T>
  void give(Index i) const {
    const ShareValues& own = all->value(i);
    give_gradient<T>(all->output, own.output, all->output_rows(i));
    for (std::size_t k = 0; k < all->finals.size(); ++k)
      give_gradient<T>(all->finals[k], own.finals[k], all->share(i).sequences);
    if (all->penalty.defined() && all->penalty.has_adjoint() && own.penalty.defined() && own.penalty.wants_gradient())
      *own.penalty.add_gradient<T>().data += *all->penalty.adjoint<T>().data;
  }
  template <class T>
  void take(Index i) const {
    const ShareValues& own = all->value(i);
    const BatchShare& share = all->share(i);
    const auto* fresh = all->fresh.data();
    take_gradient<T>(own.x, all->x, share.input_rows, *fresh++);
    for (std::size_t k = 0; k < own.states.size(); ++k)
      take_gradient<T>(own.states[k], all->states[k], share.sequences, *fresh++);
    for (std::size_t k = 0; k < own.constants.size(); ++k)
      take_sequences<T>(own.constants[k], all->constants[k], share, *fresh++);
  }
  template <class T>
  void run() const {
    claim();
    all->set->backward(
        all->x.tape(), [&](Index i) { give<T>(i); }, [&](Index i) { take<T>(i); });
  }
};

// What one share does forward, on the thread that has it.
template <class T>
void run_share(const DividedUnroll& call, const Divided& all, Index i, Tape& tape) {
  const BatchShare& share = all.share(i);
  ShareValues& own = all.value(i);
  own.x = gathered<T>(tape, all.x, share.input_rows);
  for (std::size_t k = 0; k < own.states.size(); ++k) own.states[k] = gathered<T>(tape, all.states[k], share.sequences);
  for (std::size_t k = 0; k < own.constants.size(); ++k)
    own.constants[k] = gathered_sequences<T>(tape, all.constants[k], share);
  std::copy(own.states.begin(), own.states.end(), own.finals.begin());

  UnrollOptions options = call.options;
  const auto masks = tape.list<Var>(static_cast<Index>(options.context.masks.size()));
  for (std::size_t k = 0; k < masks.size(); ++k)
    masks[k] = gathered<T>(tape, options.context.masks[k], share.sequences);
  const auto prepared = tape.list<Var>(call.cell->prepared_count());
  if (!prepared.empty()) call.cell->prepare(own.constants, prepared);
  options.context = {masks, own.constants, prepared};
  own.penalty = Var();
  options.penalty = &own.penalty;
  const SequenceSteps steps{share.first, call.mask.defined() ? gathered<T>(tape, call.mask, share.input_rows) : Var()};
  own.output = call.checkpoint.active()
                   ? unroll_checkpointed(*call.cell, own.x, steps, own.finals, options,
                                         call.checkpoint.share(static_cast<Index>(all.shares.size())))
                   : unroll(*call.cell, own.x, steps, own.finals, options);
  scatter<T>(own.output.value<T>(), all.output.mutable_value<T>(), all.output_rows(i));
  for (std::size_t k = 0; k < own.finals.size(); ++k)
    scatter<T>(own.finals[k].value<T>(), all.finals[k].mutable_value<T>(), share.sequences);
}

std::span<Var> list_of(Tape& tape, std::span<const Var> values) {
  const auto copy = tape.list<Var>(static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), copy.begin());
  return copy;
}

Divided& new_divided(const DividedUnroll& call, int count, std::span<const Var> states) {
  Tape& tape = call.x.tape();
  const Index batch = call.x.shape()[call.time_major ? 1 : 0];
  auto& all = *::new (tape.list<Divided>(1).data()) Divided{};
  all.set = &Replicas::of(tape).acquire(count, tape.dtype());
  all.x = call.x;
  all.states = list_of(tape, states);
  all.constants = list_of(tape, call.options.context.constants);
  all.sequence = call.options.sequence;
  all.ragged = !call.lengths.empty();
  all.shares = detail::divide_batch(tape, call, count);
  all.values = tape.list<ShareValues>(count);
  for (ShareValues& own : all.values)
    own = {
        {}, tape.list<Var>(static_cast<Index>(states.size())), tape.list<Var>(static_cast<Index>(all.constants.size())),
        {}, tape.list<Var>(static_cast<Index>(states.size())), {}};
  all.fresh = tape.list<bool>(1 + static_cast<Index>(all.states.size() + all.constants.size()));
  const Index units = call.cell->output_size();
  all.output = tape.output(all.sequence ? call.x.shape().with(-1, units) : Shape{batch, units}, true);
  if (all.sequence && all.ragged)
    dispatch_real(tape.dtype(),
                  [&]<class T>() { std::fill_n(all.output.mutable_value<T>().data, all.output.size(), T{}); });
  all.finals = tape.list<Var>(static_cast<Index>(states.size()));
  std::transform(states.begin(), states.end(), all.finals.begin(),
                 [&](Var state) { return tape.output(state.shape(), true); });
  return all;
}

// Adds up the shares' penalties.
void add_penalties(Divided& all, Var& penalty) {
  if (!all.values[0].penalty.defined()) return;
  all.penalty = all.x.tape().zeros({});
  dispatch_real(all.x.dtype(), [&]<class T>() {
    for (const ShareValues& own : all.values) *all.penalty.mutable_value<T>().data += *own.penalty.value<T>().data;
  });
  add_penalty(penalty, all.penalty);
}

// Which results want a gradient shows when the shares have run.
void mark_wanted(Divided& all) {
  const auto any = [&](auto value_of) {
    return std::ranges::any_of(all.values, [&](const ShareValues& own) {
      const Var value = value_of(own);
      return value.defined() && value.wants_gradient();
    });
  };
  all.output.node()->wanted = any([](const ShareValues& own) { return own.output; });
  for (std::size_t k = 0; k < all.finals.size(); ++k)
    all.finals[k].node()->wanted = any([k](const ShareValues& own) { return own.finals[k]; });
  if (all.penalty.defined()) all.penalty.node()->wanted = any([](const ShareValues& own) { return own.penalty; });
}

void record(Divided& all) {
  Tape& tape = all.x.tape();
  const auto outputs = tape.list<Var>(static_cast<Index>(all.finals.size()) + 2);
  std::size_t count = 0;
  outputs[count++] = all.output;
  for (const Var state : all.finals) outputs[count++] = state;
  if (all.penalty.defined()) outputs[count++] = all.penalty;
  tape.on_backward(std::span<const Var>(outputs).first(count), DividedBackward{&all});
}

}  // namespace

int shares_of(const DividedUnroll& call, Index weights) {
  Tape& tape = call.x.tape();
  const CellContext& context = call.options.context;
  if (!tape.mechanisms().divide_batch || tape.dtype() == DType::dual || context.observer != nullptr ||
      !call.cell->divides_batch() || detail::inside_share())
    return 1;
  const Shape& shape = call.x.shape();
  const Index batch = shape[call.time_major ? 1 : 0];
  const Index steps = shape[call.time_major ? 0 : 1];
  const auto by_sequence = [&](Var value) { return value.shape().rank() >= 2 && value.shape()[0] == batch; };
  if (!std::ranges::all_of(context.constants, by_sequence) || !std::ranges::all_of(context.masks, by_sequence))
    return 1;
  const Index passes = tape.recording() ? 3 : 1;
  const Index rows = call.lengths.empty() ? batch : std::ranges::count_if(call.lengths, [](Index l) { return l > 0; });
  const Index shares = std::min<Index>(threads_for_pass(2 * weights * passes * batch * steps), rows);
  return weights > cached_weights && rows < least_rows * shares ? 1 : static_cast<int>(std::max<Index>(shares, 1));
}

Var unroll_divided(const DividedUnroll& call, int shares, std::span<Var> states) {
  Tape& tape = call.x.tape();
  Divided& all = new_divided(call, shares, states);
  const Index batch = call.x.shape()[call.time_major ? 1 : 0];
  const Generator::State start = tape.generator().state();
  try {
    all.set->forward(tape, [&](Index i, Tape& own) {
      const BatchShare& share = all.share(i);
      own.generator() = Generator(start);
      own.set_batch_rows({share.place, share.step, batch});
      dispatch_real(own.dtype(), [&]<class T>() { run_share<T>(call, all, i, own); });
    });
  } catch (const ForeignVar& error) {
    fail<ForeignVar>(
        "RNN: {} uses a value that it holds, while the batch is divided over threads: hand it over as a constant, or "
        "declare `static constexpr bool divides_batch = false` in the cell ({})",
        call.cell->class_name().empty() ? "the cell" : call.cell->class_name(), error.what());
  }
  tape.generator() = all.set->tapes()[0]->generator();  // its sequences are the longest
  add_penalties(all, *call.options.penalty);
  mark_wanted(all);
  if (tape.recording()) record(all);
  else all.set->reset();
  std::copy(all.finals.begin(), all.finals.end(), states.begin());
  return all.output;
}

}  // namespace recur
