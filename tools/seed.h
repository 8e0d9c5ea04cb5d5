#pragma once

#include "commands.h"
#include "settings.h"

namespace recur::tools {

/// The command line's, or else the config's.
[[nodiscard]] inline std::uint64_t read_seed(Settings& settings, const Flags& flags) {
  const long seed = settings.integer("seed", 0, 0);
  return static_cast<std::uint64_t>(flags.seed >= 0 ? flags.seed : seed);
}

}  // namespace recur::tools
