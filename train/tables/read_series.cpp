#include <recur/train/tables/table_source.h>

#include <recur/framework/tensor/error.h>
#include <recur/train/tables/table_keys.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace recur {
namespace {

using detail::KeyReader;
using detail::RawSeries;
using detail::RawTable;

constexpr double no_target = std::numeric_limits<double>::quiet_NaN();

bool targets_in_files(const TableSource& source) { return source.target_files.path.empty(); }

// Columns of a file that are read as targets; -1 for one that is derived from times.
std::vector<std::ptrdiff_t> target_columns(const TextTable& file, const TableSource& source) {
  std::vector<std::ptrdiff_t> columns;
  for (const TargetSource& target : source.targets) {
    const bool none = target.kind == TargetSource::Kind::remaining || !targets_in_files(source) ||
                      (!source.targets_needed && !file.has(target.column));
    columns.push_back(none ? -1 : static_cast<std::ptrdiff_t>(file.find(target.column)));
  }
  return columns;
}

void read_file(RawTable& raw, const TableSource& source, const TextTable& file) {
  const KeyReader keys(file, source.keys, raw.kind);
  const auto number = static_cast<std::uint32_t>(raw.files.size());
  raw.files.push_back(file.path().string());
  std::vector<std::size_t> inputs;
  for (const std::string& name : raw.inputs) inputs.push_back(file.find(name));
  const std::vector<std::ptrdiff_t> targets = target_columns(file, source);
  for (std::size_t row = 0; row < file.rows(); ++row) {
    RawSeries& one = raw.of(keys.id(row));
    one.times.push_back(source.keys.time.empty() ? static_cast<std::int64_t>(one.times.size()) : keys.time(row));
    one.places.push_back({number, static_cast<std::uint32_t>(file.line(row))});
    for (const std::size_t column : inputs) one.inputs.push_back(static_cast<float>(file.number(row, column)));
    for (const std::ptrdiff_t column : targets)
      one.targets.push_back(column < 0 ? no_target : file.number(row, static_cast<std::size_t>(column)));
  }
}

// Files that have one series a line; a second file goes on with the values.
void read_lines(RawTable& raw, const TableSource& source, const std::filesystem::path& path, bool continues) {
  TextTableOptions format = source.format;
  format.unequal = true;
  const TextTable file(path, format);
  const auto number = static_cast<std::uint32_t>(raw.files.size());
  raw.files.push_back(path.string());
  for (std::size_t row = 0; row < file.rows(); ++row) {
    const std::string id(file.text(row, 0));
    const std::size_t before = raw.series.size();
    RawSeries& one = raw.of(id);
    require<FormatError>(!continues || raw.series.size() == before,
                         "read_series: '{}', line {}: there is no series '{}' that it could continue", path.string(),
                         file.line(row), id);
    require<FormatError>(continues || one.times.empty(), "read_series: '{}', line {}: series '{}' is there already",
                         path.string(), file.line(row), id);
    std::size_t end = file.names().size();
    while (end > 1 && file.is_missing(row, end - 1)) --end;
    for (std::size_t column = 1; column < end; ++column) {
      const double value = file.number(row, column);
      one.times.push_back(static_cast<std::int64_t>(one.times.size()));
      one.places.push_back({number, static_cast<std::uint32_t>(file.line(row))});
      for (std::size_t i = 0; i < raw.inputs.size(); ++i) one.inputs.push_back(static_cast<float>(value));
      for (std::size_t t = 0; t < raw.targets; ++t) one.targets.push_back(value);
    }
  }
}

RawTable read_raw(const TableSource& source) {
  RawTable raw;
  raw.inputs = source.inputs;
  raw.inputs.insert(raw.inputs.end(), source.known_ahead.begin(), source.known_ahead.end());
  raw.targets = source.targets.size();
  if (source.series_in_lines) {
    for (const std::string& name : raw.inputs)
      require<ValueError>(name == "value", "read_series: series in lines have the column value, not '{}'", name);
    read_lines(raw, source, source.path, false);
    if (!source.continued.empty()) read_lines(raw, source, source.continued, true);
    return raw;
  }
  for (const auto& path : matching_files(source.path)) read_file(raw, source, TextTable(path, source.format));
  return raw;
}

void add_calendar(const std::vector<std::string>& features, std::int64_t time, std::vector<float>& inputs) {
  const CalendarDate date = calendar_date(time);
  for (const std::string& name : features) {
    double turn = 0;
    if (name == "hour") turn = date.hour / 24.0;
    if (name == "weekday") turn = date.weekday / 7.0;
    if (name == "day_of_year") turn = date.day_of_year / 365.25;
    if (name == "month") turn = (date.month - 1) / 12.0;
    inputs.push_back(static_cast<float>(std::sin(2 * std::numbers::pi * turn)));
    inputs.push_back(static_cast<float>(std::cos(2 * std::numbers::pi * turn)));
  }
}

// Takes the value before for a missing input, or refuses it, as the rule says.
void fill_inputs(const RawTable& raw, RawSeries& one, MissingInputs rule) {
  if (rule == MissingInputs::mean || rule == MissingInputs::mask) return;
  const std::size_t width = raw.inputs.size();
  for (std::size_t at = 0; at < one.inputs.size(); ++at) {
    if (!std::isnan(one.inputs[at])) continue;
    if (rule == MissingInputs::previous && at >= width) {
      one.inputs[at] = one.inputs[at - width];
      continue;
    }
    fail<FormatError>("read_series: {}, column '{}': a number is missing{}; {}", raw.place(one, at / width),
                      raw.inputs[at % width], rule == MissingInputs::previous ? ", with none before it" : "",
                      R"("missing_inputs": "previous", "mean" or "mask" says what to take for it)");
  }
}

std::vector<std::string> names_of_inputs(const TableSource& source, const RawTable& raw) {
  std::vector<std::string> names = raw.inputs;
  for (const std::string& feature : source.calendar) {
    names.push_back("sin " + feature);
    names.push_back("cos " + feature);
  }
  if (source.missing == MissingInputs::mask)
    for (const std::string& name : raw.inputs) names.push_back("no " + name);
  return names;
}

void finish_inputs(const TableSource& source, const RawTable& raw, RawSeries& from, Series& to) {
  fill_inputs(raw, from, source.missing);
  const bool mask = source.missing == MissingInputs::mask;
  if (source.calendar.empty() && !mask) {
    to.inputs = std::move(from.inputs);
    return;
  }
  const std::size_t width = raw.inputs.size();
  for (std::size_t r = 0; r < from.times.size(); ++r) {
    const float* const row = from.inputs.data() + r * width;
    to.inputs.insert(to.inputs.end(), row, row + width);
    add_calendar(source.calendar, from.times[r], to.inputs);
    if (mask)
      for (std::size_t c = 0; c < width; ++c) to.inputs.push_back(std::isnan(row[c]) ? 1.0F : 0.0F);
  }
}

void check(const TableSource& source) {
  require<ValueError>(!source.targets.empty(), "read_series: no target; what is to be predicted?");
  require<ValueError>(!source.inputs.empty() || !source.known_ahead.empty() || !source.calendar.empty(),
                      "read_series: no input; what is it to be predicted from?");
  require<ValueError>(source.calendar.empty() || !source.keys.time.empty(),
                      "read_series: the calendar needs a column of dates as time");
  for (const std::string& name : source.calendar)
    require<ValueError>(name == "hour" || name == "weekday" || name == "day_of_year" || name == "month",
                        "read_series: the calendar has hour, weekday, day_of_year and month, not '{}'", name);
  for (const TargetSource& target : source.targets) {
    if (target.kind == TargetSource::Kind::remaining || !targets_in_files(source)) continue;
    const auto among = [&](const std::vector<std::string>& inputs) {
      return std::ranges::find(inputs, target.column) != inputs.end();
    };
    const bool past = source.horizon > 0 || target.kind == TargetSource::Kind::next;
    require<ValueError>(!among(source.known_ahead) && (past || !among(source.inputs)),
                        "read_series: the target '{}' is among the inputs of its own time, so that there is nothing to "
                        "predict; take it out of the inputs, or predict later times with a horizon of at least 1",
                        target.column);
  }
}

SeriesTable table_of(RawTable raw, const TableSource& source, std::vector<std::vector<unsigned char>> breaks) {
  SeriesTable table;
  table.inputs = names_of_inputs(source, raw);
  table.time_kind = raw.kind;
  require<ValueError>(source.calendar.empty() || raw.kind == TimeKind::date,
                      "read_series: the calendar needs dates as time, these are numbers");
  for (const TargetSource& target : source.targets) {
    const auto input = std::ranges::find(source.inputs, target.column);
    const bool same = input != source.inputs.end() && targets_in_files(source) && target.factor == 1 &&
                      target.kind == TargetSource::Kind::column;
    table.targets.push_back({target.name.empty() ? target.column : target.name, target.unit,
                             same ? input - source.inputs.begin() : -1, target.cap});
  }
  for (std::size_t s = 0; s < raw.series.size(); ++s) {
    RawSeries& from = raw.series[s];
    if (from.times.empty()) continue;
    Series& to = table.series.emplace_back();
    finish_inputs(source, raw, from, to);
    to.id = std::move(from.id);
    to.times = std::move(from.times);
    to.targets = std::move(from.targets);
    to.breaks = std::move(breaks[s]);
    to.parts.assign(to.times.size(), Part::none);
    from = {};
  }
  return table;
}

}  // namespace

SeriesTable read_series(TableSource& source) {
  check(source);
  RawTable raw = read_raw(source);
  std::vector<std::vector<unsigned char>> breaks;
  const std::int64_t step = order_rows(raw, source, breaks);
  if (!targets_in_files(source)) join_targets(raw, source);
  derive_targets(raw, source, step);
  look_ahead(raw, source);
  SeriesTable table = table_of(std::move(raw), source, std::move(breaks));
  table.step = step;
  detail::join_statics(table, source);
  return table;
}

void read_remaining(SeriesTable& table, const std::filesystem::path& path, const TextTableOptions& format) {
  require<ValueError>(table.targets.size() == 1, "read_remaining: the table has {} targets, must have one",
                      table.targets.size());
  const TextTable file(path, format);
  require<FormatError>(file.rows() == table.series.size(),
                       "read_remaining: '{}' has {} rows for {} series; it needs one for each, in their order",
                       path.string(), file.rows(), table.series.size());
  for (std::size_t s = 0; s < table.series.size(); ++s) {
    Series& one = table.series[s];
    const double last = file.number(s, 0);
    require<FormatError>(!std::isnan(last), "read_remaining: {} is missing", file.place(s, 0));
    for (std::size_t r = 0; r < one.times.size(); ++r)
      one.targets[r] = last + static_cast<double>((one.times.back() - one.times[r]) / table.step);
  }
}

}  // namespace recur
