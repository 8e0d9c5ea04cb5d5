#pragma once

#include <recur/train/tables/table_windows.h>

#include <memory>
#include <span>
#include <vector>

namespace recur {

/// Windows that move on as rows are forecast, so that a model which forecasts a few rows reaches further: its forecasts
/// become inputs and targets of the rows that follow (recursive forecasts).
///
///     GrowingWindows growing(windows, ends);
///     while (growing.rows() < wanted) growing.add(forecasts_of(growing.gather()));
///
/// Calendars go on by themselves. Columns that are known in advance are taken from the table as far as it has them;
/// their last values stand for later ones.
class GrowingWindows {
 public:
  /// Copies the rows that the windows see. Refers to the scaling of `windows` and to its table. Throws ValueError for a
  /// horizon of 0, targets of every step, and an input that is neither a target nor known in advance.
  GrowingWindows(const TableWindows& windows, std::span<const WindowEnd> ends);

  /// Rows added so far.
  [[nodiscard]] Index rows() const { return rows_; }
  /// Returns the windows that end at the last row of each.
  [[nodiscard]] WindowBatch gather() const { return windows_->gather(windows_->last()); }
  /// A number that a model gave for target `at` of a gathered window, in the user's units.
  [[nodiscard]] double undo(Index at, double scaled, const Affine& scale) const {
    return windows_->undo(at, scaled, scale);
  }
  /// Adds rows: `[windows, horizon, targets]` in the user's units.
  void add(std::span<const double> forecasts);

 private:
  void check() const;
  void copy_rows(const WindowEnd& end);
  void add_row(std::size_t window, std::span<const double> targets);
  [[nodiscard]] float known_ahead(std::size_t window, Index column) const;

  const TableWindows& from_;
  std::vector<WindowEnd> ends_;
  SeriesTable table_;
  std::unique_ptr<TableWindows> windows_;
  Index rows_ = 0;
};

}  // namespace recur
