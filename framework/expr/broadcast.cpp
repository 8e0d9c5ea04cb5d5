#include <recur/framework/expr/broadcast.h>

#include <algorithm>
#include <string>

namespace recur::detail {
namespace {

struct Extent {
  Index rows = 1;
  Index cols = 1;
};

[[noreturn]] void refuse(std::span<const Var> operands, const Shape& wanted, std::size_t at) {
  std::string shapes;
  for (const Var& operand : operands) shapes += (shapes.empty() ? "" : ", ") + to_string(operand.shape());
  fail<ShapeError>("fuse: operand {} of {} does not broadcast to {} (operands: {}; a scalar, one row or one column do)",
                   at, operands[at].shape(), wanted, shapes);
}

}  // namespace

Shape broadcast_shape(std::span<const Var> operands) {
  const Shape& first = operands[0].shape();
  if (std::all_of(operands.begin() + 1, operands.end(), [&](const Var& v) { return v.shape() == first; })) return first;
  Extent extent;
  for (const Var& operand : operands) {
    extent.rows = std::max(extent.rows, operand.rows());
    extent.cols = std::max(extent.cols, operand.cols());
  }
  // An empty operand makes the result empty.
  for (const Var& operand : operands) {
    if (operand.rows() == 0) extent.rows = 0;
    if (operand.cols() == 0) extent.cols = 0;
  }
  const auto fits = [&](const Var& v) { return v.rows() == extent.rows && v.cols() == extent.cols; };
  const auto full = std::max_element(operands.begin(), operands.end(), [&](const Var& a, const Var& b) {
    return (fits(a) ? a.shape().rank() : -1) < (fits(b) ? b.shape().rank() : -1);
  });
  const Shape shape = fits(*full) ? full->shape() : Shape{extent.rows, extent.cols};
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Var& v = operands[i];
    const bool rows_fit = v.rows() == extent.rows || v.rows() == 1;
    const bool cols_fit = v.cols() == extent.cols || v.cols() == 1;
    const bool same_axes = !fits(v) || v.shape() == shape || extent.rows == 1;
    if (!rows_fit || !cols_fit || !same_axes) refuse(operands, shape, i);
  }
  return shape;
}

}  // namespace recur::detail
