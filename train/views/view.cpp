#include <recur/framework/tensor/error.h>
#include <recur/train/views/view.h>

namespace recur::views::detail {

void require_element(const char* view, Index index, Index size) {
  require<ValueError>(index >= 0 && index < size, "{}: element {} is not in [0, {})", view, index, size);
}

}  // namespace recur::views::detail
