#include <recur/framework/autodiff/var.h>

#include <recur/framework/autodiff/rows.h>
#include <recur/framework/autodiff/tape.h>

#include <algorithm>

namespace recur {

detail::PassOf<true>::PassOf(const Node& node) : tape(node.tape), number(node.tape->pass()) {}

void detail::PassOf<true>::require_current() const {
  if (tape->pass() == number) [[likely]]
    return;
  fail<StateError>(
      "Var: a value is used after its tape was reset (keep numbers with Var::to_array, states of a recurrence with "
      "CarriedState)");
}

void detail::refuse_undefined() { fail<StateError>("Var: an undefined value is used (nothing was assigned to it)"); }

DType Var::dtype() const { return tape().dtype(); }

double Var::item() const {
  require(size() == 1, "Var::item: shape {} is not a single number (reduce it with sum or mean first)", shape());
  return dispatch(dtype(), [&]<class T>() { return static_cast<double>(*value<T>().data); });
}

void Var::copy_to(Array& target) const {
  if (target.shape() != shape() || target.dtype() != dtype()) target = Array(shape(), dtype());
  dispatch(dtype(), [&]<class T>() { detail::copy_rows<T>(value<T>(), target.as<T>().matrix()); });
}

Array Var::to_array() const {
  Array copy(shape(), dtype());
  copy_to(copy);
  return copy;
}

Array Var::gradient() const {
  require<StateError>(node_->root().kept,
                      "Var::gradient: the gradient of this {} value is not kept (make it with Tape::input)", shape());
  Array copy(shape(), dtype());
  if (!has_adjoint()) return copy;
  tape().fill_unwritten(node_->root());
  dispatch(dtype(), [&]<class T>() { detail::copy_rows<T>(adjoint<T>(), copy.as<T>().matrix()); });
  return copy;
}

bool Var::claim() const {
  detail::Node& root = node_->root();
  if (node_->base == nullptr) {
    const bool gapless = cols() == root.stride;
    return tape().first_write(root, gapless ? detail::RowRange{0, rows()} : detail::RowRange{});
  }
  const Index offset = node_->offset(dtype());
  const bool whole_rows =
      cols() == root.stride && node_->stride == root.stride && root.stride > 0 && offset % root.stride == 0;
  const Index first = whole_rows ? offset / root.stride : 0;
  return tape().first_write(root, {first, whole_rows ? first + rows() : 0});
}

void Var::begin_gradient() const {
  if (!claim()) return;
  dispatch(dtype(), [&]<class T>() { std::fill_n(adjoint<T>().data, size(), T{}); });
}

}  // namespace recur
