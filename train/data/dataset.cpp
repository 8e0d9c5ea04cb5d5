#include <recur/train/data/dataset.h>

#include <algorithm>
#include <numeric>

namespace recur {
namespace {

Tensor<float> gather_rows(const Tensor<float>& from, std::span<const Index> examples) {
  Tensor<float> to(from.shape().with(0, static_cast<Index>(examples.size())));
  const Index each = from.shape().without(0).count();
  for (std::size_t i = 0; i < examples.size(); ++i)
    std::copy_n(from.data() + examples[i] * each, each, to.data() + static_cast<Index>(i) * each);
  return to;
}

}  // namespace

TensorDataset::TensorDataset(Tensor<float> inputs, Tensor<float> targets)
    : inputs_(std::move(inputs)), targets_(std::move(targets)) {
  require(inputs_.shape().rank() > 0 && targets_.shape().rank() > 0 && inputs_.shape()[0] == targets_.shape()[0],
          "TensorDataset: inputs {} and targets {} must have equal first axes", inputs_.shape(), targets_.shape());
}

Batch TensorDataset::gather(std::span<const Index> examples) const {
  for (const Index example : examples)
    require<ValueError>(example >= 0 && example < size(), "TensorDataset::gather: example {} of {}", example, size());
  return {gather_rows(inputs_, examples), gather_rows(targets_, examples)};
}

Example TensorDataset::operator[](Index index) const {
  Batch one = gather(std::span(&index, 1));
  one.inputs.reshape(one.inputs.shape().without(0));
  one.targets.reshape(one.targets.shape().without(0));
  return {std::move(one.inputs), std::move(one.targets)};
}

Batches::Batches(const TensorDataset& data, BatchOptions options)
    : data_(data), options_(options), order_(static_cast<std::size_t>(data.size())) {
  require<ValueError>(options.batch > 0, "Batches: the batch size must be positive, got {}", options.batch);
  require<ValueError>(size() > 0, "Batches: {} examples do not make one batch of {}", data.size(), options.batch);
  start_epoch(0);
}

Index Batches::size() const {
  return options_.drop_last ? data_.size() / options_.batch : (data_.size() + options_.batch - 1) / options_.batch;
}

void Batches::start_epoch(Index epoch) {
  std::iota(order_.begin(), order_.end(), Index{0});
  if (!options_.shuffle) return;
  Generator generator = Generator(options_.seed).fork(static_cast<std::uint64_t>(epoch));
  generator.shuffle(order_);
}

Batches Batches::in_order() const {
  BatchOptions options = options_;
  options.shuffle = false;
  return {data_, options};
}

Batch Batches::operator[](Index index) const {
  require<ValueError>(index >= 0 && index < size(), "Batches: batch {} of {}", index, size());
  const auto first = static_cast<std::size_t>(index * options_.batch);
  const auto count = std::min(static_cast<std::size_t>(options_.batch), order_.size() - first);
  return data_.gather(std::span(order_).subspan(first, count));
}

}  // namespace recur
