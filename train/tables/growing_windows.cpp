#include <recur/train/tables/growing_windows.h>

#include <recur/framework/tensor/error.h>

#include <algorithm>

namespace recur {

GrowingWindows::GrowingWindows(const TableWindows& windows, std::span<const WindowEnd> ends)
    : from_(windows), ends_(ends.begin(), ends.end()) {
  check();
  const SeriesTable& all = windows.table();
  table_.inputs = all.inputs;
  table_.past = all.past;
  table_.known = all.known;
  table_.calendar = all.calendar;
  table_.statics = all.statics;
  table_.targets = all.targets;
  table_.time_kind = all.time_kind;
  table_.step = all.step;
  for (const WindowEnd& end : ends_) copy_rows(end);
  windows_ = std::make_unique<TableWindows>(table_, windows.scaling(), windows.options());
}

void GrowingWindows::check() const {
  const SeriesTable& table = from_.table();
  require<ValueError>(from_.options().horizon >= 1 && !from_.options().every_step,
                      "GrowingWindows: recursive forecasts need a horizon of at least 1, and no targets of every step");
  for (Index c = 0; c < table.past; ++c) {
    const bool target = std::ranges::any_of(table.targets, [&](const TargetColumn& one) { return one.input == c; });
    require<ValueError>(target,
                        "GrowingWindows: the input '{}' is not known in rows that are forecast; make it a target too, "
                        "name it in known_ahead, or forecast all rows at once by a larger horizon",
                        table.inputs[static_cast<std::size_t>(c)]);
  }
}

// As many rows as a window and a season look back.
void GrowingWindows::copy_rows(const WindowEnd& end) {
  const Series& one = from_.table().series[static_cast<std::size_t>(end.series)];
  const Index inputs = table_.input_count(), targets = table_.target_count();
  const Index first = std::max<Index>(0, end.row + 1 - std::max(from_.options().length, from_.options().season));
  Series& copy = table_.series.emplace_back();
  copy.id = one.id;
  copy.statics = one.statics;
  copy.times.assign(one.times.begin() + first, one.times.begin() + end.row + 1);
  copy.inputs.assign(one.inputs.begin() + first * inputs, one.inputs.begin() + (end.row + 1) * inputs);
  copy.targets.assign(one.targets.begin() + first * targets, one.targets.begin() + (end.row + 1) * targets);
  copy.parts.assign(copy.times.size(), Part::none);
}

// Of the row that is to be added next.
float GrowingWindows::known_ahead(std::size_t window, Index column) const {
  const Series& one = from_.table().series[static_cast<std::size_t>(ends_[window].series)];
  const Index row = ends_[window].row + 1 + rows_, inputs = table_.input_count();
  if (row < one.rows()) return one.inputs[static_cast<std::size_t>(row * inputs + column)];
  const Index at = (row - one.rows()) * table_.known + column - table_.past;
  if (at < static_cast<Index>(one.ahead.size())) return one.ahead[static_cast<std::size_t>(at)];
  const Series& own = table_.series[window];
  return own.inputs[static_cast<std::size_t>((own.rows() - 1) * inputs + column)];
}

void GrowingWindows::add_row(std::size_t window, std::span<const double> targets) {
  Series& one = table_.series[window];
  std::vector<float> row(table_.inputs.size(), 0.0F);  // no mask says that a number is missing
  const auto& scales = from_.scaling().inputs();
  for (std::size_t t = 0; t < table_.targets.size(); ++t) {
    const auto input = static_cast<std::size_t>(std::max<Index>(0, table_.targets[t].input));
    if (table_.targets[t].input < 0) continue;
    const ColumnScale& scale = scales[input];
    row[input] = static_cast<float>(scale.of_windows() ? targets[t] : scale.apply(targets[t], scale.of(one.id)));
  }
  for (Index c = table_.past; c < table_.past + table_.known; ++c)
    row[static_cast<std::size_t>(c)] = known_ahead(window, c);
  const std::int64_t time = one.times.back() + table_.step;
  auto at = row.begin() + table_.past + table_.known;
  for (const std::string& feature : table_.calendar) at = std::ranges::copy(calendar_feature(feature, time), at).out;
  one.inputs.insert(one.inputs.end(), row.begin(), row.end());
  one.targets.insert(one.targets.end(), targets.begin(), targets.end());
  one.times.push_back(time);
  one.parts.push_back(Part::none);
}

void GrowingWindows::add(std::span<const double> forecasts) {
  const std::size_t targets = table_.targets.size();
  const auto steps = static_cast<std::size_t>(from_.options().horizon);
  require(forecasts.size() == ends_.size() * steps * targets,
          "GrowingWindows::add: {} numbers for {} windows of {} rows with {} targets", forecasts.size(), ends_.size(),
          steps, targets);
  for (std::size_t h = 0; h < steps; ++h, ++rows_)
    for (std::size_t w = 0; w < ends_.size(); ++w) add_row(w, forecasts.subspan((w * steps + h) * targets, targets));
}

}  // namespace recur
