#pragma once

#include <recur/framework/autodiff/settle.h>
#include <recur/framework/tensor/array.h>
#include <recur/framework/tensor/matrix_view.h>

#include <cassert>
#include <concepts>
#include <cstdint>
#include <vector>

namespace recur {

class Tape;

/// Base of everything that stands for pointwise arithmetic not yet done (framework/expr).
struct ExpressionBase {};
template <class E>
concept Expression = std::derived_from<E, ExpressionBase>;

namespace detail {

struct SequenceTag;
struct LeafSlot;

/// Which rows of some memory the threads have in a phase of row-local operations (row_local.h): row `first` + i, and those that
/// lie a multiple of the phase's rows further on, belongs to the thread that has row i.
struct RowOwners {
  std::uint64_t phase = 0;
  Index first = 0;
};

/// A value on a tape. An owner has memory of its own, `stride` elements a row; a view looks into the memory and the gradient of
/// its `base`, which is always an owner.
struct Node {
  Tape* tape = nullptr;
  void* value = nullptr;
  void* adjoint = nullptr;  ///< Owners: null until a gradient arrives.
  Node* base = nullptr;     ///< Views only.
  Node* sibling = nullptr;  ///< Next output of the same operation.
  Index offset = 0;         ///< Views: elements from the start of `base`.
  Index stride = 0;         ///< Elements from row to row.
  /// Owners: rows of `adjoint`, from `blank_begin` to `blank_end`, to which nothing has been assigned yet.
  Index blank_begin = 0;
  Index blank_end = 0;
  Shape shape;
  LeafSlot* leaf = nullptr;  ///< Of a parameter.
  SequenceTag* sequence =
      nullptr;             ///< The sequence, all of whose steps are known, that this is (a step of); see linear.h.
  Index sequence_row = 0;  ///< Where in it the step begins.
  int depth = 0;           ///< Detours of the tape that were under way when it was made.
  int holds = 0;           ///< Operations that still need the gradient after it has been passed on.
  bool wanted = false;     ///< Takes part in backward.
  bool kept = false;       ///< The gradient stays readable after backward.
  bool borrowed = false;  ///< The value's memory is that of a gradient, which may be given up before the tape is reset.
  bool overwritten = false;  ///< Owners: what was given up to `fuse` holds other numbers by now (temporary.h).
  RowOwners value_rows;      ///< Owners: of the value,
  RowOwners adjoint_rows;    ///< and of the gradient.

  /// Of an owner's memory, gaps between its rows included.
  [[nodiscard]] std::size_t bytes(DType dtype) const {
    return static_cast<std::size_t>(shape.rows() * stride) * size_of(dtype);
  }
  [[nodiscard]] Node& root() { return base == nullptr ? *this : *base; }
};

}  // namespace detail

/// Memory for the gradient of an operand. When `fresh`, it holds nothing yet and every element must be assigned;
/// otherwise add to it.
template <class T>
struct GradientSink {
  MatrixView<T> view;
  bool fresh;
};

/// A value recorded on a tape: a handle of one pointer that owns nothing. Valid until the tape is reset.
class Var {
 public:
  Var() = default;
  explicit Var(detail::Node* node) : node_(node) {}
  /// Assigning arithmetic to a Var does it: one loop, one record on the tape, however long the expression.
  template <Expression E>
  // NOLINTNEXTLINE(google-explicit-constructor): `Var y = a * b + c;` is the purpose.
  Var(const E& expression) : Var(evaluate(expression)) {}

  [[nodiscard]] bool defined() const { return node_ != nullptr; }
  [[nodiscard]] const Shape& shape() const { return node_->shape; }
  /// The value as a matrix: all axes but the last are rows.
  [[nodiscard]] Index rows() const { return node_->shape.rows(); }
  [[nodiscard]] Index cols() const { return node_->shape.cols(); }
  [[nodiscard]] Index size() const { return node_->shape.count(); }
  [[nodiscard]] Tape& tape() const { return *node_->tape; }
  [[nodiscard]] DType dtype() const;
  /// Whether backward computes a gradient for this value.
  [[nodiscard]] bool wants_gradient() const { return node_->wanted; }

  /// The numbers, to read. @tparam T the tape's number type.
  template <Scalar T>
  [[nodiscard]] MatrixView<const T> value() const {
    assert(dtype() == dtype_of<T>);
    detail::settle_rows();
    return {static_cast<const T*>(node_->value), rows(), cols(), node_->stride};
  }
  /// The single number of a scalar. @throws ShapeError when there are more.
  [[nodiscard]] double item() const;
  /// A copy of the numbers that outlives the tape.
  [[nodiscard]] Array to_array() const;
  /// The same into an array that is there already: nothing is allocated if its shape fits.
  void copy_to(Array& target) const;
  [[nodiscard]] std::vector<double> to_doubles() const { return to_array().to_doubles(); }
  /// A copy of the gradient, after backward, of a value made by `Tape::input`. Zeros if none arrived.
  /// @throws StateError for a value whose gradient was not asked for.
  [[nodiscard]] Array gradient() const;

  // ---- For authors of operations -------------------------------------------------------------------------------------

  [[nodiscard]] detail::Node* node() const { return node_; }
  /// Memory of a fresh output, to write, before another operation uses it.
  template <Scalar T>
  [[nodiscard]] MatrixView<T> mutable_value() const {
    assert(dtype() == dtype_of<T>);
    detail::settle_rows();
    return {static_cast<T*>(node_->value), rows(), cols(), node_->stride};
  }
  /// Whether a gradient has arrived (of a view: at the value it looks into).
  [[nodiscard]] bool has_adjoint() const { return node_->root().adjoint != nullptr; }
  /// The gradient that has arrived at this output.
  template <Scalar T>
  [[nodiscard]] MatrixView<T> adjoint() const {
    assert(has_adjoint());
    detail::settle_rows();
    return {static_cast<T*>(node_->root().adjoint) + node_->offset, rows(), cols(), node_->stride};
  }
  /// Where an operation puts this operand's gradient, adding to what is there: zeros at first.
  template <Scalar T>
  [[nodiscard]] MatrixView<T> add_gradient() const {
    begin_gradient();
    return adjoint<T>();
  }
  /// The same without the zeros, for an operation that can assign as well as add.
  template <Scalar T>
  [[nodiscard]] GradientSink<T> claim_gradient() const {
    const bool fresh = claim();
    return {adjoint<T>(), fresh};
  }
  /// Makes sure the gradient's memory exists and holds numbers.
  void begin_gradient() const;
  /// Makes sure it exists; true when this value's part of it holds nothing yet and is the caller's to assign.
  [[nodiscard]] bool claim() const;

 private:
  detail::Node* node_ = nullptr;
};

}  // namespace recur
