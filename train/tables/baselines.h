#pragma once

#include <recur/train/tables/scores.h>
#include <recur/train/tables/series_table.h>

namespace recur {

// Forecasts by arithmetic, which a model has to beat. `like` are forecasts whose windows and targets they are for;
// those of a window's targets follow each other.

/// The value a season before, for later steps that of the last season which is known; a season of 1 gives the last
/// value.
[[nodiscard]] std::vector<Forecast> naive_forecasts(const SeriesTable& table, std::span<const Forecast> like,
                                                    Index season);

/// The mean of the targets, capped, in the training rows of `trained`.
[[nodiscard]] std::vector<Forecast> mean_forecasts(const SeriesTable& trained, std::span<const Forecast> like);

}  // namespace recur
