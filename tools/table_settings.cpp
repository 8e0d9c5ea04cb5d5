#include "table_settings.h"

#include <recur/train/tables/split_table.h>

#include <algorithm>
#include <cmath>

namespace recur::tools {
namespace {

using Json = Settings::Json;

/// One text or a list of texts.
std::vector<std::string> names_of(Settings& from, const std::string& key) {
  if (from.asks(key) && from.value(key).is_string()) return {from.text(key)};
  return from.texts(key);
}

TextTableOptions read_format(Settings& from) {
  TextTableOptions format;
  if (from.asks("separator")) {
    const std::string sign = from.text("separator");
    if (sign != "blanks" && sign.size() != 1)
      from.refuse("separator", fmt::format("one character or \"blanks\" is expected, got '{}'", sign));
    format.separator = sign == "blanks" ? ' ' : sign[0];
  }
  if (from.asks("heading")) format.heading = from.flag("heading") ? TableHeading::present : TableHeading::absent;
  format.names = from.texts("names");
  format.skip = static_cast<std::size_t>(from.integer("skip", 0, 0));
  format.comment = from.text("comment", "");
  if (from.asks("decimal")) format.decimal_comma = from.choice("decimal", {".", ","}) == ",";
  for (const std::string& mark : names_of(from, "missing")) format.missing.push_back(mark);
  return format;
}

TableKeys read_keys(Settings& from) {
  TableKeys keys;
  if (from.has_object("id")) {
    Settings id = from.object("id");
    keys.id_from = id.text("file");
    id.finish();
  } else {
    keys.id = from.text("id", "");
  }
  keys.time = names_of(from, "time");
  return keys;
}

TargetSource::Kind read_kind(Settings& from) {
  if (!from.asks("derived")) return TargetSource::Kind::column;
  const std::string kind = from.choice("derived", {"remaining", "difference", "next"});
  if (kind == "remaining") return TargetSource::Kind::remaining;
  return kind == "difference" ? TargetSource::Kind::difference : TargetSource::Kind::next;
}

TargetSource read_target(Settings& from) {
  TargetSource target;
  target.kind = read_kind(from);
  if (target.kind != TargetSource::Kind::remaining) target.column = from.text("column");
  target.name = from.text("name", target.kind == TargetSource::Kind::remaining ? "remaining" : target.column);
  target.unit = from.text("unit", "");
  target.factor = from.number("factor", 1);
  target.divided_by = from.text("divided_by", "");
  target.cap = from.number("cap", target.cap);
  return target;
}

/// A name or an object for each.
std::vector<TargetSource> read_targets(Settings& from, const std::string& key) {
  const Json& given = from.value(key);
  std::vector<TargetSource> targets;
  const Json list = given.is_array() ? given : Json::array({given});
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string place = given.is_array() ? fmt::format("{}/{}", key, i) : key;
    if (list[i].is_string()) {
      targets.push_back({.column = list[i].get<std::string>(), .name = list[i].get<std::string>()});
    } else if (list[i].is_object()) {
      Settings one = from.nested(list[i], place);
      targets.push_back(read_target(one));
      one.finish();
    } else {
      from.refuse(place, "a column's name, or an object with \"column\", is expected");
    }
  }
  return targets;
}

void read_target_files(TableSource& source, Settings& data) {
  if (!data.has_object("targets") || !data.value("targets").contains("path")) {
    source.targets = read_targets(data, "targets");
    return;
  }
  Settings settings = data.object("targets");
  source.target_files = {settings.text("path"), read_format(settings), read_keys(settings)};
  source.targets = read_targets(settings, "columns");
  settings.finish();
}

void read_static_files(TableSource& source, Settings& data) {
  if (!data.asks("static")) return;
  Settings settings = data.object("static");
  source.static_files = {settings.text("path"), read_format(settings), read_keys(settings)};
  source.statics = settings.texts("columns");
  if (settings.asks("missing_numbers"))
    source.mean_of_missing_statics = settings.choice("missing_numbers", {"refuse", "mean"}) == "mean";
  settings.finish();
}

/// The position of a choice in its list.
template <class E>
E read_rule(Settings& from, const std::string& key, const std::vector<std::string>& names) {
  if (!from.asks(key)) return E{};
  const std::string name = from.choice(key, names);
  return static_cast<E>(std::ranges::find(names, name) - names.begin());
}

ScaleKind read_scale(Settings& from, const std::string& key, ScaleKind otherwise) {
  return from.asks(key) ? scale_kind(from.choice(key, scale_kind_names())) : otherwise;
}

ScaleOptions read_scales(Settings& data) {
  ScaleOptions scales;
  if (!data.asks("scale")) return scales;
  if (!data.has_object("scale")) {
    scales.inputs = scales.targets = read_scale(data, "scale", ScaleKind::standard);
    return scales;
  }
  Settings given = data.object("scale");
  scales.inputs = read_scale(given, "inputs", ScaleKind::standard);
  scales.statics = read_scale(given, "static", ScaleKind::standard);
  scales.targets = read_scale(given, "targets", ScaleKind::standard);
  if (given.asks("columns")) {
    Settings columns = given.object("columns");
    for (const auto& [name, kind] : given.value("columns").items())
      scales.columns[name] = read_scale(columns, name, ScaleKind::standard);
  }
  given.finish();
  return scales;
}

void read_test(TableSettings& to, Settings& data) {
  if (!data.asks("test")) return;
  Settings test = data.object("test");
  to.test.path = test.text("path");
  to.test.remaining = test.text("targets", "");
  test.finish();
  const bool remaining = std::ranges::any_of(
      to.source.targets, [](const TargetSource& target) { return target.kind == TargetSource::Kind::remaining; });
  if (remaining && to.test.remaining.empty())
    test.refuse("targets", "is missing: a file with what remains of each series behind its last row");
  if (to.source.series_in_lines) to.source.continued = to.test.path;
}

void read_windows(TableSettings& to, Settings& data) {
  to.windows.length = data.integer("length", 32, 1);
  to.windows.horizon = data.integer("horizon", 0, 0);
  to.windows.every_step = data.flag("every_step");
  to.windows.warm_up = data.integer("warm_up", 0, 0);
  to.truncate = data.integer("truncate", 0, 0);
  if (to.truncate > 0 && !to.windows.every_step)
    data.refuse("truncate", "gradients are cut between targets of every step; say \"every_step\": true, too");
  to.season = data.integer("season", 1, 1);
  if (data.asks("difference") && data.value("difference").is_number())
    to.windows.season = data.integer("difference", 1, 1);
  else to.windows.season = data.flag("difference") ? to.season : 0;
  to.stride = data.integer("stride", 1, 1);
  to.source.horizon = to.windows.horizon;
  to.steps = data.integer("steps", 0, 0);
  if (to.steps > 0 && (to.windows.horizon == 0 || to.windows.every_step))
    data.refuse("steps", "forecasts are fed back with a horizon of at least 1, and without every_step");
  if (to.steps > 0 && to.steps < to.windows.horizon) data.refuse("steps", "must not be less than the horizon");
}

/// A first and a last time.
Period read_period(const Json& value, const std::string& key, TimeKind kind) {
  const auto time = [&](const Json& one) {
    std::optional<std::int64_t> found;
    if (one.is_string()) found = parse_time(one.get<std::string>(), kind);
    else if (one.is_number_integer() && kind != TimeKind::date) found = one.get<std::int64_t>();
    require<ValueError>(found.has_value(), "{}: {} is no {}", key, one.dump(),
                        kind == TimeKind::date ? "date as 2016-07-01" : "whole number");
    return *found;
  };
  require<ValueError>(value.is_array() && value.size() == 2, "{}: [first, last] is expected, got {}", key,
                      value.dump());
  return {time(value[0]), time(value[1])};
}

void split_by_periods(SeriesTable& table, const Json& split) {
  std::vector<std::pair<Part, Period>> periods;
  for (const auto& [key, part] : {std::pair("training", Part::training), std::pair("validation", Part::validation),
                                  std::pair("test", Part::test)}) {
    if (!split.contains(key)) continue;
    Period period = read_period(split[key], key, table.time_kind);
    // A date alone means the whole day.
    if (table.time_kind == TimeKind::date && period.last % 86400 == 0) period.last += 86399;
    periods.emplace_back(part, period);
  }
  require<ValueError>(split.contains("training"), "periods need one for \"training\", too");
  split_by_time(table, periods);
}

void split_by_ids(SeriesTable& table, const Json& split) {
  const auto ids = [&](const char* key) {
    return split.contains(key) ? split[key].get<std::vector<std::string>>() : std::vector<std::string>();
  };
  const auto fraction = [&](const char* key) { return split.contains(key) ? split[key].get<double>() : 0.0; };
  const bool listed = (split.contains("validation") && split["validation"].is_array()) ||
                      (split.contains("test") && split["test"].is_array());
  if (listed) return split_by_id(table, ids("validation"), ids("test"));
  split_at_random(table, fraction("validation"), fraction("test"), split.value("seed", std::uint64_t{0}));
}

}  // namespace

bool is_table(Settings& settings) {
  if (!settings.has_object("data")) return false;
  const Json& data = settings.value("data");
  return data.contains("kind") && data["kind"] == "table";
}

TableSettings TableSettings::read(Settings data) {
  TableSettings to;
  (void)data.text("kind");
  to.source.path = data.text("path");
  to.source.format = read_format(data);
  to.source.keys = read_keys(data);
  if (data.asks("series")) to.source.series_in_lines = data.choice("series", {"rows", "lines"}) == "lines";
  to.source.inputs = names_of(data, "inputs");
  to.source.known_ahead = names_of(data, "known_ahead");
  to.source.calendar = names_of(data, "calendar");
  to.source.weights = data.text("weights", "");
  if (data.asks("categories")) to.source.codes = data.choice("categories", {"inputs", "codes"}) == "codes";
  to.source.id_category = data.flag("id_category");
  read_windows(to, data);
  read_target_files(to.source, data);
  read_static_files(to.source, data);
  to.source.missing = read_rule<MissingInputs>(data, "missing_inputs", {"refuse", "previous", "mean", "mask"});
  to.source.gaps = read_rule<TimeGaps>(data, "gaps", {"refuse", "fill", "divide", "ignore"});
  to.source.repeated = read_rule<RepeatedTimes>(data, "repeated", {"refuse", "first", "last"});
  to.scales = read_scales(data);
  to.split = data.asks("split") ? data.value("split") : Json{{"validation", 0.1}, {"test", 0.1}};
  if (!to.split.is_object()) data.refuse("split", "an object {…} is expected");
  read_test(to, data);
  data.finish();
  return to;
}

TableSource TableSettings::test_source() const {
  TableSource other = source;
  other.path = test.path;
  return other;
}

void split_table(SeriesTable& table, const TableSettings& settings) {
  const Json& split = settings.split;
  static const std::vector<std::string> known = {"training", "validation", "test",  "by",
                                                 "seed",     "fold",       "folds", "rows"};
  for (const auto& [key, value] : split.items())
    require<ValueError>(std::ranges::find(known, key) != known.end(),
                        "{}: is not known here; there are training, validation, test, by, seed, fold, "
                        "folds and rows",
                        key);
  try {
    if (split.contains("folds"))
      return split_rolling(table, split.value("fold", Index{0}), split["folds"].get<Index>(),
                           split.at("rows").get<Index>());
    if (split.value("by", std::string("time")) == "id") return split_by_ids(table, split);
    const bool periods = std::ranges::any_of(split, [](const Json& part) { return part.is_array(); });
    if (periods) return split_by_periods(table, split);
    const double validation = split.value("validation", 0.0), test = split.value("test", 0.0);
    const bool whole = validation >= 1 || test >= 1;
    if (whole) split_by_rows(table, static_cast<Index>(validation), static_cast<Index>(test));
    else split_by_fraction(table, validation, test);
  } catch (const Json::exception& error) {
    fail<ValueError>("{}", error.what());
  }
}

}  // namespace recur::tools
