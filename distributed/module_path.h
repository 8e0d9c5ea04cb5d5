#pragma once

namespace recur::distributed::detail {

/// Returns the folders where modules of this build are, separated by colons.
[[nodiscard]] const char* module_path();
/// Returns the mpirun of the MPI that this build has found; empty if it has found none.
[[nodiscard]] const char* mpirun_path();

}  // namespace recur::distributed::detail
