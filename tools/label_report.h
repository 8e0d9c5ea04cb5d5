#pragma once

#include <recur/io/heat_map.h>

#include <vector>

#include "task.h"

namespace recur::tools {

/// Returns pictures of what a model that reads label lists makes of sequences of the first batch: the probability of
/// each class at each frame, with a ring where a label that is read begins, beside the labels wanted. The pictures are
/// of the first two sequences and, if there is one, of that with the most errors.
[[nodiscard]] std::vector<HeatMap> label_maps(Task& task, const Source& data);

}  // namespace recur::tools
