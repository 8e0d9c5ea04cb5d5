#pragma once

#include <recur/layers/inference/graph.h>
#include <recur/layers/inference/kernels.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace recur::detail {

/// Where a value of the graph lies in a block of memory. Rows are streams; where `steps` is above one, the rows of each
/// time step follow those of the step before.
struct Slot {
  Index offset = -1;  ///< In floats.
  Index stride = 0;   ///< From row to row.
  bool sequence = false;
};

/// What an operation works on.
struct Run {
  float* memory;
  Index streams;
  Index rows;  ///< Streams, times the steps that are worked on together.
  Index step;  ///< The first one.
  const std::int32_t* ids;

  /// The first row of a value, from number `first` on.
  [[nodiscard]] float* at(const Slot& slot, Index first = 0) const {
    return memory + slot.offset + (slot.sequence ? step * streams * slot.stride : 0) + first;
  }
};

/// An operation with all that can be known before it runs.
class ProgramOperation {
 public:
  virtual ~ProgramOperation() = default;
  virtual void run(const Run& run) const noexcept = 0;
  /// Returns the loop that `run` would call, with its arguments; null if it does more than call one.
  [[nodiscard]] virtual InferenceKernels::Loop bind(const Run& /*run*/, PanelCall& /*call*/) const { return nullptr; }
  /// Bytes of its weights.
  [[nodiscard]] virtual std::size_t weight_bytes() const { return 0; }
};
using ProgramOperations = std::vector<std::unique_ptr<ProgramOperation>>;

/// The operations of a stage. A single step runs `step`. Several run `together` for all of them at once, then `each`
/// for one after another.
struct ProgramStage {
  /// A value that the next step begins with.
  struct Carry {
    Slot from;
    Index first;
    Slot to;
    Index size;
    bool whole;  ///< The whole value, so that the zeros up to the end of its last line may go along.
  };
  void carry(const Run& run) const noexcept;
  std::string name;
  ProgramOperations step, together, each;
  std::vector<Carry> carries;
};

/// What one step does in one block of memory: all pointers are known.
struct BoundSteps {
  struct One {
    InferenceKernels::Loop loop;        ///< Null: see the others.
    std::size_t call;                   ///< Its arguments, in `calls`.
    const ProgramOperation* operation;  ///< Null: see the other.
    const ProgramStage* carry;
  };
  std::vector<One> steps;
  std::vector<PanelCall> calls;
};

/// A graph made ready to run.
struct InferenceProgram {
  struct State {
    Slot slot;
    std::vector<float> initial;
  };
  std::vector<ProgramStage> stages;
  std::vector<State> states;
  std::vector<Slot> slots;       ///< By value of the graph; none where the value is not stored.
  std::vector<float> constants;  ///< What the memory begins with.
  Index memory = 0;              ///< Floats.
  Index streams = 1;
  Index steps = 1;  ///< That are worked on together.

  /// Runs all stages for `count` steps whose inputs are in place.
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

/// Lays out memory, packs weights and chooses loops.
[[nodiscard]] InferenceProgram compile(const Graph& graph, const CompileOptions& options);

}  // namespace recur::detail
