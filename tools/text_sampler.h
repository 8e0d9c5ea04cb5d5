#pragma once

#include <recur/framework/tensor/random.h>

#include <string>

namespace recur::tools {

class Task;

struct SampleOptions {
  Index count = 0;         ///< Characters to write.
  double temperature = 1;  ///< 1 draws as the model predicts, lower values draw likelier characters; see `draw_class`.
  std::string
      prompt{};  ///< What the model reads first; empty: a line's end, a space or the first character that it knows.
};

/// Returns a text that a model of characters writes, with the prompt at its beginning. Throws UsageError if the model
/// is not one of characters, looks at later steps, or does not know a character of the prompt.
[[nodiscard]] std::string sample_text(Task& task, const SampleOptions& options, Generator generator);

}  // namespace recur::tools
