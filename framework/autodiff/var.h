#pragma once

#include <recur/framework/autodiff/node.h>
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

/// Memory for the gradient of an operand. When `fresh`, it holds nothing yet and every element must be assigned;
/// otherwise add to it.
template <class T>
struct GradientSink {
  MatrixView<T> view;
  bool fresh;
};

namespace detail {

/// Whether a Var is compared with its tape at every use (CMake option RECUR_CHECK_HANDLES). It is larger then, so a
/// library and its programs must be compiled alike; the CMake target and the pkg-config file see to that.
#if defined(RECUR_CHECK_HANDLES)
inline constexpr bool check_handles = true;
#else
inline constexpr bool check_handles = false;
#endif

/// The pass of a tape, what it records between two resets, in which a value was made.
template <bool Checked>
struct PassOf {
  PassOf() = default;
  explicit PassOf(const Node&) {}
  void require_current() const {}
};
template <>
struct PassOf<true> {
  const Tape* tape = nullptr;
  std::uint64_t number = 0;

  PassOf() = default;
  explicit PassOf(const Node& node);
  /// Throws StateError if the tape was reset since.
  void require_current() const;
};
[[noreturn]] void refuse_undefined();

}  // namespace detail

/// A value recorded on a tape: a handle of one pointer that owns nothing. Valid until the tape is reset.
/// Using an undefined Var throws StateError; so does, in debug and sanitizer builds, using one after its tape was
/// reset.
class Var {
 public:
  Var() = default;
  explicit Var(detail::Node* node) : node_(node), pass_(*node) {}
  /// Assigning arithmetic to a Var does it: one loop, one record on the tape, however long the expression.
  template <Expression E>
  // NOLINTNEXTLINE(google-explicit-constructor): `Var y = a * b + c;` is the purpose.
  Var(const E& expression) : Var(evaluate(expression)) {}

  [[nodiscard]] bool defined() const { return node_ != nullptr; }
  [[nodiscard]] const Shape& shape() const { return checked()->shape; }
  /// The value as a matrix: all axes but the last are rows.
  [[nodiscard]] Index rows() const { return checked()->shape.rows(); }
  [[nodiscard]] Index cols() const { return checked()->shape.cols(); }
  [[nodiscard]] Index size() const { return checked()->shape.count(); }
  [[nodiscard]] Tape& tape() const { return *checked()->tape; }
  [[nodiscard]] DType dtype() const;
  /// Whether backward computes a gradient for this value.
  [[nodiscard]] bool wants_gradient() const { return checked()->wanted; }

  /// The numbers, to read. @tparam T the tape's number type.
  template <Scalar T>
  [[nodiscard]] MatrixView<const T> value() const {
    assert(dtype() == dtype_of<T>);
    return {static_cast<const T*>(node_->value), rows(), cols(), node_->stride};
  }
  /// Returns the number of a scalar. Throws ShapeError if there is more than one.
  [[nodiscard]] double item() const;
  /// Returns a copy of the numbers, which outlives the tape.
  [[nodiscard]] Array to_array() const;
  /// Copies the numbers to `target`. Allocates only if its shape or type differs.
  void copy_to(Array& target) const;
  [[nodiscard]] std::vector<double> to_doubles() const { return to_array().to_doubles(); }
  /// Returns a copy of the gradient after `backward`, for a value made by `Tape::input`. Zeros if no gradient arrived.
  /// Throws StateError if the value wants no gradient.
  [[nodiscard]] Array gradient() const;

  // ---- For authors of operations ----------------------------------------------------------------------------------

  [[nodiscard]] detail::Node* node() const { return detail::check_handles && defined() ? checked() : node_; }
  /// Memory of a fresh output, to write, before another operation uses it.
  template <Scalar T>
  [[nodiscard]] MatrixView<T> mutable_value() const {
    assert(dtype() == dtype_of<T>);
    return {static_cast<T*>(node_->value), rows(), cols(), node_->stride};
  }
  /// Whether a gradient has arrived (of a view: at the value it looks into).
  [[nodiscard]] bool has_adjoint() const { return node_->root().gradient != nullptr; }
  /// The gradient that has arrived at this output.
  template <Scalar T>
  [[nodiscard]] MatrixView<T> adjoint() const {
    assert(has_adjoint());
    return {static_cast<T*>(node_->gradient_data()), rows(), cols(), node_->stride};
  }
  /// Where an operation puts this operand's gradient, adding to what is there: zeros at first.
  template <Scalar T>
  [[nodiscard]] MatrixView<T> add_gradient() const {
    begin_gradient();
    return adjoint<T>();
  }
  /// Memory for this operand's gradient, without zeros, for an operation that can assign as well as add.
  template <Scalar T>
  [[nodiscard]] GradientSink<T> claim_gradient() const {
    const bool fresh = claim();
    return {adjoint<T>(), fresh};
  }
  /// Makes sure the gradient's memory exists and holds numbers.
  void begin_gradient() const;
  /// Makes sure that the gradient's memory exists. Returns true if this value's part of it holds no numbers yet: the
  /// caller must assign every element.
  [[nodiscard]] bool claim() const;

 private:
  [[nodiscard]] detail::Node* checked() const {
    if (node_ == nullptr) [[unlikely]]
      detail::refuse_undefined();
    pass_.require_current();
    return node_;
  }

  detail::Node* node_ = nullptr;
  [[no_unique_address]] detail::PassOf<detail::check_handles> pass_{};
};

}  // namespace recur
