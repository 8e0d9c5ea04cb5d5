#include <recur/distributed/launcher.h>

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <thread>

namespace recur::distributed {
namespace {

std::optional<int> number(const Variables& variables, const char* name) {
  const char* const text = variables(name);
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
}

struct Names {
  const char* launcher;
  const char* rank;
  const char* size;
  const char* ranks_of_host;
};
// Those of srun last: MPI's own launchers may run within its jobs.
constexpr Names known[] = {
    {"Open MPI's mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"},
    {"MPICH's mpirun", "PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"},
    {"srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS_PER_NODE"},
};

}  // namespace

std::optional<Launcher> find_launcher(const Variables& variables) {
  for (const Names& names : known) {
    const auto size = number(variables, names.size);
    if (!size || *size < 2) continue;
    return Launcher{names.launcher, number(variables, names.rank).value_or(0), *size,
                    std::max(1, number(variables, names.ranks_of_host).value_or(1))};
  }
  return std::nullopt;
}

int usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : processors();
}

int processors() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

int threads_for(const Placement& placement) {
  return std::clamp(placement.of_host / std::max(1, placement.ranks_of_host), 1, placement.usable);
}

PlacementProblem problem_of(const Placement& p) {
  constexpr const char* flags =
      "with Open MPI use `mpirun --bind-to none` or `--map-by slot:PE={0}`, with MPICH `-bind-to none`, with srun "
      "`--cpus-per-task={0}`";
  const int fair = p.of_host / std::max(1, p.ranks_of_host);
  if (p.chosen && p.threads > p.usable)
    return {fmt::format("{} threads on {} processor{}, to which the launcher has bound this rank: {}", p.threads,
                        p.usable, p.usable == 1 ? "" : "s", fmt::format(fmt::runtime(flags), p.threads)),
            true};
  if (p.ranks_of_host > p.of_host)
    return {fmt::format("{} ranks on a host of {} processors wait for each other: use `mpirun -n {}`, or more hosts",
                        p.ranks_of_host, p.of_host, p.of_host)};
  if (p.ranks_of_host * p.threads > p.of_host)
    return {fmt::format("{} ranks of {} threads on a host of {} processors wait for each other: use `--threads {}`",
                        p.ranks_of_host, p.threads, p.of_host, std::max(1, fair))};
  if (!p.chosen && p.usable < fair)
    return {fmt::format("this rank is bound to {} of the {} processors that it could have: {}", p.usable, fair,
                        fmt::format(fmt::runtime(flags), fair))};
  return {};
}

std::vector<std::string> mpirun_command(const std::string& mpirun, int ranks, const std::string& hosts,
                                        const std::vector<std::string>& command) {
  std::vector<std::string> all = {mpirun, "-n", std::to_string(ranks)};
  std::error_code error;
  const std::string file = std::filesystem::weakly_canonical(mpirun, error).string();
  const bool mpich = file.find("mpich") != std::string::npos || file.find("hydra") != std::string::npos;
  if (!hosts.empty()) all.insert(all.end(), {mpich ? "-hosts" : "--host", hosts});
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

}  // namespace recur::distributed
