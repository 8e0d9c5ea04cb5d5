#pragma once

#include <recur/framework/threads/parallel.h>

#include <algorithm>

namespace recur::detail {

/// What copying a number costs, in the operations of parallel.h: it has to be fetched first.
inline constexpr Index work_of_copy = 8;

/// `copy(first, count)` for parts of `items`, on several threads where they are long.
template <class Copy>
void in_parts(Index items, Index numbers_of_item, Copy copy) {
  constexpr Index numbers_of_part = 1 << 16;
  const Index length = std::max<Index>(numbers_of_part / std::max<Index>(numbers_of_item, 1), 1);
  parallel_for((items + length - 1) / length, length * numbers_of_item * work_of_copy,
               [&](Index i) { copy(i * length, std::min(length, items - i * length)); });
}

}  // namespace recur::detail
