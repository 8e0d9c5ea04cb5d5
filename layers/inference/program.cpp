#include <recur/layers/inference/program.h>

#include <algorithm>

namespace recur::detail {

// Values begin at whole lines of memory, which are copied without asking how much of the last one counts.
void ProgramStage::carry(const Run& run) const noexcept {
  constexpr Index line = 16;
  for (const Carry& c : carries)
    for (Index row = 0; row < run.streams; ++row) {
      const float* const from = run.at(c.from, c.first) + row * c.from.stride;
      float* const to = run.at(c.to) + row * c.to.stride;
      if (!c.whole) {
        std::copy_n(from, c.size, to);
        continue;
      }
      for (Index i = 0; i < c.size; i += line) std::copy_n(from + i, line, to + i);
    }
}

BoundSteps InferenceProgram::bind(float* at) const {
  BoundSteps bound;
  const Run run{at, streams, streams, 0, nullptr};
  for (const ProgramStage& stage : stages) {
    for (const auto& operation : stage.step) {
      PanelCall call{};
      const auto loop = operation->bind(run, call);
      bound.steps.push_back({loop, bound.calls.size(), operation.get(), nullptr});
      if (loop != nullptr) bound.calls.push_back(call);
    }
    if (!stage.carries.empty()) bound.steps.push_back({nullptr, 0, nullptr, &stage});
  }
  return bound;
}

void InferenceProgram::run(float* at, const BoundSteps& bound, const std::int32_t* ids) const noexcept {
  const Run run{at, streams, streams, 0, ids};
  for (const BoundSteps::One& one : bound.steps) {
    if (one.loop != nullptr) one.loop(bound.calls[one.call]);
    else if (one.operation != nullptr) one.operation->run(run);
    else one.carry->carry(run);
  }
}

void InferenceProgram::run(float* at, Index count, const std::int32_t* ids) const noexcept {
  for (const ProgramStage& stage : stages) run_stage(stage, at, count, ids);
}

void InferenceProgram::run_stage(const ProgramStage& stage, float* at, Index count,
                                 const std::int32_t* ids) const noexcept {
  if (count == 1) {
    const Run run{at, streams, streams, 0, ids};
    for (const auto& operation : stage.step) operation->run(run);
    return stage.carry(run);
  }
  for (const auto& operation : stage.together) operation->run({at, streams, count * streams, 0, ids});
  if (stage.each.empty() && stage.carries.empty()) return;
  for (Index step = 0; step < count; ++step) {
    const Run run{at, streams, streams, step, ids};
    for (const auto& operation : stage.each) operation->run(run);
    stage.carry(run);
  }
}

std::size_t InferenceProgram::weight_bytes() const {
  std::size_t bytes = 0;
  for (const ProgramStage& stage : stages)
    for (const auto& operation : stage.step) bytes += operation->weight_bytes();
  return bytes;
}

}  // namespace recur::detail
