#include "sequence_file.h"

#include <recur/io/npz.h>

#include <algorithm>
#include <cmath>

namespace recur::examples {
namespace {

Batch load_arrays(const NpzFile& file, const std::string& part) {
  Batch data{file.load<float>(part + "_inputs"), file.load<float>(part + "_targets")};
  const Shape inputs = data.inputs.shape();
  const Shape targets = data.targets.shape();
  require(inputs.rank() >= 2 && targets.rank() >= 1 && inputs[0] == targets[0],
          "load_sequences: {0}_inputs is {1} and {0}_targets {2}, need [n, …] both", part, inputs, targets);
  require<ValueError>(data.inputs.size() > 0, "load_sequences: {}_inputs is empty: {}", part, inputs);
  if (targets.rank() == 1) data.targets.reshape({targets[0], 1});
  return data;
}

// The shape without its first axis.
Shape example_of(const Tensor<float>& all) {
  std::vector<Index> axes;
  for (int axis = 1; axis < all.shape().rank(); ++axis) axes.push_back(all.shape()[axis]);
  return Shape(std::span<const Index>(axes));
}

}  // namespace

SequenceFile load_sequences(const std::filesystem::path& path) {
  const NpzFile file(path);
  SequenceFile data{load_arrays(file, "train"), load_arrays(file, "test")};
  for (const auto& [learned, judged] :
       {std::pair(&data.train.inputs, &data.test.inputs), std::pair(&data.train.targets, &data.test.targets)})
    require(example_of(*learned) == example_of(*judged),
            "load_sequences: '{}' has examples {} to learn from, {} to judge by", path.string(), example_of(*learned),
            example_of(*judged));
  return data;
}

std::vector<std::int32_t> ids_of(const Tensor<float>& numbers) {
  std::vector<std::int32_t> ids;
  ids.reserve(static_cast<std::size_t>(numbers.size()));
  for (const float number : numbers.values()) {
    require<ValueError>(number >= 0 && number < 1e7F && std::floor(number) == number,
                        "ids_of: {} is no id (whole numbers from 0)", number);
    ids.push_back(static_cast<std::int32_t>(number));
  }
  return ids;
}

Index count_ids(std::initializer_list<const Tensor<float>*> all) {
  std::int32_t largest = 0;
  for (const Tensor<float>* numbers : all)
    for (const std::int32_t id : ids_of(*numbers)) largest = std::max(largest, id);
  return Index{largest} + 1;
}

}  // namespace recur::examples
