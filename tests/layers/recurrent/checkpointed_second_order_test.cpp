#include "every_cell.h"
#include "support.h"

#include <recur/framework/check/second_order.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>

using namespace recur;
using namespace recur::test;

namespace {

constexpr Index batch = 3;
constexpr Index steps = 7;

Array array_of(const Tensor<double>& tensor) {
  Array array(tensor.shape(), DType::float64);
  array.assign(tensor.values());
  return array;
}

// What the functions of second_order.h make of an RNN, all in one list.
std::vector<double> second_order(RNN& rnn, bool mask, const Checkpointing& checkpoint) {
  rnn.set_options({.return_sequences = true, .return_state = true, .checkpoint = checkpoint});
  Arguments at;
  at.parameters = parameter_list(rnn);
  at.seed = 3;
  std::vector<Shape> shapes = {Shape{batch, steps, cell_features}};
  if (rnn.cell()->takes_constants()) shapes.emplace_back(Shape{batch, memory_time, memory_size});
  PerArgument along;
  std::uint64_t seed = 10;
  for (const Shape& shape : shapes) {
    at.inputs.push_back(array_of(random_tensor(shape, ++seed)));
    along.inputs.push_back(array_of(random_tensor(shape, ++seed)));
  }
  for (const Parameter* const p : at.parameters)
    along.parameters.push_back(array_of(random_tensor(p->shape(), ++seed)));
  const Tensor<double> valid({batch, steps}, {1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 0, 0});
  const auto loss = [&](Tape& tape, std::span<const Var> x) -> Var {
    RNNCall call;
    if (mask) call.mask = tape.constant(valid);
    call.constants = x.subspan(1);
    const RNNResult result = rnn.call(x[0], call);
    Var total = sum(result.output * result.output);
    for (const Var state : result.states) total = total + sum(state * state * state);
    return total;
  };
  const Tangent tangent = jacobian_vector_product(loss, at, along);
  const HessianProduct hessian = hessian_vector_product(loss, at, along);
  std::vector<double> all = {hessian.loss, hessian.slope, tangent.tangent.to_doubles()[0]};
  for (const PerArgument* const part : {&hessian.gradient, &hessian.product})
    for (const auto* const list : {&part->inputs, &part->parameters})
      for (const Array& array : *list) {
        const auto numbers = array.to_doubles();
        all.insert(all.end(), numbers.begin(), numbers.end());
      }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpointed_second_order)

BOOST_AUTO_TEST_CASE(every_cell_as_without_checkpoints) {
  using Strategy = Checkpointing::Strategy;
  const std::vector<Checkpointing> checkpointings = {
      Checkpointing::steps(3), Checkpointing::automatic(), Checkpointing::slots(1, Strategy::states, 1),
      Checkpointing::slots(2, Strategy::activations, 2), Checkpointing::slots(60, Strategy::mixed, 1)};
  for (NamedCell& cell : all_cells()) {
    RNN rnn(std::move(cell.cell), {});
    build(rnn, cell_features);
    for (const bool mask : {false, true}) {
      const auto full = second_order(rnn, mask, {});
      for (std::size_t k = 0; k < checkpointings.size(); ++k) {
        const auto found = second_order(rnn, mask, checkpointings[k]);
        BOOST_REQUIRE(found.size() == full.size());
        double largest = 0;
        for (std::size_t i = 0; i < full.size(); ++i)
          largest = std::max(largest, std::abs(found[i] - full[i]) / std::max(1.0, std::abs(full[i])));
        // Sums over the steps in another order.
        BOOST_TEST(largest <= 1e-10, cell.name << ", mask " << mask << ", checkpointing " << k << ": " << largest);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
