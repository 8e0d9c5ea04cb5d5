#include <recur/framework/autodiff/recompute.h>

#include <recur/framework/autodiff/nested_tape.h>
#include <recur/framework/autodiff/rows.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace recur {
namespace {

// What survives of a nested tape: a shape, and numbers without gaps.
struct Kept {
  Shape shape;
  std::vector<std::byte> bytes;
};

Kept numbers_of(Var x) {
  const std::size_t row = static_cast<std::size_t>(x.cols()) * size_of(x.dtype());
  Kept kept{x.shape(), std::vector<std::byte>(row * static_cast<std::size_t>(x.rows()))};
  const auto* const from = static_cast<const std::byte*>(x.node()->value);
  for (Index r = 0; r < x.rows() && row > 0; ++r)
    std::memcpy(kept.bytes.data() + static_cast<std::size_t>(r) * row,
                from + static_cast<std::size_t>(r * x.node()->stride) * size_of(x.dtype()), row);
  return kept;
}

void run_again(Tape& tape, const detail::Subgraph& part, std::span<const Var> outputs,
               const Generator::State& earlier) {
  for (const Var input : part.inputs)
    if (input.wants_gradient()) tape.reserve_gradient(input);
  const ReplayRandom replay(tape.generator(), earlier);
  NestedTape nested(tape, NestedTape::Mode::record);
  const auto again = tape.list<Var>(static_cast<Index>(outputs.size()));
  part.run(part.body, part.inputs, again);
  dispatch(tape.dtype(), [&]<class T>() {
    for (std::size_t i = 0; i < outputs.size(); ++i)
      if (outputs[i].has_adjoint() && again[i].wants_gradient())
        detail::add_rows<T>(outputs[i].adjoint<T>(), again[i].add_gradient<T>());
  });
  nested.propagate();
}

}  // namespace

void detail::run_checkpointed(Tape& tape, const Subgraph& part, std::span<Var> outputs) {
  if (!tape.recording()) {
    part.run(part.body, part.inputs, outputs);
    return;
  }
  const Generator::State earlier = tape.generator().state();
  std::vector<Kept> results;
  {
    const NestedTape nested(tape, NestedTape::Mode::compute);
    part.run(part.body, part.inputs, outputs);
    std::transform(outputs.begin(), outputs.end(), std::back_inserter(results), numbers_of);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i] = tape.output(results[i].shape, true);
    if (!results[i].bytes.empty())
      std::memcpy(outputs[i].node()->value, results[i].bytes.data(), results[i].bytes.size());
  }
  tape.on_backward(std::span<const Var>(outputs),
                   [&tape, part, outputs, earlier] { run_again(tape, part, outputs, earlier); });
}

}  // namespace recur
