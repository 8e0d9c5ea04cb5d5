#pragma once

#include <recur/framework/autodiff/parameter.h>
#include <recur/framework/autodiff/var.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace recur::detail {

/// Operands of a product of a weight gradient that has not been computed yet. The gradient of `result` stays alive
/// until then.
struct PendingProduct {
  Var value;
  Var result;
  bool transposed;  ///< The weight is stored as [out, in].
};

/// A parameter on one tape. Lives as long as the tape, so that a second pass allocates nothing.
struct ParameterSlot {
  Parameter* parameter = nullptr;
  Node* node = nullptr;             ///< Null until the present pass uses the parameter.
  const void* values = nullptr;     ///< Where the parameter's value lay when the node was made.
  const void* gradients = nullptr;  ///< Where the parameter's gradient lay then.
  std::uint64_t version = 0;        ///< Of the parameter then.
  std::uint64_t age = 0;            ///< Number of the node among all leaves, for `Tape::rewind`.
  NodeExtra extra;
  std::vector<PendingProduct> pending;
  Index pending_bytes = 0;  ///< Size of the values and gradients of `pending`.
  Array own_gradient;       ///< The gradient, on a tape that keeps gradients apart (`TapeCore::keep_gradients_apart`).
  bool apart = false;       ///< Whether the node's gradient is `own_gradient` rather than the parameter's.
  bool dirty = false;       ///< Whether `own_gradient` may hold numbers other than zeros.

  /// Makes `made` the node of the present pass.
  void remember(Node& made);
  /// Returns true if this is the leaf of `other` and its memory has not moved. A leaf goes stale when a model is
  /// assigned to, or a new parameter reuses the address of a destroyed one.
  [[nodiscard]] bool is_of(const Parameter& other) const {
    if (parameter != &other) return false;
    if (node == nullptr || version == other.version()) return true;  // fast path: taken at every time step
    return values == other.value().data() && gradients == other.gradient.data() && node->shape == other.shape();
  }
  /// The array that the node's gradient is.
  [[nodiscard]] Array& gradient() { return apart ? own_gradient : parameter->gradient; }
  /// Forgets the pending products.
  void drop() {
    pending.clear();
    pending_bytes = 0;
  }
};

/// The parameters on one tape.
class ParameterSlots {
 public:
  /// Returns the leaf of `parameter`; null if the tape has none.
  [[nodiscard]] ParameterSlot* find(const Parameter& parameter);
  /// Makes a leaf for `parameter`.
  [[nodiscard]] ParameterSlot& add(Parameter& parameter);
  [[nodiscard]] auto begin() const { return leaves_.begin(); }
  [[nodiscard]] auto end() const { return leaves_.end(); }
  /// Gives the next number to a node.
  [[nodiscard]] std::uint64_t next_age() { return age_++; }
  [[nodiscard]] std::uint64_t age() const { return age_; }
  /// Forgets pending products, and the nodes made since `age` was the next number.
  void rewind(std::uint64_t age);

 private:
  std::vector<std::unique_ptr<ParameterSlot>> leaves_;
  std::size_t last_ = 0;
  std::uint64_t age_ = 1;
};

}  // namespace recur::detail
