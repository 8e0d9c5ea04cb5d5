#include <recur/framework/autodiff/operation_observer.h>
#include <recur/framework/ops/axis.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/reshape.h>

#include <algorithm>

namespace recur {
namespace {

using detail::Axis;
using detail::block;

// y = [x₀, x₁, …] along an axis      dxᵢ += the part of dy that came from xᵢ
// `axis` is that of y; xᵢ has as many positions of it as its size allows.
Axis axis_of_part(Var part, const Axis& axis) {
  Axis own = axis;
  own.size = axis.last ? part.cols() : part.rows() / (axis.outer * axis.inner);
  return own;
}

template <class T>
void join(std::span<const Var> parts, Var y, const Axis& axis) {
  const MatrixView<T> to = y.mutable_value<T>();
  Index first = 0;
  for (const Var part : parts) {
    const Axis own = axis_of_part(part, axis);
    for (Index o = 0; o < axis.outer; ++o)
      detail::copy_rows<T>(block(part.value<T>(), own, o, 0, own.size), block(to, axis, o, first, own.size));
    first += own.size;
  }
}

template <class T>
void join_backward(std::span<const Var> parts, Var y, const Axis& axis) {
  const MatrixView<const T> dy = y.adjoint<T>();
  Index first = 0;
  for (const Var part : parts) {
    const Axis own = axis_of_part(part, axis);
    if (part.wants_gradient()) {
      const auto [dx, fresh] = part.claim_gradient<T>();
      for (Index o = 0; o < axis.outer; ++o)
        detail::put_rows<T>(block(dy, axis, o, first, own.size), {block(dx, own, o, 0, own.size), fresh});
    }
    first += own.size;
  }
}

Var join(std::span<const Var> parts, const Shape& result, const Axis& axis) {
  Tape& tape = parts[0].tape();
  const bool wanted = std::any_of(parts.begin(), parts.end(), [](const Var& part) { return part.wants_gradient(); });
  const Var y = tape.output(result, wanted);
  if (y.size() == 0) return y;
  dispatch(y.dtype(), [&]<class T>() {
    join<T>(parts, y, axis);
    if (!y.wants_gradient()) return;
    const auto kept = tape.list<Var>(static_cast<Index>(parts.size()));
    std::copy(parts.begin(), parts.end(), kept.begin());
    tape.on_backward(y, [kept, y, axis] { join_backward<T>(kept, y, axis); });
  });
  if (auto* const observer = tape.operation_observer(); observer != nullptr && axis.last) [[unlikely]]
    observer->named("concat", parts, 0, y);
  return y;
}

}  // namespace

Var concat(std::span<const Var> parts, int axis) {
  require<ValueError>(!parts.empty(), "concat: nothing to concatenate");
  const Shape& first = parts[0].shape();
  Index total = 0;
  for (const Var part : parts) {
    detail::require_one_tape("concat", parts[0], part);
    require(part.shape().rank() == first.rank() && part.shape().with(axis, 0) == first.with(axis, 0),
            "concat: {} and {} differ in another axis than {}", first, part.shape(), axis);
    total += part.shape()[axis];
  }
  const Shape result = first.with(axis, total);
  return join(parts, result, detail::axis_of(result, axis));
}

Var stack(std::span<const Var> parts, int axis) {
  require<ValueError>(!parts.empty(), "stack: nothing to stack");
  const Shape& first = parts[0].shape();
  for (const Var part : parts) {
    detail::require_one_tape("stack", parts[0], part);
    require(part.shape() == first, "stack: shapes {} and {} differ", first, part.shape());
  }
  const Shape result = first.inserted(axis, static_cast<Index>(parts.size()));
  const int at = result.normalize(axis);
  if (at < first.rank()) return join(parts, result, detail::axis_of(result, at));
  // The new axis is the last: each part becomes a column.
  const auto columns = parts[0].tape().list<Var>(static_cast<Index>(parts.size()));
  std::transform(parts.begin(), parts.end(), columns.begin(),
                 [&](Var part) { return reshape(part, first.inserted(at, 1)); });
  return join(columns, result, detail::axis_of(result, at));
}

}  // namespace recur
