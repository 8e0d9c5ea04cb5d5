#pragma once

#include <recur/framework/autodiff/parameter.h>
#include <recur/framework/autodiff/var.h>
#include <recur/framework/gemm/gemm.h>
#include <recur/framework/recurrence/row_sums.h>

#include <cstdint>
#include <variant>
#include <vector>

namespace recur::detail {

/// The part of a LeafSlot that depends on the number type.
template <class T>
struct TypedLeaf {
  PackedMatrix<T> packed;
  PackedMatrix<T> packed_transposed;
  std::uint64_t packed_version = 0;
  std::uint64_t transposed_version = 0;
  std::vector<RowsPair<T>> pairs;

  /// The parameter `[in, out]` packed for x·W, and for dy·Wᵀ.
  const PackedMatrix<T>& forward(const Parameter& parameter);
  const PackedMatrix<T>& backward(const Parameter& parameter);
};

/// A tape's view of one parameter. Packed forms are made on first use and again when the parameter's version changes;
/// products of its gradient are collected (`defer`) and done as one product over all time steps, or over as many as the cache
/// holds (`flush`).
struct LeafSlot {
  Parameter* parameter = nullptr;
  Node* node = nullptr;             ///< In the current pass; null when the pass has not used it yet.
  const void* values = nullptr;     ///< Of the parameter, when the node was made,
  const void* gradients = nullptr;  ///< and of its gradient: where they lay.
  std::uint64_t version = 0;        ///< Of the parameter then.
  std::uint64_t age = 0;            ///< When the node was made, for `Tape::rewind`.
  std::variant<TypedLeaf<float>, TypedLeaf<double>> typed;
  /// What a product that waits is made of: the memory of its adjoint is held until `flush`.
  struct Waiting {
    Var value;
    Var result;
    Index period;  ///< Its rows in each of which a thread has the same.
  };
  std::vector<Waiting> held;
  Index waiting_bytes = 0;  ///< Size of these adjoints and values.
  RowSums sums;
  std::size_t own = 0;  ///< Products before this one belong to what a detour interrupted.

  /// Makes `made` the node of the current pass.
  void remember(Node& made) {
    node = &made;
    values = parameter->value().data();
    gradients = parameter->gradient.data();
    version = parameter->version();
  }
  /// Whether this is the view of `other`, and the node still refers to its memory: meanwhile a model may have been assigned to, or
  /// a new parameter made where one was destroyed.
  [[nodiscard]] bool is_of(const Parameter& other) const {
    if (parameter != &other) return false;
    if (node == nullptr || version == other.version()) return true;  // at every step of a recurrence
    return values == other.value().data() && gradients == other.gradient.data() && node->shape == other.shape();
  }
  template <class T>
  [[nodiscard]] TypedLeaf<T>& as() {
    return *std::get_if<TypedLeaf<T>>(&typed);
  }
  /// Notes that the gradient needs valueᵀ·d`result`, or its transpose. Flushes before what waits leaves the cache, where the
  /// gradient is small enough for that to pay.
  template <class T>
  void defer(Var value, Var result, bool transpose, Index period);
  /// Adds the sums over the rows of d`result`, every thread those of its rows. False if that is to be done otherwise.
  template <class T>
  [[nodiscard]] bool post_column_sums(Var result, Index period);
  /// Whether every thread may have a gradient of its own, to be added up (`sums`).
  [[nodiscard]] bool has_small_gradient() const;
  /// Does all products that wait, except those that a detour interrupted.
  void flush(Tape& tape);
  /// The same, and the gradient has everything then.
  void finish(Tape& tape);
  /// Drops the same (the pass was given up half-way).
  void forget();
  /// Number of products that wait.
  [[nodiscard]] std::size_t waiting() const { return held.size(); }

 private:
  template <class T>
  [[nodiscard]] bool post_products(std::span<const RowsPair<T>> pairs, Tape& tape);
};

}  // namespace recur::detail
