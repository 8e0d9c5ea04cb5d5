#pragma once

#include <string>

namespace recur {

/// Meanings of names that differ between versions of Keras.
struct Dialect {
  bool keras3 = false;              ///< hard_sigmoid is clip(x/6 + 0.5, 0, 1); otherwise clip(0.2x + 0.5, 0, 1).
  bool before_reset_after = false;  ///< The default of a GRU's reset_after is false, as up to Keras 2.2.
  bool stated = false;              ///< keras_version stated the dialect, for all classes within the config.

  /// Returns the dialect of a class within a config of this dialect. `version` is the keras_version of the class, or
  /// empty; `module` is true if the class has a key "module", which only Keras 3 writes.
  [[nodiscard]] Dialect of(const std::string& version, bool module) const;
};

}  // namespace recur
