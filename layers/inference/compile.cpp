#include <recur/layers/inference/stage_compiler.h>

#include <algorithm>

namespace recur::detail {
namespace {

// Values begin at whole cache lines, and have whole registers of the widest kind.
constexpr Index line = 16;

Index whole_lines(Index count) { return (count + line - 1) / line * line; }

}  // namespace

Slot Layout::add(Index size, bool sequence) {
  const bool several = sequence && program_.steps > 1;
  const Slot slot{program_.memory, whole_lines(size), several};
  program_.memory += slot.stride * program_.streams * (several ? program_.steps : 1);
  return slot;
}

Slot Layout::add_constant(const GraphValue& value) {
  const Slot slot{program_.memory, 0, false};
  const auto size = static_cast<Index>(value.data.size());
  program_.memory += whole_lines(size);
  program_.constants.resize(static_cast<std::size_t>(program_.memory));
  std::ranges::copy(value.data, program_.constants.begin() + slot.offset);
  return slot;
}

InferenceProgram compile(const Graph& graph, const CompileOptions& options) {
  InferenceProgram program;
  program.streams = options.streams;
  program.steps = options.steps;
  program.slots.resize(graph.values.size());
  Layout layout(program);
  // Constants first: they are copied in one piece.
  for (const GraphStage& stage : graph.stages)
    for (const GraphOperation& operation : stage.operations)
      for (const GraphPart& part : operands_of(operation))
        if (Slot& slot = program.slots[static_cast<std::size_t>(part.value)];
            graph.at(part.value).constant() && slot.offset < 0)
          slot = layout.add_constant(graph.at(part.value));
  if (!graph.takes_ids()) program.slots[static_cast<std::size_t>(graph.input)] = layout.add(graph.features, true);
  for (const GraphStage& stage : graph.stages)
    program.stages.push_back(StageCompiler(graph, stage, program, options.int8).compile());
  return program;
}

}  // namespace recur::detail
