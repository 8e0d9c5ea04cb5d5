#pragma once

#include <string>

namespace recur {

/// Warns if `monitor` is not a number of every epoch's report but is spelled almost like one, such as `val_loss`.
/// Without this a misspelling is found after the first epoch only, when the program's own metrics are known.
void warn_of_misspelt_monitor(const char* function, const std::string& monitor);

}  // namespace recur
