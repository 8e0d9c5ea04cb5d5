#include <recur/layers/inference/stage_compiler.h>

#include <recur/framework/expr/fused_call.h>
#include <recur/framework/tensor/error.h>

#include <algorithm>

namespace recur::detail {

StageCompiler::StageCompiler(const Graph& graph, const GraphStage& stage, InferenceProgram& program, bool int8)
    : graph_(graph),
      stage_(stage),
      program_(program),
      layout_(program),
      kernels_(inference_kernels(int8)),
      int8_(int8) {
  result_.name = stage.name;
}

ProgramStage StageCompiler::compile() {
  find_dependent();
  find_gates();
  place_values();
  add_states();
  for (std::size_t i = 0; i < stage_.operations.size(); ++i) add(stage_.operations[i], i);
  return std::move(result_);
}

void StageCompiler::find_dependent() {
  for (const GraphState& state : stage_.states) dependent_.insert(state.before);
  for (const GraphOperation& operation : stage_.operations) {
    const auto operands = operands_of(operation);
    if (std::ranges::any_of(operands, [&](const GraphPart& part) { return depends(part); }))
      for (const int output : outputs_of(operation)) dependent_.insert(output);
  }
}

// A value lies there for all steps that are worked on together if it is computed for all of them at once, or read by
// the next stage.
void StageCompiler::place_values() {
  for (const GraphOperation& operation : stage_.operations)
    for (const int output : outputs_of(operation)) {
      if (absorbed_.contains(output)) continue;
      const bool sequence = !dependent_.contains(output) || output == stage_.output.value;
      slot(output) = layout_.add(graph_.at(output).cols, sequence);
    }
}

void StageCompiler::add_states() {
  for (const GraphState& state : stage_.states) {
    slot(state.before) = layout_.add(graph_.at(state.before).cols, false);
    program_.states.push_back({slot(state.before), state.initial});
  }
  for (const GraphState& state : stage_.states)
    if (!in_place_.contains(state.before))
      result_.carries.push_back({slot(state.after.value), state.after.first, slot(state.before), state.after.size,
                                 state.after == graph_.whole(state.after.value)});
}

Place StageCompiler::place(const GraphPart& part) const {
  return part.defined() ? Place{slot(part.value), part.first, part.size} : Place{};
}

MatrixData StageCompiler::matrix(int value) const {
  const GraphValue& matrix = graph_.at(value);
  return {matrix.data, matrix.rows, matrix.cols};
}

template <class Operation>
void StageCompiler::add_both(const Operation& operation, bool dependent) {
  result_.step.push_back(std::make_unique<Operation>(operation));
  (dependent ? result_.each : result_.together).push_back(std::make_unique<Operation>(operation));
}

void StageCompiler::add(const GraphOperation& operation, std::size_t at) {
  const bool dependent = dependent_.contains(outputs_of(operation).front());
  if (const auto* product = std::get_if<GraphProduct>(&operation)) {
    if (!absorbed_.contains(product->output)) add_product(*product);
  } else if (const auto* fused = std::get_if<GraphFused>(&operation)) {
    add_fused(*fused, at);
  } else if (const auto* norm = std::get_if<GraphLayerNorm>(&operation)) {
    LayerNormOperation made;
    made.x = place(norm->x);
    made.gamma = place(norm->gamma);
    made.beta = place(norm->beta);
    made.output = place(graph_.whole(norm->output));
    made.epsilon = static_cast<float>(norm->epsilon);
    add_both(made, dependent);
  } else if (const auto* softmax = std::get_if<GraphSoftmax>(&operation)) {
    SoftmaxOperation made;
    made.x = place(softmax->x);
    made.output = place(graph_.whole(softmax->output));
    made.log = softmax->log;
    add_both(made, dependent);
  } else if (const auto* concat = std::get_if<GraphConcat>(&operation)) {
    CopyOperation made;
    for (const GraphPart& part : concat->parts) made.parts.push_back(place(part));
    made.output = place(graph_.whole(concat->output));
    add_both(made, dependent);
  } else if (const auto* embedding = std::get_if<GraphEmbedding>(&operation)) {
    EmbeddingOperation made;
    made.table = graph_.at(embedding->table).data;
    made.rows = graph_.at(embedding->table).rows;
    made.output = place(graph_.whole(embedding->output));
    add_both(made, dependent);
  }
}

void StageCompiler::add_fused(const GraphFused& fused, std::size_t at) {
  for (const auto& [operation, lstm] : lstms_)
    if (operation == at) return add_lstm(lstm);
  for (const auto& [operation, gru] : grus_)
    if (operation == at) return add_gru(gru);
  require<ValueError>(fused.operands.size() + fused.outputs.size() <= FusedOperation::most_operands,
                      "Inference: {}: a fused expression with {} operands; at most {} are possible", stage_.name,
                      fused.operands.size(), FusedOperation::most_operands - fused.outputs.size());
  FusedOperation made;
  made.kernel = fused.kernel;
  made.constants = fused.constants;
  for (const GraphPart& part : fused.operands) made.operands.push_back(place(part));
  for (const int output : fused.outputs) made.outputs.push_back(place(graph_.whole(output)));
  add_both(made, dependent_.contains(fused.outputs.front()));
}

}  // namespace recur::detail
