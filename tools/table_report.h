#pragma once

#include <recur/io/line_plot.h>

#include "table_task.h"

namespace recur::tools {

/// Pictures of forecasts: for single steps predicted and observed along time, of life what remains of each machine in
/// the order of the truth, for several steps the last values of a series, its forecast with quantiles and what came.
[[nodiscard]] std::vector<LinePlot> forecast_plots(const TableTask& task, const TableWindows& windows,
                                                   std::span<const Forecast> forecasts);

/// A line for each series with its scores, as CSV.
[[nodiscard]] std::string scores_csv(const TableTask& task, const TableWindows& windows,
                                     std::span<const Forecast> forecasts);

/// Forecasts as CSV: id, time, and for each target its value, its quantiles and, of several models, their spread.
[[nodiscard]] std::string forecasts_csv(const TableTask& task, const TableWindows& windows,
                                        std::span<const Forecast> forecasts,
                                        std::span<const std::vector<Forecast>> members);

/// The mean of several models' forecasts.
[[nodiscard]] std::vector<Forecast> mean_of(std::span<const std::vector<Forecast>> members);

}  // namespace recur::tools
