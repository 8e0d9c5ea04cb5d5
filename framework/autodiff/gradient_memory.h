#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace recur::detail {

/// Memory of gradients that were passed on, to be used for the next ones of equal size.
class GradientMemory {
 public:
  /// The first spare buffer of each size. Plain data.
  struct List {
    std::size_t bytes;
    void* first;  ///< A spare buffer begins with the address of the next one.
  };

  /// Returns a spare buffer of `bytes`, null if there is none.
  [[nodiscard]] void* take(std::size_t bytes);
  /// Makes `buffer` a spare one. `bytes` is at least the size of a pointer.
  void give(void* buffer, std::size_t bytes);
  /// Forgets all spare buffers.
  void clear();
  /// Sizes that were met so far.
  [[nodiscard]] std::size_t sizes() const { return lists_.size(); }
  /// Moves the spare buffers to `to`, which has room for `sizes()` lists: a nested tape must not use them.
  void set_aside(std::span<List> to);
  /// Puts back what `set_aside` moved, in the place of the buffers of the nested tape.
  void put_back(std::span<const List> from);

 private:
  std::vector<List> lists_;
};

}  // namespace recur::detail
