#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace recur {

/// What the times of a table are.
enum class TimeKind : unsigned char {
  none,    ///< There are none; rows are numbered.
  number,  ///< Whole numbers: cycles, steps.
  date,    ///< Dates with or without an hour; seconds since 1970-01-01 00:00.
};

/// A date with or without a time of day: 2016-07-01, 2016/07/01, 2016-07-01 13:00, 2016-07-01T13:00:30Z. None for
/// anything else, also for a day that the calendar does not have.
[[nodiscard]] std::optional<std::int64_t> parse_date(std::string_view text);

/// A date from the numbers year, month, day and, where they are given, hour, minute and second.
[[nodiscard]] std::optional<std::int64_t> date_of(std::span<const double> parts);

/// A whole number or a date, as `kind` says.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text, TimeKind kind);

/// As `parse_time` reads it; a date has no time of day at midnight if `whole_days`.
[[nodiscard]] std::string format_time(std::int64_t time, TimeKind kind, bool whole_days = true);

/// Of the numbers that a date has in the calendar. day_of_year counts from 0, weekday from 0 for Monday.
struct CalendarDate {
  int year, month, day, hour, day_of_year, weekday;
};
/// Returns the calendar's numbers of a time in seconds since 1970 (UTC).
[[nodiscard]] CalendarDate calendar_date(std::int64_t time);

/// Sine and cosine of how far the hour, weekday, day_of_year or month has come around. Zero and one for another name.
[[nodiscard]] std::array<float, 2> calendar_feature(std::string_view name, std::int64_t time);

}  // namespace recur
