#pragma once

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/autodiff/operation_observer.h>
#include <recur/framework/autodiff/tape.h>
#include <recur/layers/inference/graph.h>

#include <map>
#include <span>
#include <string>
#include <utility>

namespace recur::detail {

/// Records the operations of a tape in a stage of a graph. Values that no operation computes, such as parameters,
/// become constants.
class Tracer final : public OperationObserver {
 public:
  /// Watches `tape` until the tracer is destroyed. Messages name `stage`.
  Tracer(Tape& tape, Graph& graph, GraphStage& stage);
  ~Tracer() override;
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  /// Says that a value of the tape is `value` of the graph.
  void bind(Var x, int value) { known_[x.node()] = value; }
  /// Returns where the numbers of x are in the graph. Throws ValueError, with the reason, if a trace cannot express how
  /// x is computed.
  [[nodiscard]] GraphPart known_part(Var x);

  void product(const Linear& sum, Var z) override;
  void fused(const FusedKernel& kernel, std::span<const Var> operands, std::span<const double> constants,
             std::span<const Var> outputs) override;
  void named(const char* name, std::span<const Var> operands, double number, Var y) override;

 private:
  [[nodiscard]] GraphPart part(Var x);
  [[nodiscard]] int constant(Var x, bool transpose);
  [[nodiscard]] int new_value(Var y);
  // Marks a value that cannot be traced. It is refused only if an output needs it; a penalty, for example, is not
  // needed.
  [[nodiscard]] GraphPart unknown(Var x, std::string reason);
  [[nodiscard]] const std::string* reason_of(std::span<const GraphPart> parts) const;
  [[nodiscard]] std::string origin(Var x) const;
  template <class Operation>
  void add(Operation operation, std::span<const GraphPart> operands, std::span<const Var> outputs);

  Tape& tape_;
  Graph& graph_;
  GraphStage& stage_;
  std::map<const Node*, int> known_;
  std::map<int, std::string> unknown_;  ///< Reasons why values cannot be traced.
  std::map<std::pair<const Node*, bool>, int> constants_;
};

}  // namespace recur::detail
