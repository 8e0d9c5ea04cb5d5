#pragma once

#include <recur/train/data/example.h>

namespace recur {

struct WindowOptions {
  Index length = 32;  ///< Steps that the model sees.
  Index horizon = 1;  ///< Steps ahead that it is to predict.
  Index stride = 1;   ///< Steps from the beginning of one window to that of the next.
  /// At every step the value `horizon` steps later is wanted, `[length, features]`, rather than at the end the `horizon` values that
  /// follow, `[horizon, features]`.
  bool every_step = false;
};

/// A series cut into windows, `{inputs [length, features], targets}`: `Windows(series, {.length = 100, .horizon = 6})`.
///
/// Split a series first and cut it then: windows on both sides of a cut share values.
class Windows {
 public:
  /// @param series `[time, features]`
  /// @throws ShapeError for another rank; ValueError for options below 1 and a series too short for one window.
  Windows(Tensor<float> series, WindowOptions options);

  [[nodiscard]] Index size() const;
  /// @throws ValueError for an index outside [0, size()).
  [[nodiscard]] Example operator[](Index index) const;

 private:
  [[nodiscard]] Tensor<float> steps(Index first, Index count) const;

  Tensor<float> series_;
  WindowOptions options_;
};

}  // namespace recur
