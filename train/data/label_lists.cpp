#include <recur/train/data/label_lists.h>

#include <algorithm>
#include <cmath>

namespace recur {

std::vector<std::vector<std::int32_t>> LabelLists::lists() const {
  std::vector<std::vector<std::int32_t>> result;
  auto at = labels.begin();
  for (const Index count : counts) {
    result.emplace_back(at, at + count);
    at += count;
  }
  return result;
}

LabelLists label_lists(const Tensor<float>& targets) {
  const Shape& shape = targets.shape();
  require(shape.rank() == 2, "label_lists: targets {} where [batch, most labels] is expected", shape);
  LabelLists result;
  for (Index b = 0; b < shape[0]; ++b) {
    Index count = 0;
    for (Index i = 0; i < shape[1]; ++i) {
      const float label = targets(b, i);
      require<ValueError>(label >= 0 && label < 1e7F && std::floor(label) == label,
                          "label_lists: {} in row {} is no label (whole numbers from 1; 0 pads)", label, b);
      if (label == 0) continue;
      require<ValueError>(count == i, "label_lists: row {} has the label {} behind a 0, which pads", b, label);
      result.labels.push_back(static_cast<std::int32_t>(label));
      ++count;
    }
    result.counts.push_back(count);
  }
  return result;
}

PaddedBatch pad_label_lists(std::span<const Example> sequences) {
  require<ValueError>(!sequences.empty(), "pad_label_lists: no sequences");
  Index most = 1;
  std::vector<Example> inputs;
  for (const Example& sequence : sequences) {
    require(sequence.targets.shape().rank() == 1, "pad_label_lists: labels {} where [labels] is expected",
            sequence.targets.shape());
    most = std::max(most, sequence.targets.size());
    inputs.push_back({sequence.inputs.clone(), sequence.inputs.clone()});
  }
  PaddedBatch batch = pad(inputs);
  batch.targets = Tensor<float>({static_cast<Index>(sequences.size()), most});
  for (std::size_t i = 0; i < sequences.size(); ++i)
    std::ranges::copy(sequences[i].targets.values(), batch.targets.data() + static_cast<Index>(i) * most);
  batch.labels = true;
  return batch;
}

}  // namespace recur
