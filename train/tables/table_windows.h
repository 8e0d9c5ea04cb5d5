#pragma once

#include <recur/framework/tensor/tensor.h>
#include <recur/train/tables/scaling.h>

namespace recur {

/// How series are cut into windows.
struct TableWindowOptions {
  Index length = 32;  ///< Rows that a model sees, the last one included.
  Index horizon = 0;  ///< Rows after the last one whose targets are wanted; 0: those of the last row itself.
  /// Targets are differences from the last value that is known a multiple of so many rows earlier, of logarithms where
  /// these are scaled; 0: they are not.
  Index season = 0;
  /// The target of every row of the window (with a horizon of 1, of the row after it) …
  bool every_step = false;
  Index warm_up = 0;  ///< … except the first so many.
};

/// Where a window ends.
struct WindowEnd {
  Index series;
  Index row;  ///< The last row that the model sees.
};

/// Windows side by side, with what their numbers mean.
struct WindowBatch {
  Tensor<float> inputs;  ///< `[windows, length, features]`
  /// `[windows, wanted]` scaled, NaN where missing; of every step `[windows, length, targets]`.
  Tensor<float> targets;
  /// Of each target: of basin-weighted losses, 1 / (deviation + 0.1)² of the scaled target in its series (Kratzert et
  /// al. 2019).
  std::vector<float> weights;
  std::vector<float> sample_weights;  ///< Of each target; empty: 1 each.
  std::vector<Affine> scales;         ///< Of each target: scaled s means offset + s · factor.
};

/// Windows of the series of a table, made when they are asked for. No window crosses series, gaps or the end of its
/// part.
///
/// Targets of several steps stand side by side: those of the first step, then those of the second.
class TableWindows {
 public:
  /// Refers to the table, whose inputs must be scaled already. @throws ValueError for options that do not fit
  TableWindows(const SeriesTable& table, const Scaling& scaling, TableWindowOptions options);

  /// The ends of all windows whose targets lie in a part and are not all missing, `stride` rows apart. A window that
  /// would begin before its series is left out.
  [[nodiscard]] std::vector<WindowEnd> ends(Part part, Index stride = 1) const;
  /// One window for each series, whose last row is the series' last, whatever is known after it. Rows before a series
  /// begins are its first row again.
  [[nodiscard]] std::vector<WindowEnd> last() const;

  /// All windows, whatever is known of their targets.
  [[nodiscard]] std::vector<WindowEnd> all() const;

  /// Returns the inputs and targets of `windows`, side by side in their order.
  [[nodiscard]] WindowBatch gather(std::span<const WindowEnd> windows) const;
  /// Returns the steps from `first` up to `last` of windows, for backpropagation that is truncated. Throws ValueError
  /// unless windows have a target at every step, and for steps that they do not have.
  [[nodiscard]] WindowBatch gather_steps(std::span<const WindowEnd> windows, Index first, Index last) const;
  /// A number that a model gave for target `at` of a window, in the user's units.
  [[nodiscard]] double undo(Index at, double scaled, const Affine& scale) const;

  /// The target in the user's units; NaN where it is missing or past the end.
  [[nodiscard]] double target(const WindowEnd& window, Index at) const;
  /// The row that target `at` of a window belongs to; may be past the end.
  [[nodiscard]] Index target_row(const WindowEnd& window, Index at) const;

  /// Numbers that are wanted for a window, or for a step of it.
  [[nodiscard]] Index wanted() const { return steps() * table_.target_count(); }
  /// Steps ahead.
  [[nodiscard]] Index steps() const { return options_.every_step || options_.horizon == 0 ? 1 : options_.horizon; }
  [[nodiscard]] const TableWindowOptions& options() const { return options_; }
  [[nodiscard]] const SeriesTable& table() const { return table_; }
  [[nodiscard]] const Scaling& scaling() const { return scaling_; }

 private:
  [[nodiscard]] bool usable(const Series& one, Index end, Part part) const;
  [[nodiscard]] Affine scale_of(const WindowEnd& window, Index target) const;
  [[nodiscard]] double season_before(const WindowEnd& window, Index at) const;
  void write_inputs(const WindowEnd& window, Index first, Index last, float* to) const;
  void write_targets(const WindowEnd& window, WindowBatch& batch) const;
  void write_targets_of_steps(const WindowEnd& window, Index first, Index last, WindowBatch& batch) const;
  void add_target(const WindowEnd& window, Index at, Affine scale, WindowBatch& batch) const;
  [[nodiscard]] bool crosses_gap(const Series& one, Index first, Index last) const;
  [[nodiscard]] float sample_weight(Index series, Index row) const;
  [[nodiscard]] float weight_of(const Series& one, Index target) const;
  [[nodiscard]] std::span<const float> column(const WindowEnd& window, Index input, std::vector<float>& buffer) const;

  const SeriesTable& table_;
  const Scaling& scaling_;
  TableWindowOptions options_;
  std::vector<float> weights_;  // [series, targets]
  bool weighted_ = false;       // rows have weights
};

}  // namespace recur
