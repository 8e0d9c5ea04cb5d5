#pragma once

#include <recur/layers/inference/graph.h>
#include <recur/layers/inference/kernels.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace recur::detail {

/// The place of a value of the graph in a block of memory. Rows are streams. If `steps` is above one, the rows of each
/// time step follow the rows of the step before.
struct Slot {
  Index offset = -1;  ///< Position of the first number, in floats.
  Index stride = 0;   ///< Distance of two rows, in floats.
  bool sequence = false;
};

/// Arguments of an operation.
struct Run {
  float* memory;
  Index streams;
  Index rows;  ///< Number of streams times number of steps that are computed together.
  Index step;  ///< Number of the first step.
  const std::int32_t* ids;

  /// Returns the address of the first row of a value, from number `first` on.
  [[nodiscard]] float* at(const Slot& slot, Index first = 0) const {
    return memory + slot.offset + (slot.sequence ? step * streams * slot.stride : 0) + first;
  }
};

/// An operation that is ready to run.
class ProgramOperation {
 public:
  virtual ~ProgramOperation() = default;
  virtual void run(const Run& run) const noexcept = 0;
  /// Returns the loop that `run` would call, with its arguments; null if it does more than call one.
  [[nodiscard]] virtual InferenceKernels::Loop bind(const Run& /*run*/, PanelCall& /*call*/) const { return nullptr; }
  /// Returns the bytes of its weights.
  [[nodiscard]] virtual std::size_t weight_bytes() const { return 0; }
};
using ProgramOperations = std::vector<std::unique_ptr<ProgramOperation>>;

/// The operations of a stage. A single time step runs `step`. Several time steps run `together` once for all steps,
/// then `each` for one step after another.
struct ProgramStage {
  /// A copy of the final value of a state to the place where the next step reads it.
  struct Carry {
    Slot from;
    Index first;
    Slot to;
    Index size;
    bool whole;  ///< Whether the whole value is copied, so that its padding may be copied with it.
  };
  void carry(const Run& run) const noexcept;
  std::string name;
  ProgramOperations step, together, each;
  std::vector<Carry> carries;
};

/// The operations of one step on one block of memory, with all pointers resolved.
struct BoundSteps {
  struct One {
    InferenceKernels::Loop loop;        ///< The loop to call; null: `operation` or `carry` is set.
    std::size_t call;                   ///< Position of its arguments in `calls`.
    const ProgramOperation* operation;  ///< The operation to run; null: `carry` is set.
    const ProgramStage* carry;
  };
  std::vector<One> steps;
  std::vector<PanelCall> calls;
};

/// A graph that is compiled: memory is laid out, weights are packed and loops are chosen.
struct InferenceProgram {
  struct State {
    Slot slot;
    std::vector<float> initial;
  };
  std::vector<ProgramStage> stages;
  std::vector<State> states;
  std::vector<Slot> slots;       ///< Place of each value of the graph; without offset if the value is not stored.
  std::vector<float> constants;  ///< First contents of the memory.
  Index memory = 0;              ///< Size of the memory, in floats.
  Index streams = 1;
  Index steps = 1;  ///< Number of steps that are computed together.

  /// Runs all stages for `count` steps. Their inputs must be in the memory at `at`.
  void run(float* at, Index count, const std::int32_t* ids) const noexcept;
  /// Runs all stages for one step.
  void run(float* at, const BoundSteps& bound, const std::int32_t* ids) const noexcept;
  [[nodiscard]] BoundSteps bind(float* at) const;
  void run_stage(const ProgramStage& stage, float* at, Index count, const std::int32_t* ids) const noexcept;
  [[nodiscard]] std::size_t weight_bytes() const;
};

struct CompileOptions {
  Index streams = 1;
  Index steps = 1;
  bool int8 = false;
};

/// Compiles a graph.
[[nodiscard]] InferenceProgram compile(const Graph& graph, const CompileOptions& options);

}  // namespace recur::detail
