#pragma once

#include "commands.h"
#include "settings.h"

namespace recur::tools {

/// Returns the seed of the command line; without one, that of the config.
[[nodiscard]] inline std::uint64_t read_seed(Settings& settings, const Flags& flags) {
  const long seed = settings.integer("seed", 0, 0);
  return static_cast<std::uint64_t>(flags.seed >= 0 ? flags.seed : seed);
}

}  // namespace recur::tools
