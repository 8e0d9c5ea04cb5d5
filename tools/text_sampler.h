#pragma once

#include <recur/framework/tensor/random.h>

#include <string>

#include "task.h"

namespace recur::tools {

struct SampleOptions {
  Index count = 0;         ///< Characters to write.
  double temperature = 1;  ///< See `draw_class`.
  std::string
      prompt{};  ///< What the model reads first; empty: a line's end, a space or the first character that it knows.
};

/// Text that the model of characters writes: the prompt and what follows.
/// @throws UsageError for a model of something else, one that looks at later steps, or characters that it does not know
[[nodiscard]] std::string sample_text(Task& task, const SampleOptions& options, Generator generator);

}  // namespace recur::tools
