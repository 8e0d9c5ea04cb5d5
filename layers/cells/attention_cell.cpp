#include <recur/layers/cells/attention_cell.h>

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/layers/recurrent/sequence_attention.h>

namespace recur {

AttentionCell::AttentionCell(AnyCell cell, Index memory_size, AttentionCellOptions options)
    : config_{std::move(cell), memory_size, std::move(options)} {
  require<ValueError>(!config_.cell.empty(), "AttentionCell: no cell given");
  refuse_activity_regularizer("AttentionCell", config_.cell);
  require<ValueError>(memory_size > 0 && config_.options.units > 0,
                      "AttentionCell: sizes must be positive, got memory_size {} and units {}", memory_size,
                      config_.options.units);
  require<ValueError>(config_.options.score == "additive" || config_.options.score == "dot",
                      "AttentionCell: score '{}' is not known (known: additive, dot)", config_.options.score);
}

StateSize AttentionCell::state_size() const {
  return StateSize(std::vector<StateSize>{config_.options.units, config_.cell->state_size()});
}

void AttentionCell::build(Builder& build) {
  const auto& options = config_.options;
  const Index own = config_.cell->output_size();
  Builder part = build.part(build.input_size + options.units);
  config_.cell.build(part);
  build(query_kernel_, {own, options.units}, options.kernel_initializer);
  build(memory_kernel_, {config_.memory_size, options.units}, options.kernel_initializer);
  if (options.score == "additive") build(scale_, {options.units}, options.kernel_initializer);
  build(attention_kernel_, {own + config_.memory_size, options.units}, options.kernel_initializer);
}

void AttentionCell::visit(ParameterVisitor& visitor) {
  visitor.in("cell", config_.cell);
  visitor(query_kernel_, memory_kernel_, scale_, attention_kernel_);
}

Var AttentionCell::keys(std::span<const Var> constants) {
  require<ValueError>(constants.size() == 1 || constants.size() == 2,
                      "AttentionCell: {} constants given; the memory, and its mask if there is one, are expected",
                      constants.size());
  return matmul(constants[0], memory_kernel_);
}

void AttentionCell::prepare(std::span<const Var> constants, std::span<Var> prepared) {
  prepared[0] = keys(constants);
  config_.cell->prepare(config_.cell->own_constants(constants), prepared.subspan(1));
}

Var AttentionCell::call(Var x, std::span<const Var> states, std::span<Var> next, const CellContext& context) {
  const bool ready = !context.prepared.empty();
  const Var keys = ready ? context.prepared[0] : this->keys(context.constants);
  const Var memory = context.constants[0];
  const Var output = config_.cell->call(concat({x, states[0]}, -1), states.subspan(1), next.subspan(1),
                                        {context.masks, config_.cell->own_constants(context.constants),
                                         context.prepared.subspan(ready ? 1 : 0), context.observer});
  const Var query = matmul(output, query_kernel_);
  const Var scores = scale_.created() ? additive_scores(query, keys, x.tape().leaf(scale_)) : dot_scores(query, keys);
  const Var seen = attend(scores, memory, context.constants.size() == 2 ? context.constants[1] : Var());
  next[0] = fuse(
      into(context.output), [](auto z) { return tanh(z); }, matmul(concat({output, seen}, -1), attention_kernel_));
  return next[0];
}

void AttentionCell::initial_states(Tape& tape, Index batch, std::span<Var> states) {
  states[0] = tape.zeros({batch, config_.options.units});
  config_.cell->initial_states(tape, batch, states.subspan(1));
}

}  // namespace recur
