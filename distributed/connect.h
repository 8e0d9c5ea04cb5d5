#pragma once

#include <recur/distributed/link_world.h>

#include <memory>

namespace recur::distributed {

struct ConnectOptions {
  WorldOptions world{};
  /// Standard output of all ranks but 0 goes nowhere.
  bool quiet = true;
};

/// Joins the job that `mpirun` or `srun` has started this process in, and returns its world; null if the process was
/// started alone. Call it before anything is printed and before other threads are started; the world must live until
/// the end of the training, and may not be made twice.
///
///     const auto world = distributed::connect();
///     Trainer trainer(parameters(model), optim::adam(1e-3), {.world = world.get()});
///
/// Loads the module `librecur_mpi.so`: the file that RECUR_MPI_LIBRARY names, or one beside the program, in `../lib`,
/// where the library was installed, or where the system looks. Unless the number of threads was set, sets it to the
/// processors that this rank may use.
/// Throws StateError if the module is missing, is of another MPI than the launcher, or if the launcher has bound more
/// threads than one to a processor; what is likely a mistake is a warning.
[[nodiscard]] std::unique_ptr<World> connect(const ConnectOptions& options = {});

/// Calls `connect` with its defaults. `Program` takes it by this name.
[[nodiscard]] inline std::unique_ptr<World> join() { return connect(); }

}  // namespace recur::distributed
