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
/// The products accumulate in one buffer.
class Linear {
 public:
  static constexpr int max_terms = 4;

  /// One product `a · op(w)`. Throws ShapeError if the inner sizes differ, ValueError if the operands are on different
  /// tapes.
  Linear(Var a, Var w, Transpose transpose);

  /// Adds the terms of `right`. Throws ValueError for more than `max_terms` products or addends.
  friend Linear operator+(Linear left, const Linear& right) { return left.add(right), left; }
  friend Linear operator+(Linear left, Var addend) { return left.add(addend), left; }
  friend Linear operator+(Var addend, Linear right) { return right.add(addend), right; }
  friend Linear operator+(Linear left, Parameter& addend) { return left.add(left.tape().leaf(addend)), left; }
  friend Linear operator+(Parameter& addend, Linear right) { return right.add(right.tape().leaf(addend)), right; }

  /// Computes the sum. Throws ShapeError if sizes do not fit.
  // NOLINTNEXTLINE(google-explicit-constructor): using it as a value is computing it.
  operator Var() const;

  struct Product {
    Var a;
    Var w;
    Transpose transpose = Transpose::none;
  };
  /// The terms as plain data, for the tape.
  struct Terms {
    int product_count = 0;
    int addend_count = 0;
    std::array<Product, max_terms> products;
    std::array<Var, max_terms> addends;

    [[nodiscard]] std::span<const Product> all_products() const {
      return {products.data(), static_cast<std::size_t>(product_count)};
    }
    [[nodiscard]] std::span<const Var> all_addends() const {
      return {addends.data(), static_cast<std::size_t>(addend_count)};
    }
  };
  [[nodiscard]] const Terms& terms() const { return terms_; }
  [[nodiscard]] Tape& tape() const { return terms_.products[0].a.tape(); }
  /// Returns the shape of the result: that of `a` with the last axis replaced.
  [[nodiscard]] Shape shape() const;

 private:
  void add(const Linear& right);
  void add(Var addend);

  Terms terms_;
};

/// a·b, with `a` `[..., in]` (all axes but the last are rows) and `b` `[in, out]`. With `Transpose::a` a is `[in,
/// rows]`, with `Transpose::b` b is `[out, in]`. Throws ShapeError if the inner sizes differ.
[[nodiscard]] Linear matmul(Var a, Var b, Transpose transpose = Transpose::none);
[[nodiscard]] Linear matmul(Var a, Parameter& b, Transpose transpose = Transpose::none);

namespace detail {

/// Products with a part of a larger operand that may be computed already, together with those of other parts. A
/// mechanism puts it on a node (`NodeExtra::products`); recurrence/hoisted_product.h does so for the steps of a
/// sequence.
struct ProductSource {
  /// Returns `product` + `bias` (undefined for none) as a result that is the caller's alone, to be added to; undefined
  /// if the product is to be computed by the caller.
  Var (*take)(ProductSource& source, const Linear::Product& product, Var bias, const Shape& shape, bool wanted);
};

/// Computes the terms into `z`, on top of what is there if `accumulate`, and records the adjoint.
void compute_terms(const Linear::Terms& terms, Var z, bool accumulate);

}  // namespace detail
}  // namespace recur
