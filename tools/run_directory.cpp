#include "run_directory.h"

#include <recur/framework/tensor/error.h>
#include <recur/io/atomic_file.h>
#include <recur/io/links.h>

#include <algorithm>
#include <array>

#include "data_identity.h"
#include "settings.h"

namespace recur::tools {
namespace {

constexpr std::array<const char*, 6> files = {"model.safetensors", "config.json", "metrics.csv",
                                              "metrics.jsonl",     "curves.svg",  "report.html"};

}  // namespace

RunDirectory::RunDirectory(std::filesystem::path folder, EarlierRun earlier)
    : folder_(std::move(folder)), earlier_(earlier), lock_(folder_) {
  for (const char* name : files) refuse_link_out_of(folder_, name);
  refuse_link_out_of(folder_, "checkpoints");
  remove_stale_temporaries(folder_);
  remove_stale_temporaries(checkpoints());
  require<UsageError>(earlier_ != EarlierRun::refuse || !holds_run(),
                      "'{}' holds a run already: --resume goes on with it, --overwrite replaces it", folder_.string());
}

bool RunDirectory::holds_run() const {
  std::error_code error;
  const bool has_file =
      std::ranges::any_of(files, [&](const char* name) { return std::filesystem::exists(folder_ / name, error); });
  return has_file ||
         (std::filesystem::is_directory(checkpoints(), error) && !std::filesystem::is_empty(checkpoints(), error));
}

void RunDirectory::clear() const {
  if (earlier_ != EarlierRun::overwrite) return;
  // Checkpoints are removed by the trainer, which knows its own.
  for (const char* name : files) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder_ / name, error)) std::filesystem::remove(folder_ / name, error);
    require<FormatError>(!error, "cannot remove '{}' of an earlier run: {}", (folder_ / name).string(),
                         error.message());
  }
}

std::optional<RunDirectory> run_directory(const Flags& flags, const std::filesystem::path& folder) {
  if (flags.world != nullptr && !flags.world->leads()) return std::nullopt;
  std::optional<RunDirectory> directory(std::in_place, folder, earlier_run(flags.resume, flags.overwrite));
  directory->clear();
  return directory;
}

ExchangeOptions exchange_of(const Flags& flags) {
  return {.local_steps = flags.local_steps, .wire = flags.bf16 ? World::Wire::bf16 : World::Wire::exact};
}

void require_same_job(const Flags& flags, Settings& settings) {
  if (flags.world == nullptr) return;
  flags.world->require_same("recur train: config", settings.dump());
  flags.world->require_same("recur train: data", data_identity(settings.value("data")));
}

}  // namespace recur::tools
