#pragma once

#include <recur/framework/autodiff/tape.h>

#include <algorithm>
#include <span>
#include <type_traits>

namespace recur::detail {

template <class T, class Sum>
void add_row(const T* from, Sum* to, Index n) {
  for (Index c = 0; c < n; ++c) to[c] += static_cast<Sum>(from[c]);
}

/// Numbers the rows that occur more than `often` times in `rows`, all others are -1. Returns how many are numbered.
template <class Row>
[[nodiscard]] Index number_frequent(std::span<const Row> rows, Index often, std::span<Index> numbers) {
  std::fill(numbers.begin(), numbers.end(), 0);
  for (const Row row : rows)
    if (row >= 0) ++numbers[static_cast<std::size_t>(row)];
  Index frequent = 0;
  for (Index& number : numbers) number = number > often ? frequent++ : -1;
  return frequent;
}

/// to[rows[i]] += from[i], without rows below 0. Floats of a row that occurs often are added up in double: a float
/// that has grown large takes in no small ones. Uses scratch memory of the tape.
template <class T, class Row>
void add_to_rows(Tape& tape, std::span<const Row> rows, MatrixView<const T> from, MatrixView<T> to) {
  constexpr Index often = 256;
  Index frequent = 0;
  std::span<Index> numbers{};
  if (!std::is_same_v<T, SumOf<T>> && from.rows > often) {
    numbers = tape.scratch<Index>(to.rows);
    frequent = number_frequent(rows, often, numbers);
  }
  const auto sums = tape.scratch<SumOf<T>>(frequent * to.cols);
  std::fill(sums.begin(), sums.end(), SumOf<T>{});
  for (Index i = 0; i < from.rows; ++i) {
    const auto row = static_cast<Index>(rows[static_cast<std::size_t>(i)]);
    if (row < 0) continue;
    const Index number = frequent > 0 ? numbers[static_cast<std::size_t>(row)] : -1;
    if (number < 0) add_row(from.data + i * from.stride, to.data + row * to.stride, to.cols);
    else add_row(from.data + i * from.stride, sums.data() + number * to.cols, to.cols);
  }
  if (frequent == 0) return;
  for (Index row = 0; row < to.rows; ++row)
    if (const Index number = numbers[static_cast<std::size_t>(row)]; number >= 0)
      add_row(sums.data() + number * to.cols, to.data + row * to.stride, to.cols);
}

}  // namespace recur::detail
