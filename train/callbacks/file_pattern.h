#pragma once

#include <recur/train/loop/training.h>

#include <string>
#include <vector>

namespace recur {

/// A file name with numbers of an epoch's report: `m-{epoch:02d}-{valid_loss:.2f}.safetensors`. Braces hold `epoch` or
/// a name that `number_of` knows, and after a colon a format as in Python and fmt. `{{` and `}}` stand for braces.
class FilePattern {
 public:
  /// Throws ValueError if a brace is not closed, a name is empty, or a format is not one for numbers.
  explicit FilePattern(std::string pattern);

  /// Returns the file name for a report. Throws ValueError, with the names there are, if the report lacks a number.
  [[nodiscard]] std::string operator()(const EpochReport& report) const;
  /// Returns the names in braces but `epoch`.
  [[nodiscard]] std::vector<std::string> numbers() const;

 private:
  struct Part {
    std::string text;  // before the number
    std::string name;  // empty: no number
    std::string form;  // `{:.2f}`
  };
  std::vector<Part> parts_;
};

}  // namespace recur
