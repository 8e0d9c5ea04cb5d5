#include <recur/train/tables/split_table.h>

#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/random.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace recur {
namespace {

const char* name_of(Part part) {
  if (part == Part::training) return "training";
  return part == Part::validation ? "validation" : "test";
}

void require_training(const char* function, const SeriesTable& table) {
  require<ValueError>(rows_of(table, Part::training) > 0,
                      "{}: of {} rows in {} series none is left for training; make the other parts smaller", function,
                      table.rows(), table.series.size());
}

/// Sets the parts of a series whose last rows are held back.
void hold_back(Series& one, Index end, Index validation, Index test) {
  for (Index r = 0; r < one.rows(); ++r) {
    Part part = Part::training;
    if (r >= end) part = Part::none;
    else if (r >= end - test) part = Part::test;
    else if (r >= end - test - validation) part = Part::validation;
    one.parts[static_cast<std::size_t>(r)] = part;
  }
}

void require_fractions(const char* function, double validation, double test) {
  require<ValueError>(validation >= 0 && test >= 0 && validation + test < 1,
                      "{}: fractions of {} and {} must not be negative, and leave something for training", function,
                      validation, test);
}

}  // namespace

Index rows_of(const SeriesTable& table, Part part) {
  Index count = 0;
  for (const Series& one : table.series) count += std::ranges::count(one.parts, part);
  return count;
}

void split_by_time(SeriesTable& table, std::span<const std::pair<Part, Period>> periods) {
  for (Series& one : table.series) std::ranges::fill(one.parts, Part::none);
  for (const auto& [part, period] : periods) {
    Index rows = 0;
    for (Series& one : table.series)
      for (std::size_t r = 0; r < one.times.size(); ++r)
        if (one.times[r] >= period.first && one.times[r] <= period.last) {
          one.parts[r] = part;
          ++rows;
        }
    if (rows > 0) continue;
    std::int64_t first = std::numeric_limits<std::int64_t>::max(), last = std::numeric_limits<std::int64_t>::min();
    for (const Series& one : table.series) {
      first = std::min(first, one.times.front());
      last = std::max(last, one.times.back());
    }
    const auto text = [&](std::int64_t time) { return format_time(time, table.time_kind); };
    fail<ValueError>("split_by_time: the {} part from {} to {} has no rows; the table has {} to {}", name_of(part),
                     text(period.first), text(period.last), text(first), text(last));
  }
}

void split_by_id(SeriesTable& table, std::span<const std::string> validation, std::span<const std::string> test) {
  for (Series& one : table.series) std::ranges::fill(one.parts, Part::training);
  for (const auto& [part, ids] : {std::pair(Part::validation, validation), std::pair(Part::test, test)})
    for (const std::string& id : ids) {
      const auto one = std::ranges::find(table.series, id, &Series::id);
      require<ValueError>(one != table.series.end(), "split_by_id: there is no series '{}' for the {} part", id,
                          name_of(part));
      std::ranges::fill(one->parts, part);
    }
  require_training("split_by_id", table);
}

void split_at_random(SeriesTable& table, double validation, double test, std::uint64_t seed) {
  require_fractions("split_at_random", validation, test);
  const auto all = static_cast<double>(table.series.size());
  const auto count = [&](double fraction) {
    return fraction > 0 ? std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(fraction * all))) : 0;
  };
  const std::size_t validated = count(validation), tested = count(test);
  require<ValueError>(validated + tested < table.series.size(),
                      "split_at_random: {} series cannot be split into three parts by id; split by time or fraction",
                      table.series.size());
  std::vector<std::size_t> order(table.series.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Generator(seed).fork("split").shuffle(order);
  for (std::size_t i = 0; i < order.size(); ++i) {
    Part part = Part::training;
    if (i < validated) part = Part::validation;
    else if (i < validated + tested) part = Part::test;
    std::ranges::fill(table.series[order[i]].parts, part);
  }
}

void split_by_fraction(SeriesTable& table, double validation, double test) {
  require_fractions("split_by_fraction", validation, test);
  for (Series& one : table.series) {
    const auto rows = static_cast<double>(one.rows());
    hold_back(one, one.rows(), static_cast<Index>(std::ceil(validation * rows)),
              static_cast<Index>(std::ceil(test * rows)));
  }
  require_training("split_by_fraction", table);
}

void split_by_rows(SeriesTable& table, Index validation, Index test) {
  require<ValueError>(validation >= 0 && test >= 0, "split_by_rows: {} and {} rows must not be negative", validation,
                      test);
  for (Series& one : table.series) hold_back(one, one.rows(), validation, test);
  require_training("split_by_rows", table);
}

void split_rolling(SeriesTable& table, Index fold, Index folds, Index rows) {
  require<ValueError>(fold >= 0 && fold < folds && rows >= 1,
                      "split_rolling: fold {} of {} with {} rows; folds count from 0", fold, folds, rows);
  for (Series& one : table.series) hold_back(one, one.rows() - (folds - 1 - fold) * rows, rows, rows);
  require_training("split_rolling", table);
}

}  // namespace recur
