#pragma once

#include <string>

namespace recur {

/// A key that the config of a class may have.
struct ConfigKey {
  std::string name;
  std::string kind;       ///< What its value is: `a number`, `an initializer`, `null`, `ignored` …
  std::string otherwise;  ///< The value without the key, as JSON; empty if there is none.
  bool required = false;  ///< The config must have the key.
};

}  // namespace recur
