#include "most_likely.h"

#include <algorithm>

namespace recur::examples {

std::vector<std::int32_t> most_likely(Var logits) {
  const std::vector<double> values = logits.to_doubles();
  std::vector<std::int32_t> classes;
  for (auto row = values.begin(); row != values.end(); row += logits.cols())
    classes.push_back(static_cast<std::int32_t>(std::max_element(row, row + logits.cols()) - row));
  return classes;
}

}  // namespace recur::examples
