#pragma once

#include <recur/framework/tensor/error.h>
#include <recur/train/data/batch_iterator.h>
#include <recur/train/data/example.h>
#include <recur/train/views/view.h>

#include <algorithm>
#include <span>
#include <vector>

namespace recur::views {

/// Function object that calls `stack`.
struct StackExamples {
  [[nodiscard]] Batch operator()(std::span<const Example> examples) const { return stack(examples); }
};

/// A view whose elements are made from consecutive elements of a data set.
template <Dataset D, class F>
class BatchView : public View<D> {
 public:
  BatchView(D&& data, Index count, bool drop_last, F collate)
      : View<D>(std::forward<D>(data)), count_(count), drop_last_(drop_last), collate_(std::move(collate)) {
    require<ValueError>(count >= 1, "batch: {} elements, at least 1 is needed", count);
  }

  [[nodiscard]] Index size() const {
    const Index all = this->base_size();
    return all / count_ + (!drop_last_ && all % count_ > 0 ? 1 : 0);
  }
  [[nodiscard]] auto operator[](Index index) const {
    detail::require_element("batch", index, size());
    std::vector<Element<D>> elements;
    const Index end = std::min((index + 1) * count_, this->base_size());
    for (Index i = index * count_; i < end; ++i) elements.push_back(this->base(i));
    return collate_(std::span<const Element<D>>(elements));
  }

  [[nodiscard]] BatchIterator<BatchView> begin() const { return {*this, 0}; }
  [[nodiscard]] BatchIterator<BatchView> end() const { return {*this, size()}; }

 private:
  Index count_;
  bool drop_last_;
  F collate_;
};

/// Groups `count` consecutive elements. `batch(examples, 32)` makes `Batch`es `[32, …]` of examples of equal shapes;
/// `batch(sequences, 32, pad)` makes `PaddedBatch`es of sequences of any lengths. `collate` makes a batch from a span
/// of elements. The last batch may be smaller. Throws ValueError if `count` is less than 1.
template <Dataset D, class F = StackExamples>
[[nodiscard]] BatchView<D, F> batch(D&& data, Index count, F collate = {}) {
  return {std::forward<D>(data), count, false, std::move(collate)};
}
/// Groups `count` consecutive elements as `batch` does, and leaves out a smaller last batch. Throws ValueError if
/// `count` is less than 1.
template <Dataset D, class F = StackExamples>
[[nodiscard]] BatchView<D, F> full_batches(D&& data, Index count, F collate = {}) {
  return {std::forward<D>(data), count, true, std::move(collate)};
}

}  // namespace recur::views
