#pragma once

#include <recur/train/labels/class_scores.h>
#include <recur/train/labels/label_windows.h>

namespace recur {

/// What a linear model says of windows, to compare others with: ridge regression of each class on the mean of each
/// input in eight equal pieces of the window and its deviation over all of it, fitted to `training`. Of every step
/// there is one decision for a window, too. Throws ValueError if `training` is empty.
[[nodiscard]] ClassDecisions linear_decisions(const LabelledRecordings& recordings,
                                              std::span<const LabelWindow> training,
                                              std::span<const LabelWindow> windows);

}  // namespace recur
