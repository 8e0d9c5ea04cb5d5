#pragma once

#include <recur/train/tables/series_table.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace recur {

// Each function says of every row which part it belongs to. A window belongs to the part in which all its targets are;
// its inputs may reach back into another part.

/// First and last time of a part, both included.
struct Period {
  std::int64_t first;
  std::int64_t last;
};

/// Rows by their times; rows in no period belong to no part. Later parts go before earlier ones where periods overlap.
/// @throws ValueError for a period without rows
void split_by_time(SeriesTable& table, std::span<const std::pair<Part, Period>> periods);

/// Whole series; what is not named is for training. @throws ValueError for an id that is not there, and when nothing is
/// left
void split_by_id(SeriesTable& table, std::span<const std::string> validation, std::span<const std::string> test);

/// Whole series drawn at random, by the same seed the same. @throws ValueError for fractions that leave a part empty
void split_at_random(SeriesTable& table, double validation, double test, std::uint64_t seed);

/// Of each series the last rows for the test and those before for validation, as fractions of its length.
/// @throws ValueError for fractions that leave nothing to train on
void split_by_fraction(SeriesTable& table, double validation, double test);

/// Of each series the last `test` rows and the `validation` rows before them. Series that are too short are not trained
/// on.
/// @throws ValueError when nothing is left to train on
void split_by_rows(SeriesTable& table, Index validation, Index test);

/// Rolling origin: in fold `fold` of `folds`, the test part is `rows` rows that end `folds - 1 - fold` times `rows`
/// before the end, the validation part the `rows` before them, and nothing later is used. Throws ValueError for a part
/// without rows and for a fold that is not there
void split_rolling(SeriesTable& table, Index fold, Index folds, Index rows);

/// The number of rows of a part.
[[nodiscard]] Index rows_of(const SeriesTable& table, Part part);

}  // namespace recur
