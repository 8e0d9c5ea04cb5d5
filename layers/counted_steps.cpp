#include <recur/layers/counted_steps.h>

#include <recur/framework/ops/gather.h>
#include <recur/framework/ops/reshape.h>

#include <algorithm>

namespace recur {
namespace {

bool mask_fits(Var mask, const Shape& output) {
  return mask.shape().rank() >= 2 && mask.size() == output[0] * output[1] && mask.shape()[0] == output[0];
}

}  // namespace

CountedSteps::CountedSteps(const LayerValue& output) {
  const Shape& shape = output.value.shape();
  rows_ = output.value.rows();
  if (shape.rank() < 3 || output.value.size() == 0) return;
  const bool masked = output.mask.defined() && mask_fits(output.mask, shape);
  const bool ragged = static_cast<Index>(output.lengths.size()) == shape[0] && !output.lengths.empty();
  if (!masked && !ragged) return;
  batch_ = shape[0];
  time_ = shape[1];
  const std::vector<double> mask = masked ? output.mask.to_doubles() : std::vector<double>{};
  for (Index i = 0; i < batch_ * time_; ++i) {
    const bool within = !ragged || i % time_ < output.lengths[static_cast<std::size_t>(i / time_)];
    if (within && (!masked || mask[static_cast<std::size_t>(i)] != 0)) places_.push_back(static_cast<std::int32_t>(i));
  }
  all_ = static_cast<Index>(places_.size()) == batch_ * time_;
}

void CountedSteps::check(Index rows) const {
  require(rows == batch_ * time_, "CountedSteps::of: values of {} steps, the output has {} sequences of {}", rows,
          batch_, time_);
}

Var CountedSteps::of(Var values) const {
  if (all_) return values;
  const Shape& shape = values.shape();
  const Index steps = shape.rank() >= 2 ? shape[0] * shape[1] : shape.count();
  check(steps);
  Shape each = shape;
  for (int axis = 0; axis < std::min(2, shape.rank()); ++axis) each = each.without(0);
  const Var rows = gather(reshape(values, {steps, each.count()}), places_, {static_cast<Index>(places_.size())});
  return reshape(rows, each.inserted(0, static_cast<Index>(places_.size())));
}

Tensor<float> CountedSteps::of(const Tensor<float>& values) const {
  if (all_) return values.clone();
  const Shape& shape = values.shape();
  check(shape.rank() >= 2 ? shape[0] * shape[1] : 0);
  Tensor<float> result(shape.without(0).with(0, static_cast<Index>(places_.size())));
  const Index each = shape.without(0).without(0).count();
  for (std::size_t i = 0; i < places_.size(); ++i)
    std::copy_n(values.data() + places_[i] * each, each, result.data() + static_cast<Index>(i) * each);
  return result;
}

std::vector<std::int32_t> CountedSteps::of(std::span<const std::int32_t> ids) const {
  if (all_) return {ids.begin(), ids.end()};
  check(static_cast<Index>(ids.size()));
  std::vector<std::int32_t> result;
  for (const std::int32_t place : places_) result.push_back(ids[static_cast<std::size_t>(place)]);
  return result;
}

}  // namespace recur
