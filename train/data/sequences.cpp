#include <recur/train/data/sequences.h>

namespace recur {
namespace {

// Steps [first, first + count) of a tensor.
Tensor<float> steps_of(const Tensor<float>& all, Index first, Index count) {
  const Index each = all.shape().without(0).count();
  return {all.shape().with(0, count),
          all.values().subspan(static_cast<std::size_t>(first * each), static_cast<std::size_t>(count * each))};
}

}  // namespace

SequenceDataset::SequenceDataset(Tensor<float> inputs, Tensor<float> targets, std::span<const Index> lengths)
    : inputs_(std::move(inputs)), targets_(std::move(targets)) {
  require(inputs_.shape().rank() > 0 && targets_.shape().rank() > 0 && inputs_.shape()[0] == targets_.shape()[0],
          "SequenceDataset: inputs {} and targets {} must have equal first axes (one target a sequence: "
          "SequenceDataset::labelled)",
          inputs_.shape(), targets_.shape());
  set_starts(lengths);
}

SequenceDataset SequenceDataset::labelled(Tensor<float> inputs, Tensor<float> targets, std::span<const Index> lengths) {
  const Shape& steps = inputs.shape();
  const Shape& wanted = targets.shape();
  require(steps.rank() > 0 && wanted.rank() > 0 && wanted[0] == std::ssize(lengths),
          "SequenceDataset::labelled: inputs {} and targets {} for {} sequences", steps, wanted, lengths.size());
  SequenceDataset data;
  data.inputs_ = std::move(inputs);
  data.targets_ = std::move(targets);
  data.labels_ = true;
  data.set_starts(lengths);
  return data;
}

void SequenceDataset::set_starts(std::span<const Index> lengths) {
  const Index steps = inputs_.shape()[0];
  starts_ = {0};
  for (const Index length : lengths) {
    require<ValueError>(length >= 0, "SequenceDataset: a length of {}", length);
    require(length <= steps - starts_.back(), "SequenceDataset: the lengths add up to more than the {} steps", steps);
    starts_.push_back(starts_.back() + length);
  }
  require(starts_.back() == steps, "SequenceDataset: the lengths add up to {}, there are {} steps", starts_.back(),
          steps);
}

SequenceDataset SequenceDataset::next_step(const Tensor<float>& steps, std::span<const Index> lengths) {
  require(steps.shape().rank() > 0, "SequenceDataset::next_step: a scalar has no steps");
  const Index all = steps.shape()[0];
  const Index each = steps.shape().without(0).count();
  std::vector<float> inputs;
  std::vector<float> targets;
  std::vector<Index> shorter;
  Index first = 0;
  for (const Index length : lengths) {
    require<ValueError>(length >= 2, "SequenceDataset::next_step: a length of {}, at least 2 are needed", length);
    require(length <= all - first, "SequenceDataset::next_step: the lengths add up to more than the {} steps", all);
    const auto at = steps.values().begin() + first * each;
    inputs.insert(inputs.end(), at, at + (length - 1) * each);
    targets.insert(targets.end(), at + each, at + length * each);
    shorter.push_back(length - 1);
    first += length;
  }
  require(first == all, "SequenceDataset::next_step: the lengths add up to {}, there are {} steps", first, all);
  const Shape shape = steps.shape().with(0, all - static_cast<Index>(lengths.size()));
  return {Tensor<float>(shape, inputs), Tensor<float>(shape, targets), shorter};
}

Index SequenceDataset::length(Index index) const {
  require<ValueError>(index >= 0 && index < size(), "SequenceDataset: sequence {} of {}", index, size());
  const auto i = static_cast<std::size_t>(index);
  return starts_[i + 1] - starts_[i];
}

Example SequenceDataset::operator[](Index index) const {
  const Index count = length(index);
  const Index first = starts_[static_cast<std::size_t>(index)];
  if (!labels_) return {steps_of(inputs_, first, count), steps_of(targets_, first, count)};
  Tensor<float> label = steps_of(targets_, index, 1);
  label.reshape(label.shape().without(0));
  return {steps_of(inputs_, first, count), std::move(label), true};
}

}  // namespace recur
