#pragma once

#include <recur/optim/optimizer.h>
#include <recur/train/callbacks/early_stopping.h>
#include <recur/train/callbacks/learning_rate.h>

#include <filesystem>
#include <optional>
#include <string>

#include "settings.h"

namespace recur::tools {

/// The settings of the training itself, which are read before any work is done.
class Run {
 public:
  /// `name` is the name of the run if the settings have none. Throws UsageError if a setting is wrong.
  Run(Settings& settings, const std::string& name);

  [[nodiscard]] optim::Optimizer make_optimizer() const;
  [[nodiscard]] std::filesystem::path model_file() const { return folder / "model.safetensors"; }

  std::filesystem::path folder;
  Index epochs, every, keep;
  std::optional<EarlyStoppingOptions> early_stopping{};
  struct Plateau {
    optim::ReduceOnPlateauOptions options;
    std::string monitor;
  };
  std::optional<Plateau> plateau{};

 private:
  void read_callbacks(Settings& settings);

  std::string optimizer_;  // its config
};

}  // namespace recur::tools
