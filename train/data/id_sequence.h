#pragma once

#include <recur/framework/tensor/shape.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace recur {

/// A long sequence of ids, numbered by position, wherever they come from: memory, or a file that is read as they are asked for.
/// Copies refer to the same ids.
class IdSequence {
 public:
  /// Puts the ids from position `first` into `to`; called with positions inside the sequence only.
  using Read = std::function<void(Index first, std::span<std::int32_t> to)>;

  IdSequence() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): ids in memory are such a sequence.
  IdSequence(std::vector<std::int32_t> ids);
  /// @throws ValueError for a negative size.
  IdSequence(Index size, Read read);

  [[nodiscard]] Index size() const { return size_; }
  /// @throws ValueError for positions outside [0, size()).
  void read(Index first, std::span<std::int32_t> to) const;
  /// `count` ids from `first`: `ids.part(0, n)` to learn from, `ids.part(n, ids.size() - n)` to judge by.
  /// @throws ValueError for a part that is not inside.
  [[nodiscard]] IdSequence part(Index first, Index count) const;

 private:
  Index size_ = 0;
  Index first_ = 0;
  Read read_;
};

}  // namespace recur
