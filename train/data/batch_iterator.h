#pragma once

#include <recur/framework/tensor/shape.h>

#include <cstddef>
#include <iterator>

namespace recur {

/// Goes through what has `size()` and `operator[]`, so that `for (const Batch& batch : batches)` works. An element is
/// made when it is asked for. Refers to the source.
template <class Source>
class BatchIterator {
 public:
  using difference_type = std::ptrdiff_t;
  using iterator_category = std::input_iterator_tag;
  using iterator_concept = std::input_iterator_tag;

  BatchIterator() = default;
  BatchIterator(const Source& source, Index index) : source_(&source), index_(index) {}

  [[nodiscard]] auto operator*() const { return (*source_)[index_]; }
  BatchIterator& operator++() {
    ++index_;
    return *this;
  }
  BatchIterator operator++(int) {
    BatchIterator before = *this;
    ++index_;
    return before;
  }
  friend bool operator==(const BatchIterator& a, const BatchIterator& b) { return a.index_ == b.index_; }

 private:
  const Source* source_ = nullptr;
  Index index_ = 0;
};

}  // namespace recur
