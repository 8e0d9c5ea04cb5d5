#pragma once

#include "every_cell.h"
#include "support.h"

#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/reshape.h>

namespace recur::test {

/// One of the ways an RNN runs a cell.
struct WayToRun {
  const char* name;
  bool mask = false;
  std::vector<Index> lengths = {};
  bool initial_state = false;
  bool go_backwards = false;
};

/// What `check_cell_gradients` runs a cell on.
inline constexpr Index gradient_batch = 3;
inline constexpr Index gradient_steps = 4;

/// Outputs and final states side by side, so that all are checked.
inline Var everything(const RNNResult& result) {
  std::vector<Var> parts = {reshape(result.output, {1, result.output.size()})};
  for (const Var state : result.states) parts.push_back(reshape(state, {1, state.size()}));
  return concat(parts, 1);
}

/// Compares an RNN's gradients with finite differences in one way to run it, on a batch of 3 and 4 steps. Dropout masks
/// are the same in every evaluation, as the tape's seed is. A cell that takes constants gets a memory and its mask.
inline void check_gradients(const std::string& name, AnyCell cell, const WayToRun& way) {
  RNN rnn(std::move(cell), {.return_sequences = true, .return_state = true, .go_backwards = way.go_backwards});
  build(rnn, cell_features);
  std::vector<GradcheckInput> inputs = {Shape{gradient_batch, gradient_steps, cell_features}};
  if (way.initial_state)
    for (const Index size : rnn.cell()->state_size().flat()) inputs.emplace_back(Shape{gradient_batch, size});
  const bool memory = rnn.cell()->takes_constants();
  if (memory) inputs.emplace_back(Shape{gradient_batch, memory_time, memory_size});
  const Tensor<double> seen({gradient_batch, memory_time}, {1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1});
  const Tensor<double> mask({gradient_batch, gradient_steps}, {1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1});
  check_derivatives(
      name + ", " + way.name,
      [&](Tape& tape, std::span<const Var> x) {
        RNNCall call;
        if (way.mask) call.mask = tape.constant(mask);
        call.lengths = way.lengths;
        std::vector<Var> constants;
        if (memory) constants = {x.back(), tape.constant(seen)};
        call.constants = constants;
        call.initial_state = x.subspan(1, x.size() - 1 - (memory ? 1 : 0));
        return everything(rnn.call(x[0], call));
      },
      inputs, parameter_list(rnn));
}

/// Checks gradients of a cell, which `make` makes, in each of these ways to run it.
template <class Make>
void check_cell_gradients(const std::string& name, const Make& make) {
  const std::vector<WayToRun> ways = {
      {.name = "plain"},
      {.name = "mask", .mask = true},
      {.name = "lengths", .lengths = {2, 4, 1}},
      {.name = "lengths, one of them 0", .lengths = {0, 4, 2}},
      {.name = "initial state", .initial_state = true},
      {.name = "go_backwards", .go_backwards = true},
      {.name = "mask, initial state, go_backwards", .mask = true, .initial_state = true, .go_backwards = true},
      {.name = "lengths, initial state, go_backwards",
       .lengths = {2, 4, 0},
       .initial_state = true,
       .go_backwards = true},
  };
  for (const WayToRun& way : ways) check_gradients(name, AnyCell(make()), way);
}

/// A cell with options, without dropout and with it in both implementations.
template <class Cell>
void check_cell_gradients(const std::string& name, const typename Cell::Options& options) {
  check_cell_gradients(name, [&] { return Cell(4, options); });
  for (const int implementation : {1, 2})
    check_cell_gradients(name + ", dropout " + std::to_string(implementation),
                         [&] { return Cell(4, dropping(options, implementation)); });
}

}  // namespace recur::test
