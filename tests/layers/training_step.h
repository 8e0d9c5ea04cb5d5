#pragma once

#include "every_cell.h"
#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>

// One training step of any cell, for tests that do it in two ways and compare.

namespace recur::test {

/// One case: what is run, how, and on what.
struct Case {
  Index time = 11;
  Index batch = 3;
  RNNOptions options{.return_sequences = true, .return_state = true};
  bool mask = false;
  std::vector<Index> lengths{};
  bool initial_state = false;
};

/// All that a training step leaves behind: outputs, states and gradients.
struct Outcome {
  std::vector<double> outputs;
  std::vector<double> inputs;      ///< Gradients of input, initial states and constants.
  std::vector<double> parameters;  ///< Gradients.
  std::size_t memory = 0;
};

inline void append(std::vector<double>& to, const std::vector<double>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

inline Outcome train(RNN& rnn, Case c, const Checkpointing& checkpoint) {
  c.options.checkpoint = checkpoint;
  rnn.set_options(c.options);
  const auto learned = parameters(rnn);
  for (const NamedParameter& p : learned) p.parameter->zero_gradient();
  Tape tape(DType::float64, 7);
  std::vector<Var> given = {tape.input(random_tensor({c.batch, c.time, cell_features}, 3))};
  std::vector<Var> states;
  if (c.initial_state)
    for (const Index size : rnn.cell()->state_size().flat())
      states.push_back(tape.input(random_tensor({c.batch, size}, 4)));
  given.insert(given.end(), states.begin(), states.end());
  RNNCall call{.lengths = c.lengths, .initial_state = states};
  std::vector<Var> constants;
  if (rnn.cell()->takes_constants()) {
    constants = {tape.input(random_tensor({c.batch, memory_time, memory_size}, 5))};
    given.push_back(constants[0]);
  }
  call.constants = constants;
  if (c.mask) {
    Tensor<double> mask({c.batch, c.time});
    Generator generator(6);
    for (double& value : mask.values()) value = generator.bernoulli(0.7);
    call.mask = tape.constant(mask);
  }
  const RNNResult result = rnn.call(given[0], call);
  Var loss = sum(result.output * tape.constant(random_tensor(result.output.shape(), 8)));
  for (const Var state : result.states) loss = loss + sum(state * state);
  if (result.penalty.defined()) loss = loss + result.penalty;
  tape.backward(loss);
  Outcome outcome;
  if (result.penalty.defined()) outcome.outputs.push_back(result.penalty.item());
  append(outcome.outputs, result.output.to_doubles());
  for (const Var state : result.states) append(outcome.outputs, state.to_doubles());
  for (const Var input : given) append(outcome.inputs, input.gradient().to_doubles());
  for (const NamedParameter& p : learned) append(outcome.parameters, p.parameter->gradient.to_doubles());
  outcome.memory = tape.memory();
  return outcome;
}

/// Sums of the same numbers in another order.
inline double largest_error(const std::vector<double>& found, const std::vector<double>& expected) {
  BOOST_REQUIRE(found.size() == expected.size());
  double largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    largest = std::max(largest, std::abs(found[i] - expected[i]) / std::max(1.0, std::abs(expected[i])));
  return largest;
}
inline constexpr double rounding = 1e-12;

}  // namespace recur::test
