#pragma once

#include <recur/train/data/example.h>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <vector>

namespace recur::examples {

/// Sequences and what is wanted for each, to learn from and to judge by.
struct SequenceFile {
  Batch train;
  Batch test;
};
/// Of an .npz file with arrays train_inputs `[n, …]`, train_targets `[n, …]` (`[n]` becomes `[n, 1]`), test_inputs and test_targets.
/// @throws FormatError for a file that cannot be read; ValueError for an array that is missing or empty; ShapeError where inputs and targets
/// differ in number, or an example of one part has another shape than one of the other.
[[nodiscard]] SequenceFile load_sequences(const std::filesystem::path& path);

/// Ids or classes that a data set holds as numbers. @throws ValueError for one that is negative or no whole number.
[[nodiscard]] std::vector<std::int32_t> ids_of(const Tensor<float>& numbers);
/// One more than the largest id in all of them. Throws ValueError for a number that is not an id.
[[nodiscard]] Index count_ids(std::initializer_list<const Tensor<float>*> all);

}  // namespace recur::examples
