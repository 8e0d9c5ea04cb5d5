#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace recur::distributed {

/// What started this process as one of several ranks, by the variables that it sets.
struct Launcher {
  std::string name;  ///< `Open MPI's mpirun`, `MPICH's mpirun`, `srun`.
  int rank = 0;
  int size = 1;
  int ranks_of_host = 1;  ///< 1 also where the launcher does not say.
};

/// Looks up a variable of the environment; null if it is not set.
using Variables = std::function<const char*(const char* name)>;

/// Returns what started this process; none if it was started alone.
[[nodiscard]] std::optional<Launcher> find_launcher(const Variables& variables);

/// Returns the number of processors that this process may use.
[[nodiscard]] int usable_processors();
/// Returns the number of processors of this machine.
[[nodiscard]] int processors();

/// How the ranks of a host divide its processors.
struct Placement {
  int ranks_of_host = 1;
  int usable = 1;       ///< Processors that the launcher has left to this rank.
  int of_host = 1;      ///< Processors of the host.
  int threads = 1;      ///< That this rank works with.
  bool chosen = false;  ///< By the user.
};
/// Returns the threads for a rank whose user has chosen none: the processors of the host divided among its ranks, or
/// those that the launcher has left to this rank.
[[nodiscard]] int threads_for(const Placement& placement);
/// Returns what is wrong with it, with the flag to use; empty if nothing is. Threads that share one processor wait for
/// each other: that is `fatal`.
struct PlacementProblem {
  std::string text;
  bool fatal = false;
};
[[nodiscard]] PlacementProblem problem_of(const Placement& placement);

/// Returns the command line with which `mpirun` starts `command` as `ranks` ranks: `hosts` as `a:1,b:1`; empty for this
/// machine. Flags differ between Open MPI and MPICH, which the path of mpirun tells.
[[nodiscard]] std::vector<std::string> mpirun_command(const std::string& mpirun, int ranks, const std::string& hosts,
                                                      const std::vector<std::string>& command);

}  // namespace recur::distributed
