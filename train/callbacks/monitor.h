#pragma once

#include <string>

namespace recur {

/// Warns if `monitor` is no number that every epoch's report has, but almost is one: `val_loss`. Metrics of the program's own are
/// known only after the first epoch, which is too late to be told of a misspelling.
void warn_of_misspelt_monitor(const char* function, const std::string& monitor);

}  // namespace recur
