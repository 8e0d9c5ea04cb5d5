#include <recur/framework/autodiff/tape.h>
#include <recur/framework/autodiff/var.h>

#include <algorithm>

namespace recur {
namespace {

template <class T>
void copy_rows(MatrixView<const T> view, Tensor<T>& target) {
  for (Index r = 0; r < view.rows; ++r) std::copy_n(view.row(r).data(), view.cols, target.data() + r * view.cols);
}

}  // namespace

DType Var::dtype() const { return node_->tape->dtype(); }

double Var::item() const {
  require(size() == 1, "Var::item: shape {} is not a single number (reduce it with sum or mean first)", shape());
  return dispatch(dtype(), [&]<class T>() { return static_cast<double>(*value<T>().data); });
}

void Var::copy_to(Array& target) const {
  if (target.shape() != shape() || target.dtype() != dtype()) target = Array(shape(), dtype());
  dispatch(dtype(), [&]<class T>() { copy_rows<T>(value<T>(), target.as<T>()); });
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
  tape().fill_blank_rows(node_->root());
  dispatch(dtype(), [&]<class T>() { copy_rows<T>(adjoint<T>(), copy.as<T>()); });
  return copy;
}

bool Var::claim() const {
  detail::Node& root = node_->root();
  const bool whole_rows =
      cols() == root.stride && node_->stride == root.stride && root.stride > 0 && node_->offset % root.stride == 0;
  const Index first = whole_rows ? node_->offset / root.stride : 0;
  return tape().claim_rows(root, first, whole_rows ? first + rows() : 0);
}

void Var::begin_gradient() const {
  if (!claim()) return;
  dispatch(dtype(), [&]<class T>() { std::fill_n(adjoint<T>().data, size(), T{}); });
}

}  // namespace recur
