#pragma once

#include <recur/train/loop/training.h>

#include <string>

namespace recur::detail {

/// The lines of an epoch in `metrics.csv` and `metrics.jsonl`, with their line ends.
[[nodiscard]] std::string csv_heading(const NamedNumbers& numbers);
[[nodiscard]] std::string csv_line(Index epoch, const NamedNumbers& numbers);
[[nodiscard]] std::string json_line(Index epoch, bool best, bool interrupted, const NamedNumbers& numbers);
/// `{"step":…,"loss":…,"gradient_norm":…}`, null for what is not finite.
[[nodiscard]] std::string json_step(const Training& training);

}  // namespace recur::detail
