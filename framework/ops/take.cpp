#include <recur/framework/ops/add_to_rows.h>
#include <recur/framework/ops/take.h>

#include <algorithm>

namespace recur {

Var take_rows(Var x, std::span<const Index> rows, Shape shape) {
  require(shape.cols() == x.cols() && shape.rows() == static_cast<Index>(rows.size()),
          "take_rows: {} rows of {} cannot have shape {}", rows.size(), x.shape(), shape);
  for (std::size_t i = 0; i < rows.size(); ++i)
    require<ValueError>(rows[i] >= -1 && rows[i] < x.rows(), "take_rows: row {} at position {} of {} rows", rows[i], i,
                        x.rows());
  Tape& tape = x.tape();
  const Var y = tape.output(shape, x.wants_gradient());
  const auto chosen = tape.list<Index>(static_cast<Index>(rows.size()));
  std::copy(rows.begin(), rows.end(), chosen.begin());
  dispatch(tape.dtype(), [&]<class T>() {
    const auto from = x.value<T>();
    const auto to = y.mutable_value<T>();
    for (Index i = 0; i < to.rows; ++i) {
      const Index row = chosen[static_cast<std::size_t>(i)];
      if (row < 0) std::fill_n(to.row(i).data(), to.cols, T{});
      else std::copy_n(from.row(row).data(), to.cols, to.row(i).data());
    }
  });
  if (!y.wants_gradient()) return y;
  tape.on_backward(y, [x, y, chosen] {
    dispatch(y.dtype(),
             [&]<class T>() { detail::add_to_rows<T, Index>(y.tape(), chosen, y.adjoint<T>(), x.add_gradient<T>()); });
  });
  return y;
}

}  // namespace recur
