#pragma once

#include <span>

namespace recur {

class Linear;
class Var;

namespace detail {

struct FusedKernel;

/// Is told of the operations of a tape, when each has been computed: for a trace of what a model does
/// (layers/inference/trace.h). Views are not told of; a Node says what it looks into. Operations that call none of
/// these cannot be traced.
class OperationObserver {
 public:
  virtual ~OperationObserver() = default;
  /// z = Σ aᵢ·Wᵢ + Σ cⱼ
  virtual void product(const Linear& sum, Var z) = 0;
  /// A fused expression.
  virtual void fused(const FusedKernel& kernel, std::span<const Var> operands, std::span<const double> constants,
                     std::span<const Var> outputs) = 0;
  /// An operation with a name and at most one number: layer_norm (x, gamma, beta; epsilon), softmax, log_softmax,
  /// concat (of last axes). Operands that were not given are undefined.
  virtual void named(const char* name, std::span<const Var> operands, double number, Var y) = 0;
};

}  // namespace detail
}  // namespace recur
