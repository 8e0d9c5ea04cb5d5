#pragma once

#include <recur/train/loop/training.h>

#include <string>

namespace recur {

/// Warns if `monitor` is not a number of every epoch's report but is spelled almost like one, such as `val_los`, or if
/// the training has no metrics. Without this a wrong name is found after the first epoch only, when the program's own
/// metrics are known.
void warn_of_misspelt_monitor(const char* function, const std::string& monitor, const Training& training);

}  // namespace recur
