#include <recur/layers/recurrent/rnn.h>

#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/transpose.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/recurrent/checkpointed_unroll.h>
#include <recur/layers/recurrent/divided_unroll.h>
#include <recur/layers/recurrent/ragged.h>
#include <recur/layers/recurrent/unroll.h>

#include <algorithm>
#include <optional>

namespace recur {
namespace {

SequenceSteps even_steps(Tape& tape, Index time, Index batch, Var mask) {
  const auto first = tape.list<Index>(time + 1);
  for (Index t = 0; t <= time; ++t) first[static_cast<std::size_t>(t)] = t * batch;
  return {first, mask};
}

template <class Change>
std::span<const Var> changed(Tape& tape, std::span<const Var> values, Change change) {
  const auto result = tape.list<Var>(static_cast<Index>(values.size()));
  std::transform(values.begin(), values.end(), result.begin(), change);
  return result;
}

// The mask as one column, laid out as the input.
Var checked_mask(Var mask, const Shape& input) {
  const Shape wanted{input[0], input[1]};
  require(mask.shape() == wanted || mask.shape() == wanted.inserted(2, 1), "RNN: mask {} where {} is expected",
          mask.shape(), wanted);
  return reshape(mask, {wanted.count(), 1});
}

Var time_major_mask(Var mask, Index time, Index batch, const RNNOptions& options) {
  mask = reshape(mask, options.time_major ? Shape{time, batch} : Shape{batch, time});
  if (!options.time_major) mask = transpose(mask);
  return options.go_backwards ? reverse(mask, 0) : mask;
}

}  // namespace

void RNNOptions::fields(Fields& f) {
  f("return_sequences", return_sequences);
  f("return_state", return_state);
  f("go_backwards", go_backwards);
  f("stateful", stateful);
  f("unroll", unroll);
  f("time_major", time_major);
  f("zero_output_for_mask", zero_output_for_mask);
  f("activity_regularizer", activity_regularizer);
  f.without_meaning("input_dim");  // sizes are known when the layer is built
  f.without_meaning("input_length");
  f.without_meaning("use_cudnn");
}

RNN::RNN(AnyCell cell, RNNOptions options) : cell_(std::move(cell)), options_(options) {
  require<ValueError>(!cell_.empty(), "RNN: no cell given");
  state_sizes_ = cell_->state_size().flat();
}

RNN::RNN(std::vector<AnyCell> cells, RNNOptions options) : RNN(AnyCell(StackedRNNCells(std::move(cells))), options) {}

RNN::RNN(const RNN& other)
    : cell_(other.cell_), options_(other.options_), state_sizes_(other.state_sizes_), weights_(other.weights_) {
  for (const Array& state : other.stored_) stored_.push_back(state.clone());
}

void RNN::check_state(std::size_t i, const Shape& shape, Index batch) const {
  if (shape == Shape({batch, state_sizes_[i]})) return;
  fail<ShapeError>("RNN: state {} has shape {}, expected {} (state_size is {})", i, shape,
                   Shape{batch, state_sizes_[i]}, to_string(cell_->state_size()));
}

std::span<Var> RNN::start(Tape& tape, Index batch, const RNNCall& inputs) {
  const auto states = tape.list<Var>(static_cast<Index>(state_sizes_.size()));
  if (!inputs.initial_state.empty()) {
    if (inputs.initial_state.size() != states.size())
      fail<ShapeError>("RNN: {} initial states given, the cell has {} (state_size is {})", inputs.initial_state.size(),
                       states.size(), to_string(cell_->state_size()));
    std::copy(inputs.initial_state.begin(), inputs.initial_state.end(), states.begin());
  } else if (options_.stateful && !stored_.empty()) {
    require<StateError>(stored_[0].shape()[0] == batch,
                        "RNN: stateful with batch size {}, now {} (a stateful RNN needs one batch size; reset_states "
                        "does not change it, set_options does)",
                        stored_[0].shape()[0], batch);
    std::transform(stored_.begin(), stored_.end(), states.begin(), [&](const Array& a) { return tape.constant(a); });
  } else {
    cell_->initial_states(tape, batch, states);
  }
  for (std::size_t i = 0; i < states.size(); ++i) check_state(i, states[i].shape(), batch);
  return states;
}

std::span<const Var> RNN::dropout_masks(Tape& tape, Index batch, const RNNCall& inputs) {
  const Index count = cell_->mask_count();
  if (!inputs.dropout_masks.empty()) {
    require<ValueError>(static_cast<Index>(inputs.dropout_masks.size()) == count,
                        "RNN: {} dropout masks given, the cell uses {}", inputs.dropout_masks.size(), count);
    return inputs.dropout_masks;
  }
  if (count == 0 || !tape.training()) return {};
  const auto masks = tape.list<Var>(count);
  cell_->draw_masks(tape, batch, masks);
  return masks;
}

std::span<const Var> RNN::prepared(Tape& tape, std::span<const Var> constants) {
  const auto values = tape.list<Var>(cell_->prepared_count());
  if (!values.empty()) cell_->prepare(constants, values);
  return values;
}

namespace {

void check_call(Var x, const RNNCall& inputs, const RNNOptions& options, const CellInterface& cell) {
  require(x.shape().rank() == 3, "RNN: input {} where {} is expected{}", x.shape(),
          options.time_major ? "[time, batch, features]" : "[batch, time, features]",
          x.shape().rank() == 2 ? " (set return_sequences in the recurrent layer before it)" : "");
  require<ValueError>(!inputs.mask.defined() || inputs.lengths.empty(), "RNN: give a mask or lengths, not both");
  require<ValueError>(inputs.constants.empty() || cell.takes_constants(),
                      "RNN: {} constants given, but the cell takes none", inputs.constants.size());
  const Index batch = x.shape()[options.time_major ? 1 : 0];
  require(x.rows() > 0, "RNN: input {}: there must be at least one step and one sequence", x.shape());
  require(inputs.lengths.empty() || static_cast<Index>(inputs.lengths.size()) == batch,
          "RNN: {} lengths for a batch of {}", inputs.lengths.size(), batch);
  check_lengths(inputs.lengths, x.shape()[options.time_major ? 0 : 1]);
}

}  // namespace

Var RNN::unroll_whole(const DividedUnroll& run, std::span<Var> states, const RNNCall& inputs) {
  Tape& tape = run.x.tape();
  Var x = run.time_major ? run.x : transpose(run.x, 0, 1);
  const Index time = x.shape()[0];
  const Index batch = x.shape()[1];
  UnrollOptions unrolling = run.options;
  std::optional<RaggedBatch> ragged;
  SequenceSteps steps;
  if (run.lengths.empty()) {
    if (run.go_backwards) x = reverse(x, 0);
    steps = even_steps(tape, time, batch,
                       inputs.mask.defined() ? time_major_mask(inputs.mask, time, batch, options_) : Var());
  } else {
    ragged.emplace(tape, time, run.lengths, run.go_backwards);
    steps = ragged->steps();
    x = ragged->pack(x);
    const auto sorted = [&](Var value) { return ragged->sorted(value); };
    std::transform(states.begin(), states.end(), states.begin(), sorted);
    unrolling.context = {changed(tape, unrolling.context.masks, sorted), changed(tape, inputs.constants, sorted), {}};
  }
  unrolling.context.prepared = prepared(tape, unrolling.context.constants);
  unrolling.context.observer = observer_;
  const RowsOfBatch rows(tape, {0, 1, batch});
  Var output;
  with_team(2 * time, [&] {
    output = run.checkpoint.active() ? unroll_checkpointed(*cell_, x, steps, states, unrolling, run.checkpoint)
                                     : unroll(*cell_, x, steps, states, unrolling);
  });
  if (ragged) {
    for (Var& state : states) state = ragged->unsorted(state);
    output = options_.return_sequences ? ragged->unpack(output) : ragged->unsorted(output);
  } else if (options_.return_sequences) {
    output = reshape(output, {time, batch, output.cols()});
  }
  return options_.return_sequences && !options_.time_major ? transpose(output, 0, 1) : output;
}

RNNResult RNN::call(Var x, const RNNCall& inputs) {
  check_call(x, inputs, options_, *cell_);
  Tape& tape = x.tape();
  const Index batch = x.shape()[options_.time_major ? 1 : 0];
  std::span<Var> states = start(tape, batch, inputs);
  Var penalty;
  DividedUnroll run{&*cell_, x, {}, inputs.lengths, options_.time_major, options_.go_backwards, options_.checkpoint,
                    {}};
  run.options.sequence = options_.return_sequences;
  run.options.zero_output_for_mask = options_.zero_output_for_mask;
  run.options.context = {dropout_masks(tape, batch, inputs), inputs.constants, {}, observer_};
  run.options.penalty = &penalty;
  if (inputs.mask.defined()) run.mask = checked_mask(inputs.mask, x.shape());
  if (observer_ != nullptr) observer_->begin(tape);
  const int shares = shares_of(run, weights_);
  const Var output = shares > 1 ? unroll_divided(run, shares, states) : unroll_whole(run, states, inputs);
  if (options_.stateful) store(states);
  if (options_.activity_regularizer) add_penalty(penalty, options_.activity_regularizer(output));
  return {output, options_.return_state ? std::span<const Var>(states) : std::span<const Var>(), penalty};
}

void RNN::build(Builder& builder) {
  cell_.build(builder);
  weights_ = 0;
  for (const NamedParameter& p : parameters(*cell_)) weights_ += p.parameter->size();
}

LayerValue RNN::call(const LayerValue& input) {
  require<ValueError>(!input.is_ids(), "RNN: the input is ids; an Embedding must come first");
  const RNNResult result =
      call(input.value, {input.mask, input.lengths, input.initial_state, input.constants, input.dropout_masks});
  LayerValue output;
  output.value = result.output;
  output.states = result.states;
  output.penalty = result.penalty;
  if (options_.return_sequences) {
    // Outputs come in the order of processing, and with each the mask of its step.
    const bool turned = options_.go_backwards && input.mask.defined();
    output.mask = turned ? reverse(input.mask, options_.time_major ? 0 : 1) : input.mask;
    output.lengths = input.lengths;
  }
  return output;
}

void RNN::store(std::span<const Var> states) {
  stored_.resize(states.size());
  for (std::size_t i = 0; i < states.size(); ++i) states[i].copy_to(stored_[i]);
}

void RNN::reset_states() {
  require<StateError>(options_.stateful, "RNN::reset_states: the RNN is not stateful");
  for (Array& state : stored_) state.fill(0);
}

void RNN::reset_states(std::span<const Array> states) {
  require<StateError>(options_.stateful, "RNN::reset_states: the RNN is not stateful");
  require(states.size() == state_sizes_.size(), "RNN::reset_states: {} states given, the cell has {}", states.size(),
          state_sizes_.size());
  const Index batch =
      stored_.empty() ? (states[0].shape().rank() > 0 ? states[0].shape()[0] : 0) : stored_[0].shape()[0];
  for (std::size_t i = 0; i < states.size(); ++i) check_state(i, states[i].shape(), batch);
  stored_.clear();
  for (const Array& state : states) stored_.push_back(state.clone());
}

}  // namespace recur
