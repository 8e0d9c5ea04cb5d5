#pragma once

#include <recur/train/data/example.h>

namespace recur {

struct WindowOptions {
  Index length = 32;  ///< Steps that the model sees.
  Index horizon = 1;  ///< Steps ahead that it is to predict.
  Index stride = 1;   ///< Steps from the beginning of one window to that of the next.
  /// If true, the target at each step is the value `horizon` steps later, `[length, features]`. If false, the target is
  /// the `horizon` values after the window, `[horizon, features]`.
  bool every_step = false;
};

/// Cuts a series into windows: inputs `[length, features]` and targets. `Windows(series, {.length = 100, .horizon =
/// 6})`.
///
/// Split a series before you cut it: windows on both sides of a later split share values.
class Windows {
 public:
  /// @param series `[time, features]`
  /// Throws ShapeError if the series has another rank, ValueError if an option is below 1 or the series is too short
  /// for one window.
  Windows(Tensor<float> series, WindowOptions options);

  [[nodiscard]] Index size() const;
  /// Returns window `index`. Throws ValueError if index is outside [0, size()).
  [[nodiscard]] Example operator[](Index index) const;

 private:
  [[nodiscard]] Tensor<float> steps(Index first, Index count) const;

  Tensor<float> series_;
  WindowOptions options_;
};

}  // namespace recur
