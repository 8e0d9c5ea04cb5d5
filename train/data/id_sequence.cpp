#include <recur/train/data/id_sequence.h>

#include <algorithm>
#include <memory>

namespace recur {

IdSequence::IdSequence(std::vector<std::int32_t> ids) : size_(static_cast<Index>(ids.size())) {
  const auto shared = std::make_shared<const std::vector<std::int32_t>>(std::move(ids));
  read_ = [shared](Index first, std::span<std::int32_t> to) {
    std::copy_n(shared->begin() + first, to.size(), to.begin());
  };
}

IdSequence::IdSequence(Index size, Read read) : size_(size), read_(std::move(read)) {
  require<ValueError>(size >= 0, "IdSequence: the size {} is negative", size);
}

void IdSequence::read(Index first, std::span<std::int32_t> to) const {
  const auto count = static_cast<Index>(to.size());
  require<ValueError>(first >= 0 && first <= size_ && count <= size_ - first,
                      "IdSequence::read: {} ids from {}, there are {}", count, first, size_);
  if (count > 0) read_(first_ + first, to);
}

IdSequence IdSequence::part(Index first, Index count) const {
  require<ValueError>(first >= 0 && first <= size_ && count >= 0 && count <= size_ - first,
                      "IdSequence::part: {} ids from {}, there are {}", count, first, size_);
  IdSequence result(count, read_);
  result.first_ = first_ + first;
  return result;
}

}  // namespace recur
