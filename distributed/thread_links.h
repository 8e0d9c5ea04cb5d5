#pragma once

#include <recur/distributed/link.h>

#include <memory>
#include <vector>

namespace recur::distributed {

/// A network to imitate. A message of n bytes arrives `latency` + n / `bandwidth` after both its sender and its
/// receiver have done with their earlier messages.
struct NetworkModel {
  double latency = 0;    ///< Seconds.
  double bandwidth = 0;  ///< Bytes a second, each way of each rank; 0: without limit.
};

/// Returns the links of `size` ranks within one process, for tests and simulations: each is used by a thread of its
/// own. An end that is not orderly ends no process.
[[nodiscard]] std::vector<std::unique_ptr<Link>> thread_links(int size, const NetworkModel& network = {});

}  // namespace recur::distributed
