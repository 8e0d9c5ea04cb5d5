#include <recur/distributed/connect.h>

#include <recur/distributed/launcher.h>
#include <recur/distributed/module_path.h>
#include <recur/framework/tensor/error.h>
#include <recur/framework/threads/thread_count.h>
#include <recur/io/warning.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace recur::distributed {
namespace {

constexpr const char* module_name = "librecur_mpi.so";

std::vector<std::string> candidates() {
  if (const char* const given = std::getenv("RECUR_MPI_LIBRARY")) return {given};
  std::vector<std::string> files;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  if (!error)
    for (const auto& folder : {program, program.parent_path() / "lib"})
      files.push_back((folder / module_name).string());
  std::string folders = detail::module_path();
  while (!folders.empty()) {
    const std::size_t end = std::min(folders.find(':'), folders.size());
    if (end > 0) files.push_back((std::filesystem::path(folders.substr(0, end)) / module_name).string());
    folders.erase(0, end + 1);
  }
  files.emplace_back(module_name);
  return files;
}

// The module stays loaded: MPI cannot be unloaded. Global, as parts of Open MPI look for its symbols.
OpenLink load_module(const Launcher& launcher) {
  std::string reasons;
  for (const std::string& file : candidates()) {
    const bool path = file.find('/') != std::string::npos;
    if (path && ::access(file.c_str(), F_OK) != 0 && std::getenv("RECUR_MPI_LIBRARY") == nullptr) continue;
    void* const module = ::dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
    void* const symbol = module == nullptr ? nullptr : ::dlsym(module, link_symbol);
    if (symbol != nullptr) return reinterpret_cast<OpenLink>(symbol);
    const char* const reason = ::dlerror();
    reasons += fmt::format("; {}", reason == nullptr ? file : reason);
  }
  fail<StateError>(
      "connect: {} has started {} ranks, but {} cannot be loaded, so that each would train by itself: build "
      "Recur with MPI, or name the file in RECUR_MPI_LIBRARY{}",
      launcher.name, launcher.size, module_name, reasons);
}

void require_all(const Launcher& launcher, const World& world) {
  if (world.size() > 1) return;
  const bool slurm = launcher.name == "srun";
  fail<StateError>(
      "connect: {} has started {} ranks, but each of them is alone for the MPI that {} was built with: {}",
      launcher.name, launcher.size, module_name,
      slurm ? "use `srun --mpi=pmix` or `--mpi=pmi2` (`srun --mpi=list` shows which there are), or mpirun in the job"
            : "use the mpirun of that MPI (mpirun.openmpi, mpirun.mpich), or build the module with this one");
}

void place_threads(const LinkWorld& world) {
  Placement placement{.ranks_of_host = static_cast<int>(world.ranks_of_host()),
                      .usable = usable_processors(),
                      .of_host = processors(),
                      .threads = threads(),
                      .chosen = threads_chosen()};
  if (!placement.chosen) {
    placement.threads = threads_for(placement);
    set_threads(placement.threads);
  }
  const PlacementProblem problem = problem_of(placement);
  require<StateError>(!problem.fatal, "connect: {}", problem.text);
  if (!problem.text.empty() && world.leads()) warn("{}", problem.text);
}

// Without keep-alive Open MPI's mpirun waits for ever for a host that was cut off.
void advise_keep_alive(const Launcher& launcher, const LinkWorld& world) {
  if (!world.leads() || world.hosts() < 2 || !launcher.name.starts_with("Open MPI")) return;
  if (std::getenv("OMPI_MCA_oob_tcp_keepalive_time") != nullptr) return;
  warn(
      "if a host is cut off, ranks will say so, but mpirun itself may wait for ever; with `--mca "
      "oob_tcp_keepalive_time 3 "
      "--mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3` it will not");
}

}  // namespace

std::unique_ptr<World> connect(const ConnectOptions& options) {
  const auto launcher = find_launcher([](const char* name) { return static_cast<const char*>(std::getenv(name)); });
  if (!launcher) return nullptr;
  const OpenLink open = load_module(*launcher);
  auto world = std::make_unique<LinkWorld>([open] { return std::unique_ptr<Link>(open()); }, options.world);
  require_all(*launcher, *world);
  if (options.quiet && !world->leads())
    if (const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC); nowhere >= 0) {
      ::dup2(nowhere, STDOUT_FILENO);
      ::close(nowhere);
    }
  world->together([&] { place_threads(*world); });
  advise_keep_alive(*launcher, *world);
  return world;
}

}  // namespace recur::distributed
