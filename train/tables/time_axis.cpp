#include <recur/train/tables/time_axis.h>

#include <fmt/core.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <numbers>

namespace recur {
namespace {

constexpr std::int64_t seconds_a_day = 86400;

std::optional<std::int64_t> seconds_of(const std::array<int, 6>& parts) {
  namespace c = std::chrono;
  const c::year_month_day day{c::year(parts[0]), c::month(static_cast<unsigned>(parts[1])),
                              c::day(static_cast<unsigned>(parts[2]))};
  const auto within = [](int value, int below) { return value >= 0 && value < below; };
  if (!day.ok() || !within(parts[3], 24) || !within(parts[4], 60) || !within(parts[5], 60)) return std::nullopt;
  const std::int64_t days = c::sys_days(day).time_since_epoch().count();
  return days * seconds_a_day + parts[3] * 3600 + parts[4] * 60 + parts[5];
}

// Takes a whole number off the front.
bool take_number(std::string_view& text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_sign(std::string_view& text, std::string_view signs) {
  if (text.empty() || signs.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::int64_t day_of(std::int64_t time) { return (time >= 0 ? time : time - (seconds_a_day - 1)) / seconds_a_day; }

}  // namespace

std::optional<std::int64_t> parse_date(std::string_view text) {
  std::array<int, 6> parts{};
  for (std::size_t i = 0; i < 3; ++i)
    if ((i > 0 && !take_sign(text, "-/")) || !take_number(text, parts[i])) return std::nullopt;
  if (parts[0] < 1000) return std::nullopt;  // 01/07/2016 may be January or July
  if (take_sign(text, " T")) {
    if (!take_number(text, parts[3])) return std::nullopt;
    for (std::size_t i = 4; i < 6 && take_sign(text, ":"); ++i)
      if (!take_number(text, parts[i])) return std::nullopt;
    if (text.starts_with(".0")) text.remove_prefix(std::min(text.find_first_not_of(".0"), text.size()));
    if (text == "Z" || text == "+00:00") text = {};
  }
  return text.empty() ? seconds_of(parts) : std::nullopt;
}

std::optional<std::int64_t> date_of(std::span<const double> parts) {
  std::array<int, 6> whole{0, 1, 1, 0, 0, 0};
  for (std::size_t i = 0; i < parts.size() && i < whole.size(); ++i) {
    if (!(parts[i] >= 0 && parts[i] < 1e6 && std::floor(parts[i]) == parts[i])) return std::nullopt;
    whole[i] = static_cast<int>(parts[i]);
  }
  return seconds_of(whole);
}

std::optional<std::int64_t> parse_time(std::string_view text, TimeKind kind) {
  if (kind == TimeKind::date) return parse_date(text);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && std::abs(number) < 1e15 &&
                     std::floor(number) == number;
  return whole ? std::optional(static_cast<std::int64_t>(number)) : std::nullopt;
}

CalendarDate calendar_date(std::int64_t time) {
  namespace c = std::chrono;
  const std::int64_t day = day_of(time);
  const c::sys_days days{c::days(day)};
  const c::year_month_day date(days);
  const auto start = c::sys_days(date.year() / c::January / 1).time_since_epoch().count();
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>((time - day * seconds_a_day) / 3600),
          static_cast<int>(day - start),
          static_cast<int>(c::weekday(days).iso_encoding()) - 1};
}

std::array<float, 2> calendar_feature(std::string_view name, std::int64_t time) {
  const CalendarDate date = calendar_date(time);
  double turn = 0;
  if (name == "hour") turn = date.hour / 24.0;
  if (name == "weekday") turn = date.weekday / 7.0;
  if (name == "day_of_year") turn = date.day_of_year / 365.25;
  if (name == "month") turn = (date.month - 1) / 12.0;
  const double angle = 2 * std::numbers::pi * turn;
  return {static_cast<float>(std::sin(angle)), static_cast<float>(std::cos(angle))};
}

std::string format_time(std::int64_t time, TimeKind kind, bool whole_days) {
  if (kind != TimeKind::date) return std::to_string(time);
  const CalendarDate date = calendar_date(time);
  std::string text = fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
  const std::int64_t seconds = time - day_of(time) * seconds_a_day;
  if (seconds == 0 && whole_days) return text;
  text += fmt::format(" {:02}:{:02}", seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 != 0) text += fmt::format(":{:02}", seconds % 60);
  return text;
}

}  // namespace recur
