#include <recur/framework/recurrence/row_sums.h>

#include <recur/framework/recurrence/row_local.h>

#include <algorithm>
#include <cstring>

namespace recur::detail {
namespace {

// No two threads write to one line of the cache.
Index bytes_of(const Array& sum) {
  constexpr Index line = 64;
  return (sum.size() * static_cast<Index>(size_of(sum.dtype())) + line - 1) / line * line;
}

}  // namespace

std::byte* RowSums::room(const Array& sum) {
  return others_.reserve<std::byte>(bytes_of(sum) * std::max(row_members() - 1, 1));
}

RowSums::Targets RowSums::open(Array& sum, Index rows) {
  const bool first = members_ == 0;
  if (first) members_ = row_members();
  const Targets targets{static_cast<std::byte*>(sum.data()), room(sum), bytes_of(sum)};
  if (first)
    post_rows(rows, [targets](int member, Index, Index) {
      if (member > 0) std::memset(targets.of(member), 0, static_cast<std::size_t>(targets.stride));
    });
  return targets;
}

template <class T>
void RowSums::add_to(Array& sum) const {
  constexpr Index width = 1024;
  const Index stride = bytes_of(sum) / static_cast<Index>(sizeof(T));
  const T* const others = others_.get<T>();
  T* const to = sum.as<T>().data();
  parallel_for((sum.size() + width - 1) / width, 6 * width * members_, [&](Index i) {
    const Index end = std::min((i + 1) * width, sum.size());
    for (int m = 0; m + 1 < members_; ++m)
      for (Index j = i * width; j < end; ++j) to[j] += others[m * stride + j];
  });
}

void RowSums::close(Array& sum) {
  if (members_ == 0) return;
  settle_rows();
  dispatch_real(sum.dtype(), [&]<class T>() { add_to<T>(sum); });
  members_ = 0;
}

}  // namespace recur::detail
