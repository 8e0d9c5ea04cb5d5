#pragma once

#include <recur/framework/tensor/shape.h>

#include <cstdint>
#include <span>

namespace recur {

/// Returns the least number of insertions, deletions and substitutions that make `read` of `wanted` (Levenshtein 1966).
[[nodiscard]] Index edit_distance(std::span<const std::int32_t> read, std::span<const std::int32_t> wanted);

/// Label error rate over many sequences: the sum of their edit distances divided by the number of labels wanted.
class LabelError {
 public:
  void update(std::span<const std::int32_t> read, std::span<const std::int32_t> wanted);
  /// NaN before the first label.
  [[nodiscard]] double result() const { return errors_ / labels_; }
  void reset() { errors_ = labels_ = 0; }

 private:
  double errors_ = 0;
  double labels_ = 0;
};

}  // namespace recur
