#include <recur/framework/recurrence/leaf_slot.h>

#include <recur/framework/autodiff/tape.h>
#include <recur/framework/gemm/gemm_rows.h>
#include <recur/framework/recurrence/row_local.h>

#include <algorithm>

namespace recur::detail {
namespace {

// Values and adjoints that are still in the second-level cache when so much has been made, and a gradient beside which they
// stay there.
constexpr Index cached_bytes = 640 * 1024;
constexpr Index small_gradient_bytes = 256 * 1024;
// What adding a number costs, in the operations of parallel.h: it has to be fetched first.
constexpr Index work_of_sum = 6;

}  // namespace

template <class T>
const PackedMatrix<T>& TypedLeaf<T>::forward(const Parameter& parameter) {
  if (packed_version != parameter.version()) {
    settle_rows();  // products with the one before may be under way
    packed.pack(parameter.value().template as<T>().matrix(), false);
    packed_version = parameter.version();
  }
  return packed;
}

template <class T>
const PackedMatrix<T>& TypedLeaf<T>::backward(const Parameter& parameter) {
  if (transposed_version != parameter.version()) {
    settle_rows();
    packed_transposed.pack(parameter.value().template as<T>().matrix(), true);
    transposed_version = parameter.version();
  }
  return packed_transposed;
}

bool LeafSlot::has_small_gradient() const {
  return parameter->size() * static_cast<Index>(size_of(parameter->dtype())) <= small_gradient_bytes;
}

template <class T>
void LeafSlot::defer(Var value, Var result, bool transpose, Index period) {
  const MatrixView<const T> a = unsettled_value<T>(value);
  const MatrixView<const T> dz = unsettled_adjoint<T>(result);
  as<T>().pairs.push_back(transpose ? RowsPair<T>{dz, a} : RowsPair<T>{a, dz});
  result.tape().hold(result.node()->root());
  held.push_back({value, result, period});
  waiting_bytes += static_cast<Index>(sizeof(T)) * a.rows * (a.cols + dz.cols);
  if (waiting_bytes >= cached_bytes && has_small_gradient()) flush(result.tape());
}

// Every thread sums over its own rows, which it has made and still has near.
template <class T>
bool LeafSlot::post_products(std::span<const RowsPair<T>> pairs, Tape& tape) {
  const auto waits = std::span(held).subspan(own);
  const Index period = waits[0].period;
  const bool equal = std::all_of(waits.begin(), waits.end(), [&](const Waiting& w) { return w.period == period; });
  if (!equal || !has_small_gradient() || parameter->size() == 0) return false;
  const Index work = 2 * depth_of(pairs) / period * parameter->size();
  if (!always_by_rows(period, work)) return false;
  const auto copy = tape.list<RowsPair<T>>(static_cast<Index>(pairs.size()));
  std::copy(pairs.begin(), pairs.end(), copy.begin());
  const MatrixView<T> gradient = parameter->gradient.as<T>().matrix();
  // These make room, for which what was handed out before may have to be waited for. After that it is agreed whose rows are whose.
  const TransposedRows<T> products(copy, gradient.rows, gradient.cols, tape.workspace(), row_members());
  sums.reserve(parameter->gradient);
  const bool joins = joins_rows(period, work, [&](RowUse& use) {
    for (const Waiting& w : waits) {
      use.value(w.value);
      use.gradient(w.result);
    }
  });
  if (!joins) return false;
  const auto targets = sums.open(parameter->gradient, period);
  post_rows(period, [products, targets, period](int member, Index first, Index count) {
    products.run(member, {period, first, count}, static_cast<T*>(targets.of(member)));
  });
  return true;
}

template <class T>
bool LeafSlot::post_column_sums(Var result, Index period) {
  const MatrixView<const T> dz = unsettled_adjoint<T>(result);
  const Index work = work_of_sum * dz.cols * (dz.rows / period);
  if (!has_small_gradient() || !always_by_rows(period, work)) return false;
  sums.reserve(parameter->gradient);
  const bool joins = joins_rows(period, work, [&](RowUse& use) { use.gradient(result); });
  if (!joins) return false;
  const auto targets = sums.open(parameter->gradient, period);
  post_rows(period, [dz, targets, period](int member, Index first, Index count) {
    const std::span<T> sum(static_cast<T*>(targets.of(member)), static_cast<std::size_t>(dz.cols));
    for (Index row = first; row < dz.rows; row += period) add_column_sums<T>(dz.middle_rows(row, count), sum);
  });
  return true;
}

void LeafSlot::flush(Tape& tape) {
  if (waiting() == own) return;
  std::visit(
      [&]<class T>(const TypedLeaf<T>& leaf) {
        const auto pairs = std::span(leaf.pairs).subspan(own);
        if (post_products<T>(pairs, tape)) return;
        settle_rows();
        multiply_transposed<T>(pairs, parameter->gradient.as<T>().matrix(), tape.workspace());
      },
      typed);
  for (const Waiting& waits : std::span(held).subspan(own)) tape.release(waits.result.node()->root());
  forget();
}

void LeafSlot::finish(Tape& tape) {
  flush(tape);
  sums.close(parameter->gradient);
}

void LeafSlot::forget() {
  std::visit([&](auto& leaf) { leaf.pairs.resize(own); }, typed);
  held.resize(own);
  waiting_bytes = 0;
}

template struct TypedLeaf<float>;
template struct TypedLeaf<double>;
template void LeafSlot::defer<float>(Var, Var, bool, Index);
template void LeafSlot::defer<double>(Var, Var, bool, Index);
template bool LeafSlot::post_column_sums<float>(Var, Index);
template bool LeafSlot::post_column_sums<double>(Var, Index);

}  // namespace recur::detail
