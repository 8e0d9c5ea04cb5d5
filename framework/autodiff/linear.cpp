#include <recur/framework/autodiff/linear.h>

#include <recur/framework/gemm/gemm_dual.h>
#include <recur/framework/gemm/gemm_rows.h>
#include <recur/framework/recurrence/hoisted_product.h>
#include <recur/framework/recurrence/leaf_slot.h>
#include <recur/framework/recurrence/row_local.h>

#include <algorithm>
#include <span>

namespace recur {
namespace {

using detail::LeafSlot;
using Terms = Linear::Terms;
using Product = Linear::Product;

bool is_parameter(Var x) { return x.node()->leaf != nullptr; }
bool is_bias(Var addend, const Shape& shape) { return addend.size() == shape.cols() && addend.size() != shape.count(); }

Index inner_of_a(const Product& p) { return p.transpose == Transpose::a ? p.a.rows() : p.a.cols(); }
Index inner_of_w(const Product& p) { return p.transpose == Transpose::b ? p.w.cols() : p.w.rows(); }
Index outer_of_w(const Product& p) { return p.transpose == Transpose::b ? p.w.rows() : p.w.cols(); }

Index rows_of(const Product& p) { return p.transpose == Transpose::a ? p.a.cols() : p.a.rows(); }

Shape shape_of(const Product& p) {
  return p.transpose == Transpose::a ? Shape{p.a.cols(), outer_of_w(p)} : p.a.shape().with(-1, outer_of_w(p));
}

// Parameters are packed once per update and their gradients wait to be done as one product. Both are laid out for rows of
// `a`; the rare transposed `a` takes the general way, and so do duals.
bool packs(const Product& p) {
  return is_parameter(p.w) && p.transpose != Transpose::a && p.w.tape().dtype() != DType::dual;
}

// The packed right operand of a·op(W), and of dz·op(W)ᵀ.
template <class T>
const PackedMatrix<T>& packed(const Product& p, bool adjoint) {
  LeafSlot& slot = *p.w.node()->leaf;
  auto& own = slot.as<T>();
  const bool as_stored = (p.transpose == Transpose::b) == adjoint;
  return as_stored ? own.forward(*slot.parameter) : own.backward(*slot.parameter);
}

Index work_of_row(const Product& p) { return 2 * p.w.size(); }

template <class T>
void multiply_into(const Product& p, MatrixView<T> z, bool accumulate) {
  if constexpr (!is_dual<T>) {
    if (packs(p)) return multiply<T>(p.a.value<T>(), packed<T>(p, false), z, accumulate);
  }
  multiply<T>(p.a.value<T>(), p.transpose == Transpose::a, p.w.value<T>(), p.transpose == Transpose::b, z, accumulate,
              p.a.tape().workspace());
}

// Every thread multiplies its own rows of each `period`.
template <class T>
void post_product(MatrixView<const T> a, const PackedMatrix<T>& w, MatrixView<T> z, const T* bias, bool accumulate,
                  Index period) {
  detail::post_rows(period, [a, &w, z, bias, accumulate, period](Index first, Index count) {
    detail::multiply_rows<T>(a, w, z, bias, accumulate, {period, first, count});
  });
}

// da += dz·Wᵀ and dW += aᵀ·dz.
template <class T>
void backward_packed(const Product& p, Var z, Index period) {
  LeafSlot& slot = *p.w.node()->leaf;
  const MatrixView<const T> dz = detail::unsettled_adjoint<T>(z);
  if (p.a.wants_gradient()) {
    const PackedMatrix<T>& w = packed<T>(p, true);
    const bool fresh = p.a.claim();
    const MatrixView<T> da = detail::unsettled_adjoint<T>(p.a);
    const bool joins = detail::divides_by_rows<T>(w, period) &&
                       detail::joins_rows(period, work_of_row(p) * (dz.rows / period), [&](detail::RowUse& use) {
                         use.gradient(z);
                         use.gradient(p.a);
                       });
    if (joins) post_product<T>(dz, w, da, nullptr, !fresh, period);
    else {
      detail::settle_rows();
      multiply<T>(dz, w, da, !fresh);
    }
  }
  if (!p.w.wants_gradient()) return;
  slot.defer<T>(p.a, z, p.transpose == Transpose::b, period);
}

template <class T>
void backward_general(const Product& p, Var z) {
  GemmWorkspace& workspace = p.a.tape().workspace();
  const bool ta = p.transpose == Transpose::a;
  const bool tb = p.transpose == Transpose::b;
  const MatrixView<const T> dz = z.adjoint<T>();
  if (p.a.wants_gradient()) {
    const auto [da, fresh] = p.a.claim_gradient<T>();
    if (ta) multiply<T>(p.w.value<T>(), false, dz, true, da, !fresh, workspace);
    else multiply<T>(dz, false, p.w.value<T>(), !tb, da, !fresh, workspace);
  }
  if (p.w.wants_gradient()) {
    const auto [dw, fresh] = p.w.claim_gradient<T>();
    if (tb) multiply<T>(dz, true, p.a.value<T>(), false, dw, !fresh, workspace);
    else multiply<T>(p.a.value<T>(), !ta, dz, false, dw, !fresh, workspace);
  }
}

template <class T>
void backward_product(const Product& p, Var z, Index period) {
  if constexpr (!is_dual<T>) {
    if (packs(p)) return backward_packed<T>(p, z, period);
  }
  backward_general<T>(p, z);
}

template <class T>
void add_rows(MatrixView<const T> from, MatrixView<T> to) {
  for (Index r = 0; r < to.rows; ++r) {
    const T* const source = from.data + (from.rows == 1 ? 0 : r * from.stride);
    T* const target = to.data + r * to.stride;
    for (Index c = 0; c < to.cols; ++c) target[c] += source[c];
  }
}

template <class T>
void copy_rows(MatrixView<const T> from, MatrixView<T> to) {
  for (Index r = 0; r < to.rows; ++r)
    std::copy_n(from.data + (from.rows == 1 ? 0 : r * from.stride), to.cols, to.data + r * to.stride);
}

// A bias is [1, cols] here, whatever its rank.
template <class T>
MatrixView<const T> addend_value(Var addend, const Shape& shape) {
  if (is_bias(addend, shape)) return {addend.value<T>().data, 1, shape.cols()};
  return addend.value<T>();
}

template <class T>
void backward_addend(Var addend, Var z, Index period) {
  if (!addend.wants_gradient()) return;
  const bool bias = is_bias(addend, z.shape());
  if constexpr (!is_dual<T>) {
    if (bias && is_parameter(addend) && addend.node()->leaf->post_column_sums<T>(z, period)) return;
  }
  const MatrixView<const T> dz = z.adjoint<T>();
  const MatrixView<T> to = addend.add_gradient<T>();
  if (bias) add_column_sums<T>(dz, {to.data, static_cast<std::size_t>(to.cols)});
  else add_rows<T>(dz, to);
}

// x·W + b, whose sums can begin with the bias.
bool starts_with_bias(const Terms& terms, const Shape& shape) {
  return terms.product_count > 0 && packs(terms.products[0]) && terms.addend_count == 1 &&
         is_bias(terms.addends[0], shape);
}

// Whether the terms are products with parameters, and a bias, whose rows can be handed out.
template <class T>
bool joins_rows(const Terms& terms, Var z, bool accumulate, Index period) {
  if (terms.addend_count > 0 && (accumulate || !starts_with_bias(terms, z.shape()))) return false;
  const auto products = std::span(terms.products).first(static_cast<std::size_t>(terms.product_count));
  const auto fits = [&](const Product& p) {
    return packs(p) && detail::divides_by_rows<T>(packed<T>(p, false), period);
  };
  if (!std::all_of(products.begin(), products.end(), fits)) return false;
  Index work = 0;
  for (const Product& p : products) work += work_of_row(p) * (z.rows() / period);
  return detail::joins_rows(period, work, [&](detail::RowUse& use) {
    for (const Product& p : products) use.value(p.a);
    if (terms.addend_count > 0) use.value(terms.addends[0]);
    use.result(z);
  });
}

template <class T>
void post_products(const Terms& terms, Var z, bool accumulate, Index period) {
  const T* bias = terms.addend_count > 0 ? detail::unsettled_value<T>(terms.addends[0]).data : nullptr;
  for (int i = 0; i < terms.product_count; ++i, accumulate = true, bias = nullptr) {
    const Product& p = terms.products[static_cast<std::size_t>(i)];
    post_product<T>(detail::unsettled_value<T>(p.a), packed<T>(p, false), detail::unsettled_value<T>(z), bias,
                    accumulate, period);
  }
}

template <class T>
void compute_at_once(const Terms& terms, Var z, bool accumulate) {
  const MatrixView<T> out = z.mutable_value<T>();
  const bool bias_first = !accumulate && starts_with_bias(terms, z.shape());
  for (int i = bias_first ? 1 : 0; i < terms.addend_count; ++i, accumulate = true) {
    const auto addend = addend_value<T>(terms.addends[static_cast<std::size_t>(i)], z.shape());
    if (accumulate) add_rows<T>(addend, out);
    else copy_rows<T>(addend, out);
  }
  if constexpr (!is_dual<T>) {
    if (bias_first) {
      const std::span<const T> bias(terms.addends[0].value<T>().data, static_cast<std::size_t>(out.cols));
      multiply<T>(terms.products[0].a.value<T>(), packed<T>(terms.products[0], false), out, bias);
      accumulate = true;
    }
  }
  for (int i = bias_first ? 1 : 0; i < terms.product_count; ++i, accumulate = true)
    multiply_into<T>(terms.products[static_cast<std::size_t>(i)], out, accumulate);
}

// Computes the terms into z, on top of what is there if `accumulate`, and records the adjoint.
template <class T>
void compute(const Terms& terms, Var z, bool accumulate, Index period) {
  bool joins = false;
  if constexpr (!is_dual<T>) {
    joins = joins_rows<T>(terms, z, accumulate, period);
    if (joins) post_products<T>(terms, z, accumulate, period);
  }
  if (!joins) compute_at_once<T>(terms, z, accumulate);
  if (!z.wants_gradient()) return;
  // As at the steps of a sequence, for which all terms would be too much memory.
  if (terms.product_count == 1 && terms.addend_count == 0) {
    z.tape().on_backward(z, "matmul",
                         [product = terms.products[0], z, period] { backward_product<T>(product, z, period); });
    return;
  }
  z.tape().on_backward(z, "matmul", [terms, z, period] {
    for (int i = 0; i < terms.product_count; ++i)
      backward_product<T>(terms.products[static_cast<std::size_t>(i)], z, period);
    for (int i = 0; i < terms.addend_count; ++i)
      backward_addend<T>(terms.addends[static_cast<std::size_t>(i)], z, period);
  });
}

bool wants_gradient(const Terms& terms) {
  bool wanted = false;
  for (int i = 0; i < terms.product_count; ++i) {
    const Product& p = terms.products[static_cast<std::size_t>(i)];
    wanted |= p.a.wants_gradient() || p.w.wants_gradient();
  }
  for (int i = 0; i < terms.addend_count; ++i) wanted |= terms.addends[static_cast<std::size_t>(i)].wants_gradient();
  return wanted;
}

void remove_product(Terms& terms, int at) {
  for (int i = at; i + 1 < terms.product_count; ++i)
    terms.products[static_cast<std::size_t>(i)] = terms.products[static_cast<std::size_t>(i + 1)];
  --terms.product_count;
}
void remove_addend(Terms& terms, int at) {
  for (int i = at; i + 1 < terms.addend_count; ++i)
    terms.addends[static_cast<std::size_t>(i)] = terms.addends[static_cast<std::size_t>(i + 1)];
  --terms.addend_count;
}

bool hoistable(const Product& p) {
  const detail::Node& a = *p.a.node();
  return is_parameter(p.w) && p.transpose != Transpose::a && a.sequence != nullptr && a.sequence->whole != &a;
}

// Takes one product (and the bias) out of `terms` if the whole sequence's is there to be used: the step's rows of it become
// the result, in place, for the other terms to be added to. Undefined otherwise.
Var take_hoisted(Terms& terms, const Shape& shape, bool wanted) {
  for (int i = 0; i < terms.product_count; ++i) {
    const Product p = terms.products[static_cast<std::size_t>(i)];
    if (!hoistable(p)) continue;
    int bias_at = -1;
    for (int j = 0; j < terms.addend_count; ++j) {
      const Var addend = terms.addends[static_cast<std::size_t>(j)];
      if (is_parameter(addend) && addend.size() == shape.cols()) bias_at = j;
    }
    const Var bias = bias_at < 0 ? Var() : terms.addends[static_cast<std::size_t>(bias_at)];
    detail::HoistedProduct& all = detail::hoisted_product(p, bias, shape.cols());
    const Var rows = detail::take_rows(all, shape, p.a.node()->sequence_row, wanted);
    if (!rows.defined()) continue;
    remove_product(terms, i);
    if (bias_at >= 0) remove_addend(terms, bias_at);
    return rows;
  }
  return {};
}

}  // namespace

Var detail::compute(const Linear::Terms& terms, Var z, bool accumulate, Index period) {
  dispatch(z.tape().dtype(), [&]<class T>() { recur::compute<T>(terms, z, accumulate, std::max<Index>(period, 1)); });
  return z;
}

Linear::Linear(Var a, Var w, Transpose transpose) {
  terms_.products[0] = {a, w, transpose};
  terms_.product_count = 1;
  const Product& p = terms_.products[0];
  require(a.shape().rank() >= 1 && w.shape().rank() == 2, "matmul: {} x {}: the right operand must have two axes",
          a.shape(), w.shape());
  require(
      inner_of_a(p) == inner_of_w(p), "matmul: {}{} x {}{}: inner sizes {} and {} differ{}", a.shape(),
      transpose == Transpose::a ? "ᵀ" : "", w.shape(), transpose == Transpose::b ? "ᵀ" : "", inner_of_a(p),
      inner_of_w(p),
      inner_of_a(p) == outer_of_w(p) ? " (they fit with Transpose::b)" : " (was the layer built for another input?)");
}

Shape Linear::shape() const { return shape_of(terms_.products[0]); }

Linear operator+(const Linear& left, const Linear& right) {
  Linear sum = left;
  require<ValueError>(left.terms_.product_count + right.terms_.product_count <= Linear::max_terms,
                      "Linear: a sum of more than {} products (assign a part of it to a Var first)", Linear::max_terms);
  const Product& p = left.terms_.products[0];
  const Product& q = right.terms_.products[0];
  if (rows_of(p) != rows_of(q) || outer_of_w(p) != outer_of_w(q))
    fail<ShapeError>("Linear: cannot add products of shapes {} and {}", left.shape(), right.shape());
  for (int i = 0; i < right.terms_.product_count; ++i)
    sum.terms_.products[static_cast<std::size_t>(sum.terms_.product_count++)] =
        right.terms_.products[static_cast<std::size_t>(i)];
  for (int i = 0; i < right.terms_.addend_count; ++i) sum = sum.plus(right.terms_.addends[static_cast<std::size_t>(i)]);
  return sum;
}

Linear Linear::plus(Var addend) const {
  require<ValueError>(terms_.addend_count < max_terms,
                      "Linear: more than {} addends (assign a part of the sum to a Var first)", max_terms);
  const Product& p = terms_.products[0];
  if (addend.cols() != outer_of_w(p) || (addend.rows() != 1 && addend.rows() != rows_of(p)))
    fail<ShapeError>("Linear: cannot add {} to a product of shape {} (the same shape or one row is possible)",
                     addend.shape(), shape());
  Linear sum = *this;
  sum.terms_.addends[static_cast<std::size_t>(sum.terms_.addend_count++)] = addend;
  return sum;
}

Linear::operator Var() const {
  Terms terms = terms_;
  const Shape result = shape();
  const bool wanted = wants_gradient(terms);
  const Var in_place = take_hoisted(terms, result, wanted);
  if (!in_place.defined()) return detail::compute(terms, tape().output(result, wanted), false, result.rows());
  if (terms.product_count + terms.addend_count == 0) return in_place;
  return detail::compute(terms, in_place, true, result.rows());
}

Linear matmul(Var a, Var b, Transpose transpose) { return {a, b, transpose}; }
Linear matmul(Var a, Parameter& b, Transpose transpose) { return {a, a.tape().leaf(b), transpose}; }

}  // namespace recur
