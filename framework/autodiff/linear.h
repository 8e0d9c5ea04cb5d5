#pragma once

#include <recur/framework/autodiff/tape.h>

#include <array>

namespace recur {

/// Which operands of a product are read transposed.
enum class Transpose { none, a, b };

/// A sum of matrix products and addends, not yet computed: `matmul(x, kernel) + matmul(h, recurrent_kernel) + bias`.
/// It becomes ONE operation on the tape when it is assigned to a `Var` or used in other arithmetic:
///
///   z = Σ aᵢ·Wᵢ + Σ cⱼ      daᵢ = dz·Wᵢᵀ,  dWᵢ += aᵢᵀ·dz,  dcⱼ = dz (summed over rows for a bias)
///
/// The products accumulate in one buffer, parameters are used in their packed form, the gradient of a parameter over all
/// time steps is one product, and where `a` is a step of a sequence that is known as a whole (see `sequence_step`) the
/// product is done for all steps at once.
class Linear {
 public:
  static constexpr int max_terms = 4;

  /// One product `a · op(w)`.
  Linear(Var a, Var w, Transpose transpose);

  /// At most `max_terms` products and as many addends; @throws ValueError beyond.
  friend Linear operator+(const Linear& left, const Linear& right);
  friend Linear operator+(const Linear& left, Var addend) { return left.plus(addend); }
  friend Linear operator+(Var addend, const Linear& right) { return right.plus(addend); }
  friend Linear operator+(const Linear& left, Parameter& addend) { return left.plus(left.tape().leaf(addend)); }
  friend Linear operator+(Parameter& addend, const Linear& right) { return right.plus(right.tape().leaf(addend)); }

  /// Computes it. @throws ShapeError when sizes do not fit.
  // NOLINTNEXTLINE(google-explicit-constructor): using it as a value is computing it.
  operator Var() const;

  struct Product {
    Var a;
    Var w;
    Transpose transpose = Transpose::none;
  };
  /// The terms as plain data, for the tape.
  struct Terms {
    std::array<Product, max_terms> products;
    std::array<Var, max_terms> addends;
    int product_count = 0;
    int addend_count = 0;
  };
  [[nodiscard]] Tape& tape() const { return terms_.products[0].a.tape(); }
  /// Of the result: `a`'s with the last axis replaced.
  [[nodiscard]] Shape shape() const;

 private:
  [[nodiscard]] Linear plus(Var addend) const;

  Terms terms_;
};

/// a·b, with `a` `[..., in]` (all axes but the last are rows) and `b` `[in, out]`. With `Transpose::a` a is `[in, rows]`, with
/// `Transpose::b` b is `[out, in]`. @throws ShapeError when the inner sizes differ.
[[nodiscard]] Linear matmul(Var a, Var b, Transpose transpose = Transpose::none);
[[nodiscard]] Linear matmul(Var a, Parameter& b, Transpose transpose = Transpose::none);

/// Rows `[first, first + count)` of a sequence (`[time, batch, features]` or packed `[rows, features]`) whose steps will all be
/// visited: products of such a step with a parameter are computed for the whole sequence at the first of them.
[[nodiscard]] Var sequence_step(Var sequence, Index first, Index count);
/// Where these steps begin, and the end of the last, if they are not all of the same size: products are then done for as many
/// whole steps at a time as the cache holds. @throws ShapeError unless the rows ascend within the sequence.
void sequence_steps(Var sequence, std::span<const Index> first_rows);

}  // namespace recur
