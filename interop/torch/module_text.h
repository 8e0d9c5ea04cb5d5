#pragma once

#include <map>
#include <string>
#include <vector>

namespace recur::interop {

/// A module as PyTorch prints it: `LSTM(3, 4, num_layers=2)`.
struct TorchModule {
  std::string name;  ///< Prefix of its tensors without the last dot; empty for the whole.
  std::string class_name;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> options;  ///< Arguments with names.

  [[nodiscard]] std::string option(const std::string& key, const std::string& otherwise) const;
  /// An argument by place or name, as a size. @throws FormatError unless it is one
  [[nodiscard]] long size(std::size_t place, const std::string& key) const;
};

/// Reads what `print(model)` prints, and lists the modules without children in their order.
/// @throws FormatError for another text
[[nodiscard]] std::vector<TorchModule> read_module_text(const std::string& text);

}  // namespace recur::interop
