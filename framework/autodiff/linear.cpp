#include <recur/framework/autodiff/linear.h>

#include <recur/framework/autodiff/operation_observer.h>
#include <recur/framework/autodiff/products.h>
#include <recur/framework/autodiff/rows.h>

#include <algorithm>

namespace recur {
namespace {

using detail::is_parameter;
using Terms = Linear::Terms;
using Product = Linear::Product;

Index inner_of_a(const Product& p) { return p.transpose == Transpose::a ? p.a.rows() : p.a.cols(); }
Index inner_of_w(const Product& p) { return p.transpose == Transpose::b ? p.w.cols() : p.w.rows(); }
Index outer_of_w(const Product& p) { return p.transpose == Transpose::b ? p.w.rows() : p.w.cols(); }
Index rows_of(const Product& p) { return p.transpose == Transpose::a ? p.a.cols() : p.a.rows(); }

[[noreturn]] void refuse(const Product& p) {
  require(p.a.shape().rank() >= 1 && p.w.shape().rank() == 2, "matmul: {} x {}: the right operand must have two axes",
          p.a.shape(), p.w.shape());
  fail<ShapeError>(
      "matmul: {}{} x {}{}: inner sizes {} and {} differ{}", p.a.shape(), p.transpose == Transpose::a ? "ᵀ" : "",
      p.w.shape(), p.transpose == Transpose::b ? "ᵀ" : "", inner_of_a(p), inner_of_w(p),
      inner_of_a(p) == outer_of_w(p) ? " (they fit with Transpose::b)" : " (was the layer built for another input?)");
}

bool is_bias(Var addend, Index rows, Index cols) { return addend.size() == cols && rows != 1; }

// A bias is [1, cols] here, whatever its rank.
template <class T>
MatrixView<const T> addend_value(Var addend, Index cols) {
  if (addend.size() == cols) return {addend.value<T>().data, 1, cols};
  return addend.value<T>();
}

template <class T>
void backward_addend(Var addend, Var z) {
  if (!addend.wants_gradient()) return;
  const MatrixView<const T> dz = z.adjoint<T>();
  if (is_bias(addend, z.rows(), z.cols())) return detail::sum_columns<T>(dz, addend.add_gradient<T>().data);
  const auto [to, fresh] = addend.claim_gradient<T>();
  detail::put_rows<T>(dz, {{to.data, dz.rows, dz.cols, addend.size() == dz.cols ? dz.cols : to.stride}, fresh});
}

template <class T>
void compute_values(const Terms& terms, MatrixView<T> z, bool accumulate) {
  // The sums of the first product can begin with the bias.
  const bool bias_first =
      !accumulate && terms.product_count > 0 && terms.addend_count == 1 && terms.addends[0].size() == z.cols;
  if (!bias_first)
    for (const Var addend : terms.all_addends()) {
      const auto value = addend_value<T>(addend, z.cols);
      if (accumulate) detail::add_rows<T>(value, z);
      else detail::copy_rows<T>(value, z);
      accumulate = true;
    }
  const T* bias = bias_first ? terms.addends[0].value<T>().data : nullptr;
  for (const Product& p : terms.all_products()) {
    detail::multiply_into<T>(p, z, accumulate, bias);
    accumulate = true;
    bias = nullptr;
  }
}

// Most steps of a recurrence leave one product.
template <class T>
void record(const Terms& terms, Var z) {
  Tape& tape = z.tape();
  if (terms.product_count == 1 && terms.addend_count == 0)
    return tape.on_backward(z, "matmul", [p = terms.products[0], z] { detail::multiply_back<T>(p, z); });
  tape.on_backward(z, "matmul", [terms, z] {
    for (const Product& p : terms.all_products()) detail::multiply_back<T>(p, z);
    for (const Var addend : terms.all_addends()) backward_addend<T>(addend, z);
  });
}

bool wants_gradient(const Terms& terms) {
  const auto products = terms.all_products();
  const auto addends = terms.all_addends();
  return std::ranges::any_of(products, [](const Product& p) { return p.a.wants_gradient() || p.w.wants_gradient(); }) ||
         std::ranges::any_of(addends, [](Var addend) { return addend.wants_gradient(); });
}

template <class T, std::size_t N>
void remove(std::array<T, N>& list, int& count, int at) {
  std::copy(list.begin() + at + 1, list.begin() + count, list.begin() + at);
  --count;
}

// Takes one product, and the bias, out of `terms` if a mechanism has them already: they become the result, in place,
// for the other terms to be added to. Undefined otherwise.
Var take_computed(Terms& terms, const Shape& shape, bool wanted) {
  for (int i = 0; i < terms.product_count; ++i) {
    const Product p = terms.products[static_cast<std::size_t>(i)];
    const detail::NodeExtra* const extra = p.a.node()->extra;
    if (extra == nullptr || extra->products == nullptr || p.transpose == Transpose::a || !is_parameter(p.w)) continue;
    int bias_at = -1;
    for (int j = 0; j < terms.addend_count; ++j) {
      const Var addend = terms.addends[static_cast<std::size_t>(j)];
      if (is_parameter(addend) && addend.size() == shape.cols()) bias_at = j;
    }
    const Var bias = bias_at < 0 ? Var() : terms.addends[static_cast<std::size_t>(bias_at)];
    const Var rows = extra->products->take(*extra->products, p, bias, shape, wanted);
    if (!rows.defined()) continue;
    remove(terms.products, terms.product_count, i);
    if (bias_at >= 0) remove(terms.addends, terms.addend_count, bias_at);
    return rows;
  }
  return {};
}

}  // namespace

void detail::compute_terms(const Terms& terms, Var z, bool accumulate) {
  z.node()->root().use = ValueUse::reusable;
  dispatch(z.tape().dtype(), [&]<class T>() {
    compute_values<T>(terms, z.mutable_value<T>(), accumulate);
    if (z.wants_gradient()) record<T>(terms, z);
  });
}

Linear::Linear(Var a, Var w, Transpose transpose) {
  terms_.products[0] = {a, w, transpose};
  terms_.product_count = 1;
  const Product& p = terms_.products[0];
  if (a.shape().rank() < 1 || w.shape().rank() != 2 || inner_of_a(p) != inner_of_w(p)) [[unlikely]]
    refuse(p);
  detail::require_one_tape("matmul", a, w);
}

Shape Linear::shape() const {
  const Product& p = terms_.products[0];
  if (p.transpose == Transpose::a) return {p.a.cols(), outer_of_w(p)};
  Shape result = p.a.shape();
  result.set_cols(outer_of_w(p));
  return result;
}

void Linear::add(const Linear& right) {
  if (terms_.product_count + right.terms_.product_count > max_terms) [[unlikely]]
    fail<ValueError>("Linear: a sum of more than {} products (assign a part of it to a Var first)", max_terms);
  const Product& p = terms_.products[0];
  const Product& q = right.terms_.products[0];
  if (rows_of(p) != rows_of(q) || outer_of_w(p) != outer_of_w(q))
    fail<ShapeError>("Linear: cannot add products of shapes {} and {}", shape(), right.shape());
  detail::require_one_tape("Linear", p.a, q.a);
  for (const Product& product : right.terms_.all_products())
    terms_.products[static_cast<std::size_t>(terms_.product_count++)] = product;
  for (const Var addend : right.terms_.all_addends()) add(addend);
}

void Linear::add(Var addend) {
  if (terms_.addend_count == max_terms) [[unlikely]]
    fail<ValueError>("Linear: more than {} addends (assign a part of the sum to a Var first)", max_terms);
  const Product& p = terms_.products[0];
  if (addend.cols() != outer_of_w(p) || (addend.rows() != 1 && addend.rows() != rows_of(p)))
    fail<ShapeError>("Linear: cannot add {} to a product of shape {} (the same shape or one row is possible)",
                     addend.shape(), shape());
  detail::require_one_tape("Linear", p.a, addend);
  terms_.addends[static_cast<std::size_t>(terms_.addend_count++)] = addend;
}

Linear::operator Var() const {
  const Shape result = shape();
  const bool wanted = wants_gradient(terms_);
  if (terms_.products[0].a.node()->extra != nullptr || terms_.product_count > 1) {
    Terms terms = terms_;
    const Var in_place = take_computed(terms, result, wanted);
    if (in_place.defined()) {
      if (terms.product_count + terms.addend_count > 0) detail::compute_terms(terms, in_place, true);
      return in_place;
    }
  }
  const Var z = tape().output(result, wanted);
  detail::compute_terms(terms_, z, false);
  if (auto* const observer = tape().operation_observer(); observer != nullptr) [[unlikely]]
    observer->product(*this, z);
  return z;
}

Linear matmul(Var a, Var b, Transpose transpose) { return {a, b, transpose}; }
Linear matmul(Var a, Parameter& b, Transpose transpose) { return {a, a.tape().leaf(b), transpose}; }

}  // namespace recur
