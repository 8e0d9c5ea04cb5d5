#include <recur/train/data/example.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace recur {
namespace {

using Part = Tensor<float> Example::*;

Tensor<float> stack_part(std::span<const Example> examples, Part part) {
  const Shape& each = (examples[0].*part).shape();
  Tensor<float> all(each.inserted(0, static_cast<Index>(examples.size())));
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const Tensor<float>& one = examples[i].*part;
    require(one.shape() == each, "stack: example {} has shape {}, the first {} (sequences of any length: pad)", i,
            one.shape(), each);
    std::ranges::copy(one.values(), all.data() + static_cast<Index>(i) * each.count());
  }
  return all;
}

Tensor<float> pad_part(std::span<const Example> sequences, Part part, Index time) {
  const Shape padded = (sequences[0].*part).shape().with(0, time);
  Tensor<float> all(padded.inserted(0, static_cast<Index>(sequences.size())));
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const Tensor<float>& one = sequences[i].*part;
    require(one.shape().with(0, time) == padded, "pad: sequence {} has shape {}, the first {}", i, one.shape(),
            (sequences[0].*part).shape());
    std::ranges::copy(one.values(), all.data() + static_cast<Index>(i) * padded.count());
  }
  return all;
}

void require_fitting(const Example& sequence, const Example& first) {
  const Shape& in = sequence.inputs.shape();
  const Shape& out = sequence.targets.shape();
  require<ValueError>(sequence.labels == first.labels,
                      "pad: some targets are of steps and others of whole sequences (Example::labels)");
  require(in.rank() > 0 && (sequence.labels || (out.rank() > 0 && in[0] == out[0])),
          "pad: inputs {} and targets {} of a sequence must have equal first axes (for one target a sequence: "
          "Example::labels, SequenceDataset::labelled)",
          in, out);
  require(in.rank() == first.inputs.shape().rank() && out.rank() == first.targets.shape().rank(),
          "pad: inputs {} and targets {} of a sequence, of the first {} and {}", in, out, first.inputs.shape(),
          first.targets.shape());
}

}  // namespace

std::vector<std::int32_t> class_ids(std::span<const float> numbers) {
  std::vector<std::int32_t> ids;
  ids.reserve(numbers.size());
  for (const float number : numbers) {
    require<ValueError>(number >= 0 && number < 1e7F && std::floor(number) == number,
                        "class_ids: {} is no class or id (whole numbers from 0)", number);
    ids.push_back(static_cast<std::int32_t>(number));
  }
  return ids;
}

std::vector<std::int32_t> Batch::classes() const { return class_ids(targets.values()); }

std::vector<std::int32_t> PaddedBatch::classes() const { return class_ids(targets.values()); }

Index PaddedBatch::steps() const { return std::accumulate(lengths.begin(), lengths.end(), Index{0}); }

Tensor<float> PaddedBatch::mask() const {
  require(inputs.shape().rank() >= 2 && inputs.shape()[0] == std::ssize(lengths),
          "PaddedBatch::mask: {} lengths for inputs {}", lengths.size(), inputs.shape());
  Tensor<float> mask({inputs.shape()[0], inputs.shape()[1]});
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    require<ValueError>(lengths[i] >= 0 && lengths[i] <= inputs.shape()[1],
                        "PaddedBatch::mask: length {} of sequence {} is outside [0, {}]", lengths[i], i,
                        inputs.shape()[1]);
    std::fill_n(mask.data() + static_cast<Index>(i) * mask.shape()[1], lengths[i], 1.0F);
  }
  return mask;
}

Batch stack(std::span<const Example> examples) {
  require<ValueError>(!examples.empty(), "stack: no examples");
  return {stack_part(examples, &Example::inputs), stack_part(examples, &Example::targets)};
}

PaddedBatch pad(std::span<const Example> sequences) {
  require<ValueError>(!sequences.empty(), "pad: no sequences");
  PaddedBatch batch;
  for (const Example& sequence : sequences) {
    require_fitting(sequence, sequences[0]);
    batch.lengths.push_back(sequence.inputs.shape()[0]);
  }
  const Index time = *std::ranges::max_element(batch.lengths);
  batch.inputs = pad_part(sequences, &Example::inputs, time);
  batch.labels = sequences[0].labels;
  batch.targets =
      batch.labels ? stack_part(sequences, &Example::targets) : pad_part(sequences, &Example::targets, time);
  return batch;
}

}  // namespace recur
