#pragma once

#include <recur/train/callbacks/run_folder.h>
#include <recur/train/loop/trainer.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "run.h"
#include "run_directory.h"
#include "settings.h"

namespace recur::tools {

/// A training of `recur train` in its folder: trainer with callbacks, checkpoints, report and the model of the best
/// epoch.
class Job {
 public:
  struct Options {
    const Flags& flags;
    Settings& settings;
    const Run& run;
    std::uint64_t seed;
    Metadata identity;  ///< What a run cannot be resumed without, besides the loss.
  };
  using Numbers = std::vector<std::pair<std::string, double>>;
  /// @throws UsageError, StateError and FormatError as `RunDirectory`
  Job(Options options, std::vector<NamedParameter> parameters);

  /// Returns true on the rank that writes files and prints.
  [[nodiscard]] bool leads() const { return directory_.has_value(); }
  [[nodiscard]] Trainer& trainer() { return trainer_; }
  [[nodiscard]] RunFolder& report() { return *report_; }
  [[nodiscard]] std::filesystem::path model_file() const { return options_.run.model_file(); }
  /// Says how many threads there are, then trains: `fit` calls the trainer. @throws Interrupted; Error if no epoch was
  /// the best
  void fit(const std::function<std::vector<EpochReport>(Trainer&)>& fit);
  /// Writes the page again, with what was added to it; a file that cannot be written is warned of.
  void write_report() const;
  /// Prints scores as the last lines, or as one line of JSON, and where the model is.
  void print(const Numbers& scores) const;

 private:
  Options options_;
  std::optional<RunDirectory> directory_;  // of the rank that leads
  Trainer trainer_;
  RunFolder* report_;
};

/// The seed and the run of a config whose data has a task of its own.
[[nodiscard]] Run read_run(const Flags& flags, Settings& settings);

/// The config of a model file with the assignments of the command line, its keys about training read. Throws
/// FormatError for a file that `recur train` did not write.
[[nodiscard]] Settings settings_of_model(const Flags& flags, const std::filesystem::path& model);

}  // namespace recur::tools
