#include <recur/framework/ops/add_to_rows.h>
#include <recur/framework/ops/gather.h>

#include <algorithm>

namespace recur {
namespace {

std::span<const std::int32_t> checked_ids(Var table, std::span<const std::int32_t> ids, const Shape& ids_shape) {
  require(table.shape().rank() == 2, "gather: the table {} must have two axes", table.shape());
  require(static_cast<Index>(ids.size()) == ids_shape.count(), "gather: {} ids for shape {}", ids.size(), ids_shape);
  const Index entries = table.rows();
  for (std::size_t i = 0; i < ids.size(); ++i)
    require<ValueError>(ids[i] >= 0 && ids[i] < entries,
                        "gather: id {} at position {} is not within [0, {}) (was the vocabulary another one?)", ids[i],
                        i, entries);
  const auto copy = table.tape().list<std::int32_t>(ids_shape.count());
  std::copy(ids.begin(), ids.end(), copy.begin());
  return copy;
}

}  // namespace

// y[i] = table[ids[i]]      dtable[ids[i]] += dy[i]
Var gather(Var table, std::span<const std::int32_t> ids, const Shape& ids_shape) {
  const auto kept = checked_ids(table, ids, ids_shape);
  const Var y = table.tape().output(ids_shape.inserted(-1, table.cols()), table.wants_gradient());
  dispatch(y.dtype(), [&]<class T>() {
    const MatrixView<const T> from = table.value<T>();
    const MatrixView<T> to = y.mutable_value<T>();
    for (Index r = 0; r < to.rows; ++r)
      std::copy_n(from.data + kept[static_cast<std::size_t>(r)] * from.stride, to.cols, to.data + r * to.stride);
    if (!y.wants_gradient()) return;
    y.tape().on_backward(y, [table, kept, y] {
      detail::add_to_rows<T, std::int32_t>(y.tape(), kept, y.adjoint<T>(), table.add_gradient<T>());
    });
  });
  return y;
}

}  // namespace recur
