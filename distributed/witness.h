#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace recur::distributed {

/// A process that watches the ranks of a machine and prints a line for the first one that ends without goodbye. The
/// launcher does not know it: MPICH's mpirun kills all ranks at once when one has ended, before they can print. Does
/// nothing where the system cannot watch processes (before Linux 5.3).
class Witness {
 public:
  struct Rank {
    int process = 0;
    std::string line;  ///< What is printed, at most `longest_line` bytes; empty: nothing.
  };
  static constexpr std::size_t longest_line = 512;

  /// Starts the process, which keeps no descriptor but standard error. `ranks` may have the process that calls.
  explicit Witness(const std::map<int, Rank>& ranks);
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  /// Calls `dismiss` and waits for the end of the process.
  ~Witness();

  /// Ends the process without a line: ranks may end now.
  void dismiss();

 private:
  int process_ = -1;
  int dismissal_ = -1;  // an event that tells the process that ranks may end
};

}  // namespace recur::distributed
