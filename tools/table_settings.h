#pragma once

#include <recur/train/tables/table_source.h>
#include <recur/train/tables/table_windows.h>

#include <string>
#include <vector>

#include "settings.h"

namespace recur::tools {

/// What a config's `data` of the kind `table` says: docs/jobs/tables.md.
struct TableSettings {
  TableSource source{};
  ScaleOptions scales{};
  TableWindowOptions windows{};
  Index stride = 1;    ///< Of training windows.
  Index steps = 0;     ///< Rows that forecasts reach, the model's fed back to it; 0: the horizon.
  Index truncate = 0;  ///< Steps of a window through which gradients go, states being carried; 0: all.
  Index season = 1;    ///< Of the seasonal-naive forecast and of MASE.
  Settings::Json split{};

  /// Files to test on in place of a part of the others.
  struct Test {
    std::filesystem::path path{};  ///< Empty: there are none.
    std::filesystem::path
        remaining{};  ///< How much later the last row of each series its end is, see `read_remaining`.
  } test{};

  /// @throws UsageError with the JSON pointer of what is wrong
  static TableSettings read(Settings data);
  [[nodiscard]] TableSource test_source() const;
};

/// Divides a table as the config's `split` says. @throws ValueError
void split_table(SeriesTable& table, const TableSettings& settings);

/// Whether a config's data are tables.
[[nodiscard]] bool is_table(Settings& settings);

}  // namespace recur::tools
