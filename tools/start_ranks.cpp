#include <recur/distributed/launcher.h>
#include <recur/distributed/module_path.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "commands.h"

namespace recur::tools {
namespace {

// Settings of Open MPI's mpirun (3, 4; those that begin with PRTE: 5), unless the user has chosen others: ranks are not
// bound to a processor each, there may be more of them than processors, and mpirun ends if a host is cut off.
constexpr const char* launcher_settings[][2] = {
    {"OMPI_MCA_hwloc_base_binding_policy", "none"}, {"PRTE_MCA_hwloc_default_binding_policy", "none"},
    {"OMPI_MCA_rmaps_base_oversubscribe", "1"},     {"PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe"},
    {"OMPI_MCA_oob_tcp_keepalive_time", "3"},       {"OMPI_MCA_oob_tcp_keepalive_intvl", "1"},
    {"OMPI_MCA_oob_tcp_keepalive_probes", "3"},
};

// The command line without the options that were for this process.
std::vector<std::string> without_ranks(const std::vector<std::string>& arguments) {
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& one = arguments[i];
    if (one == "--ranks" || one == "--hosts") ++i;
    else if (!one.starts_with("--ranks=") && !one.starts_with("--hosts=")) rest.push_back(one);
  }
  return rest;
}

// That of the MPI that the module was built with, where it is there.
std::string mpirun() {
  const std::string built = distributed::detail::mpirun_path();
  return !built.empty() && ::access(built.c_str(), X_OK) == 0 ? built : "mpirun";
}

}  // namespace

void start_ranks(const Flags& flags) {
  const auto variables = [](const char* name) { return static_cast<const char*>(std::getenv(name)); };
  if (flags.ranks < 2 || distributed::find_launcher(variables)) return;
  std::vector<std::string> command = {std::filesystem::read_symlink("/proc/self/exe").string()};
  const auto rest = without_ranks(flags.arguments);
  command.insert(command.end(), rest.begin(), rest.end());
  const auto all = distributed::mpirun_command(mpirun(), flags.ranks, flags.hosts, command);
  for (const auto& [name, value] : launcher_settings) ::setenv(name, value, 0);
  fmt::print(stderr, "recur train: {}\n", fmt::join(all, " "));
  std::fflush(nullptr);
  std::vector<char*> pointers;
  for (const std::string& one : all) pointers.push_back(const_cast<char*>(one.c_str()));
  pointers.push_back(nullptr);
  ::execvp(pointers[0], pointers.data());
  fail<Error>("cannot start {} ranks by '{}': {} (Debian: openmpi-bin)", flags.ranks, all[0], std::strerror(errno));
}

}  // namespace recur::tools
