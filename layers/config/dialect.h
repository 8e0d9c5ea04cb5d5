#pragma once

#include <string>

namespace recur {

/// Which Keras wrote a config, as far as one name means different things.
struct Dialect {
  bool keras3 = false;              ///< hard_sigmoid is clip(x/6 + 0.5, 0, 1) rather than clip(0.2x + 0.5, 0, 1).
  bool before_reset_after = false;  ///< A GRU that does not say is one without reset_after (up to Keras 2.2).
  bool stated = false;              ///< By keras_version, which holds for all of the config.

  /// The dialect of a class within this config. @param version its keras_version, or empty @param module whether it has
  /// a "module", which Keras 3 writes
  [[nodiscard]] Dialect of(const std::string& version, bool module) const;
};

}  // namespace recur
