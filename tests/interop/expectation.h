#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace recur::interop {

/// What became of one row of a list of expectations.
struct RowResult {
  bool passed = false;
  std::string message;  ///< The largest error, the reason of a refusal, or what is wrong.
};

/// Does what a row of a list says: reads the file, and compares what comes out of it, or that it is refused for the
/// row's reason.
///
///   file       path from the folder of the list
///   verdict    accept, refuse or accept-or-refuse
///   data       .npz with in_*, out_*, weight_*, array_*; without it the file only has to load
///   tolerance  largest absolute difference
///   module     PyTorch's own description, config: path of one in JSON, layer: a Keras layer whose weights are
///              weight_0, weight_1 …
///   note       the reason of a refusal: one of its longer words must be in the error
[[nodiscard]] RowResult check_row(const nlohmann::json& row, const std::filesystem::path& folder);

}  // namespace recur::interop
