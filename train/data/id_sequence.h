#pragma once

#include <recur/framework/tensor/shape.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace recur {

/// A long sequence of ids in memory or in a file. Ids of a file are read when they are asked for. Copies share the ids.
class IdSequence {
 public:
  /// Writes the ids from position `first` on to `to`. Called with positions inside the sequence only.
  using Read = std::function<void(Index first, std::span<std::int32_t> to)>;

  IdSequence() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): ids in memory are such a sequence.
  IdSequence(std::vector<std::int32_t> ids);
  /// Throws ValueError if `size` is negative.
  IdSequence(Index size, Read read);

  [[nodiscard]] Index size() const { return size_; }
  /// Copies ids from position `first` on. Throws ValueError if a position is outside [0, size()).
  void read(Index first, std::span<std::int32_t> to) const;
  /// Returns `count` ids from `first` on, without a copy: `ids.part(0, n)` for training, `ids.part(n, ids.size() - n)`
  /// for validation. Throws ValueError if the part is not inside the sequence.
  [[nodiscard]] IdSequence part(Index first, Index count) const;

 private:
  Index size_ = 0;
  Index first_ = 0;
  Read read_;
};

}  // namespace recur
