#pragma once

#include <recur/train/loop/training.h>

#include <string>
#include <vector>

namespace recur {

/// A file name with numbers of an epoch's report in it: `m-{epoch:02d}-{valid_loss:.2f}.safetensors`. In braces stands `epoch` or what
/// `number_of` knows, after a colon its form as in Python and fmt. `{{` and `}}` are braces.
class FilePattern {
 public:
  /// @throws ValueError for a brace without its fellow, an empty name, or a form that a number does not have.
  explicit FilePattern(std::string pattern);

  /// @throws ValueError, with the names there are, for one that the report does not have.
  [[nodiscard]] std::string operator()(const EpochReport& report) const;

 private:
  struct Part {
    std::string text;  // before the number
    std::string name;  // empty: no number
    std::string form;  // `{:.2f}`
  };
  std::vector<Part> parts_;
};

}  // namespace recur
