#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace recur {

/// Kind of the times of a table.
enum class TimeKind : unsigned char {
  none,    ///< The table has no times; rows are numbered.
  number,  ///< Whole numbers: cycles, steps.
  date,    ///< Dates with or without an hour; seconds since 1970-01-01 00:00.
};

/// Parses a date with or without a time of day: 2016-07-01, 2016/07/01, 2016-07-01 13:00, 2016-07-01T13:00:30Z. Returns
/// seconds since 1970-01-01 00:00 UTC; none for other texts and for days that do not exist.
[[nodiscard]] std::optional<std::int64_t> parse_date(std::string_view text);

/// Makes a date from year, month, day and, if given, hour, minute and second. Returns seconds since 1970-01-01 00:00
/// UTC; none for days that do not exist.
[[nodiscard]] std::optional<std::int64_t> date_of(std::span<const double> parts);

/// Parses a time of this kind: a whole number, or a date as `parse_date` does. Returns none for other texts.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text, TimeKind kind);

/// Returns a time as text that `parse_time` reads. With `whole_days`, a date at midnight has no time of day.
[[nodiscard]] std::string format_time(std::int64_t time, TimeKind kind, bool whole_days = true);

/// Calendar numbers of a date. day_of_year counts from 0; weekday is 0 for Monday.
struct CalendarDate {
  int year, month, day, hour, day_of_year, weekday;
};
/// Returns the calendar numbers of a time in seconds since 1970 (UTC).
[[nodiscard]] CalendarDate calendar_date(std::int64_t time);

/// Returns the sine and cosine of the phase of a time within its cycle: `hour` within the day, `weekday` within the
/// week, `day_of_year` or `month` within the year. Returns 0 and 1 for another name.
[[nodiscard]] std::array<float, 2> calendar_feature(std::string_view name, std::int64_t time);

}  // namespace recur
