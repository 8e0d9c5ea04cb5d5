#pragma once

#include <recur/train/loop/training.h>

#include <string>

namespace recur::detail {

/// Return the line of an epoch in `metrics.csv` and in `metrics.jsonl`, with its line end.
[[nodiscard]] std::string csv_heading(const NamedNumbers& numbers);
[[nodiscard]] std::string csv_line(Index epoch, const NamedNumbers& numbers);
[[nodiscard]] std::string json_line(Index epoch, bool best, bool interrupted, const NamedNumbers& numbers);
/// Returns the line of a step: `{"step":…,"loss":…,"gradient_norm":…}`, null for numbers that are not finite.
[[nodiscard]] std::string json_step(const Training& training);

}  // namespace recur::detail
