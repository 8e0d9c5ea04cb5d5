#pragma once

#include <recur/train/tables/scaling.h>
#include <recur/train/tables/table_source.h>

#include <string>
#include <vector>

namespace recur {

/// What a model file says of the tables that the model was trained on, beside their scales.
struct TableModelNotes {
  std::vector<TargetColumn> targets{};
  Index given = 0;                      ///< Inputs that are columns; those of the calendar and masks follow.
  std::vector<std::string> calendar{};  ///< Of the inputs those that are made from dates, as "hour".
  MissingInputs missing = MissingInputs::refuse;
  TimeKind time_kind = TimeKind::none;
  std::int64_t step = 1;  ///< From a row to the next.
  Index length = 1;       ///< Rows of a window.
  Index horizon = 0;
  Index season = 0;   ///< Targets are differences from the last known season of so many rows; 0: they are not.
  Index numbers = 1;  ///< Of the output for each target.
  Index point = 0;    ///< Which of these is the forecast.
  std::vector<std::string> ids{};  ///< Of the series with training rows.

  /// Takes targets, times and ids from the table, whose parts must be known.
  void describe(const SeriesTable& table);
  [[nodiscard]] std::string to_json() const;
  /// @throws FormatError for what `to_json` did not write
  [[nodiscard]] static TableModelNotes from_json(const std::string& text);
};

}  // namespace recur
