#include <recur/train/callbacks/monitor.h>

#include <recur/framework/tensor/nearest_name.h>
#include <recur/io/warning.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace recur {

void warn_of_misspelt_monitor(const char* function, const std::string& monitor, const Training& training) {
  if (monitor.empty()) return;
  std::vector<std::string> known = {"loss", "val_loss"};  // Keras's names
  for (const auto& [name, number] : numbers_of(EpochReport{.metrics = {}})) known.push_back(name);
  if (std::ranges::find(known, monitor) != known.end()) return;
  if (const std::string hint = did_you_mean(monitor, known); !hint.empty())
    warn("{}: watches '{}'{}", function, monitor, hint);
  else if (!training.measures)
    warn("{}: watches '{}', but the training has no metrics; there are {}", function, monitor, fmt::join(known, ", "));
}

}  // namespace recur
