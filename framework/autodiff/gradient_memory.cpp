#include <recur/framework/autodiff/gradient_memory.h>

#include <algorithm>
#include <cstring>

namespace recur::detail {

void* GradientMemory::take(std::size_t bytes) {
  for (List& list : lists_) {
    if (list.bytes != bytes || list.first == nullptr) continue;
    void* const buffer = list.first;
    std::memcpy(&list.first, buffer, sizeof(list.first));
    return buffer;
  }
  return nullptr;
}

void GradientMemory::give(void* buffer, std::size_t bytes) {
  auto list = std::find_if(lists_.begin(), lists_.end(), [&](const List& l) { return l.bytes == bytes; });
  if (list == lists_.end()) list = lists_.insert(list, List{bytes, nullptr});
  std::memcpy(buffer, &list->first, sizeof(list->first));
  list->first = buffer;
}

void GradientMemory::clear() {
  for (List& list : lists_) list.first = nullptr;
}

void GradientMemory::set_aside(std::span<List> to) {
  std::copy(lists_.begin(), lists_.end(), to.begin());
  clear();
}

void GradientMemory::put_back(std::span<const List> from) {
  clear();
  std::copy(from.begin(), from.end(), lists_.begin());
}

}  // namespace recur::detail
