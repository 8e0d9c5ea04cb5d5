#include <recur/train/tables/table_source.h>

#include <recur/framework/tensor/error.h>
#include <recur/train/tables/table_keys.h>

#include <algorithm>
#include <cmath>

namespace recur {
namespace {

using detail::RawSeries;
using detail::RawTable;

bool targets_in_files(const TableSource& source) { return source.target_files.path.empty(); }

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

// Leaves out the rows before which an input was never known, where missing inputs are the ones before them.
void drop_unknown_beginning(const RawTable& raw, RawSeries& one, std::vector<unsigned char>& breaks) {
  const std::size_t width = raw.inputs.size(), rows = one.times.size();
  std::size_t first = 0;
  for (std::size_t c = 0; c < width; ++c) {
    std::size_t row = 0;
    while (row < rows && std::isnan(one.inputs[row * width + c])) ++row;
    first = std::max(first, row);
  }
  if (first == 0 || first == rows) return;  // fill_inputs says where a column has no number at all
  const auto drop = [&](auto& of, std::size_t numbers) {
    of.erase(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(std::min(of.size(), first * numbers)));
  };
  drop(one.times, 1);
  drop(one.inputs, width);
  drop(one.targets, raw.targets);
  drop(one.places, 1);
  drop(one.weights, 1);
  drop(breaks, 1);
}

// Words as their inputs: one for each, or their number from 1 on.
void add_words(const std::vector<std::string>& words, bool codes, float code, std::vector<float>& to) {
  if (codes) return to.push_back(std::isnan(code) ? 0 : code + 1);
  for (std::size_t w = 0; w < words.size(); ++w) to.push_back(code == static_cast<float>(w) ? 1.0F : 0.0F);
}

void name_columns(const TableSource& source, const RawTable& raw, SeriesTable& table) {
  const auto add = [&](std::size_t input) {
    const std::string& name = raw.inputs[input];
    if (raw.words[input].empty()) return table.inputs.push_back(name);
    if (source.codes) return table.inputs.push_back(name + " code");
    for (const std::string& word : raw.words[input]) table.inputs.push_back(name + "=" + word);
  };
  for (std::size_t i = 0; i < raw.past; ++i) add(i);
  table.past = static_cast<Index>(table.inputs.size());
  for (std::size_t i = raw.past; i < raw.inputs.size(); ++i) add(i);
  table.known = static_cast<Index>(table.inputs.size()) - table.past;
  table.calendar = source.calendar;
  for (const std::string& feature : source.calendar) {
    table.inputs.push_back("sin " + feature);
    table.inputs.push_back("cos " + feature);
  }
  if (source.missing == MissingInputs::mask)
    for (const std::string& name : raw.inputs) table.inputs.push_back("no " + name);
}

// The columns `first` to the last of rows, words as their inputs.
void add_columns(const TableSource& source, const RawTable& raw, const float* row, std::size_t first,
                 std::vector<float>& to) {
  for (std::size_t c = first; c < raw.inputs.size(); ++c)
    if (raw.words[c].empty()) to.push_back(row[c - first]);
    else add_words(raw.words[c], source.codes, row[c - first], to);
}

void finish_inputs(const TableSource& source, const RawTable& raw, RawSeries& from, Series& to) {
  fill_inputs(raw, from, source.missing);
  const std::size_t width = raw.inputs.size(), known = width - raw.past;
  for (std::size_t at = 0; at < from.ahead.size(); at += known)
    add_columns(source, raw, from.ahead.data() + at, raw.past, to.ahead);
  const bool mask = source.missing == MissingInputs::mask;
  const bool words = std::ranges::any_of(raw.words, [](const auto& of) { return !of.empty(); });
  if (source.calendar.empty() && !mask && !words) {
    to.inputs = std::move(from.inputs);
    to.inputs.shrink_to_fit();  // grew by doubling
    return;
  }
  for (std::size_t r = 0; r < from.times.size(); ++r) {
    const float* const row = from.inputs.data() + r * width;
    add_columns(source, raw, row, 0, to.inputs);
    for (const std::string& feature : source.calendar)
      for (const float x : calendar_feature(feature, from.times[r])) to.inputs.push_back(x);
    if (mask)
      for (std::size_t c = 0; c < width; ++c) to.inputs.push_back(std::isnan(row[c]) ? 1.0F : 0.0F);
  }
}

// Makes the words that were read known to the source.
void learn_words(const RawTable& raw, TableSource& source) {
  using Category = std::pair<std::string, std::vector<std::string>>;
  for (std::size_t i = 0; i < raw.inputs.size(); ++i)
    if (!raw.words[i].empty() &&
        std::ranges::find(source.categories, raw.inputs[i], &Category::first) == source.categories.end())
      source.categories.emplace_back(raw.inputs[i], raw.words[i]);
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

// Whether all numbers of an input are those of a target, wherever both are known. A few may be equal by chance.
bool copies(const RawTable& raw, std::size_t input, std::size_t target) {
  constexpr int few = 10;
  int equal = 0;
  for (const RawSeries& one : raw.series)
    for (std::size_t r = 0; r < one.times.size(); ++r) {
      const float x = one.inputs[r * raw.inputs.size() + input];
      const auto y = static_cast<float>(one.targets[r * raw.targets + target]);
      if (std::isnan(x) || std::isnan(y)) continue;
      if (x != y) return false;
      ++equal;
    }
  return equal > few;
}

// Refuses an input that is the target of its own time by another name, or from another file.
void refuse_copies(const RawTable& raw, const TableSource& source) {
  if (source.horizon > 0 || !source.targets_needed) return;
  for (std::size_t t = 0; t < raw.targets; ++t)
    for (std::size_t i = 0; i < raw.inputs.size(); ++i)
      require<ValueError>(!raw.words[i].empty() || !copies(raw, i, t),
                          "read_series: the input '{}' has the numbers of the target '{}' at every time, so that there "
                          "is nothing to predict; take it out of the inputs, or predict later times with a horizon of "
                          "at least 1",
                          raw.inputs[i],
                          source.targets[t].name.empty() ? source.targets[t].column : source.targets[t].name);
}

SeriesTable table_of(RawTable raw, const TableSource& source, std::vector<std::vector<unsigned char>> breaks) {
  SeriesTable table;
  name_columns(source, raw, table);
  table.time_kind = raw.kind;
  require<ValueError>(source.calendar.empty() || raw.kind == TimeKind::date,
                      "read_series: the calendar needs dates as time, these are numbers");
  for (const TargetSource& target : source.targets) {
    const auto input = std::find(table.inputs.begin(), table.inputs.begin() + table.past, target.column);
    const bool same = input != table.inputs.begin() + table.past && targets_in_files(source) && target.factor == 1 &&
                      target.divided_by.empty() && target.kind == TargetSource::Kind::column;
    table.targets.push_back({target.name.empty() ? target.column : target.name, target.unit,
                             same ? input - table.inputs.begin() : -1, target.cap});
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
    to.weights = std::move(from.weights);
    to.parts.assign(to.times.size(), Part::none);
    from = {};
  }
  return table;
}

}  // namespace

SeriesTable read_series(TableSource& source) {
  check(source);
  RawTable raw = detail::read_rows(source);
  std::vector<std::vector<unsigned char>> breaks;
  const std::int64_t step = order_rows(raw, source, breaks);
  if (!targets_in_files(source)) join_targets(raw, source);
  derive_targets(raw, source, step);
  look_ahead(raw, source);
  refuse_copies(raw, source);
  learn_words(raw, source);
  if (source.missing == MissingInputs::previous)
    for (std::size_t s = 0; s < raw.series.size(); ++s) drop_unknown_beginning(raw, raw.series[s], breaks[s]);
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
