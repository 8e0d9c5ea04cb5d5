#include <recur/train/tables/table_keys.h>

#include <recur/framework/tensor/error.h>

#include <algorithm>
#include <cmath>
#include <regex>

namespace recur::detail {
namespace {

std::string id_in_name(const std::string& name, const std::string& pattern) {
  std::smatch found;
  try {
    if (std::regex_search(name, found, std::regex(pattern)) && found.size() > 1) return found[1];
  } catch (const std::regex_error& error) {
    fail<ValueError>("read_series: '{}' is no regular expression: {}", pattern, error.what());
  }
  fail<FormatError>("read_series: the file name '{}' has no id that fits '{}'; the part in ( ) is the id", name,
                    pattern);
}

}  // namespace

KeyReader::KeyReader(const TextTable& table, const TableKeys& keys, TimeKind& kind) : table_(table) {
  if (!keys.id_from.empty()) file_id_ = id_in_name(table.path().filename().string(), keys.id_from);
  if (!keys.id.empty()) id_ = table.find(keys.id);
  for (const std::string& column : keys.time) time_.push_back(table.find(column));
  kind_ = kind_of_times();
  require<FormatError>(kind == TimeKind::none || kind == kind_,
                       "read_series: '{}' has {} as times where the files before have {}", table.path().string(),
                       kind_ == TimeKind::date ? "dates" : "numbers", kind == TimeKind::date ? "dates" : "numbers");
  kind = kind_;
}

TimeKind KeyReader::kind_of_times() const {
  if (time_.empty()) return TimeKind::none;
  if (time_.size() > 1 || parse_date(table_.text(0, time_[0]))) return TimeKind::date;
  require<FormatError>(parse_time(table_.text(0, time_[0]), TimeKind::number).has_value(),
                       "read_series: {}: '{}' is neither a date (2016-07-01, 2016-07-01 13:00) nor a whole number",
                       table_.place(0, time_[0]), table_.text(0, time_[0]));
  return TimeKind::number;
}

std::string KeyReader::id(std::size_t row) const {
  if (!id_) return file_id_;
  std::string text(table_.text(row, *id_));
  require<FormatError>(!text.empty(), "read_series: {}: the id is missing", table_.place(row, *id_));
  return text;
}

std::int64_t KeyReader::time(std::size_t row) const {
  if (time_.empty()) return static_cast<std::int64_t>(row);
  std::optional<std::int64_t> time;
  if (time_.size() > 1) {
    std::vector<double> parts;
    for (const std::size_t column : time_) parts.push_back(table_.number(row, column));
    time = date_of(parts);
  } else {
    time = parse_time(table_.text(row, time_[0]), kind_);
  }
  require<FormatError>(time.has_value(), "read_series: {}: '{}' is no {}", table_.place(row, time_[0]),
                       table_.text(row, time_[0]),
                       kind_ == TimeKind::date ? "date of the calendar as 2016-07-01" : "whole number");
  return *time;
}

RawSeries& RawTable::of(const std::string& id) {
  if (!series.empty() && series.back().id == id) return series.back();
  const auto at = std::ranges::lower_bound(order_, id, {}, &std::pair<std::string, std::size_t>::first);
  if (at != order_.end() && at->first == id) return series[at->second];
  order_.insert(at, {id, series.size()});
  series.push_back({id, {}, {}, {}, {}});
  return series.back();
}

std::string RawTable::place(const RawSeries& one, std::size_t row) const {
  if (row >= one.places.size() || one.places[row].line == 0)
    return one.id.empty() ? fmt::format("row {}", row) : fmt::format("series '{}'", one.id);
  return fmt::format("'{}', line {}", files[one.places[row].file], one.places[row].line);
}

}  // namespace recur::detail
