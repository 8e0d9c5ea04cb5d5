#include <recur/train/tables/scaling.h>

#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/nearest_name.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace recur {
namespace {

constexpr std::pair<const char*, ScaleKind> scale_kinds[] = {
    {"none", ScaleKind::none},
    {"standard", ScaleKind::standard},
    {"minmax", ScaleKind::minmax},
    {"robust", ScaleKind::robust},
    {"log", ScaleKind::log},
    {"series", ScaleKind::series},
    {"window", ScaleKind::window},
    {"window_deviation", ScaleKind::window_deviation},
    {"window_log", ScaleKind::window_log},
};

using Values = std::vector<double>;
/// Calls a function with the id of each series and the numbers that it has in training rows.
using Column = std::function<void(const std::function<void(const std::string& id, const Values&)>&)>;

Affine mean_and_deviation(const Values& values) {
  if (values.empty()) return {};
  double mean = 0, squares = 0;
  for (const double x : values) mean += x;
  mean /= static_cast<double>(values.size());
  for (const double x : values) squares += (x - mean) * (x - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(values.size()));
  // Rounding alone gives a constant column a deviation.
  return {mean, deviation > 1e-7 * std::abs(mean) ? deviation : 0};
}

Affine fit_values(ScaleKind kind, Values values) {
  if (kind == ScaleKind::minmax || kind == ScaleKind::robust) {
    std::ranges::sort(values);
    const auto at = [&](double part) {
      return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
    };
    if (kind == ScaleKind::minmax) return {at(0), at(1) - at(0)};
    return {at(0.5), at(0.75) - at(0.25)};
  }
  return mean_and_deviation(values);
}

void require_scalable(const ColumnScale& scale, const Values& values, const char* what) {
  require<ValueError>(!values.empty(), "Scaling::fit: the {} '{}' has no number in the training part", what,
                      scale.name);
  if (scale.of_logarithms())
    for (const double x : values)
      require<ValueError>(std::isfinite(x),
                          "Scaling::fit: the {} '{}' has numbers of -1 or less, whose logarithm ln(1 "
                          "+ x) there is not; take another scale",
                          what, scale.name);
}

ColumnScale fit_column(const std::string& name, ScaleKind kind, const char* what, const Column& column) {
  ColumnScale scale{name, kind, {}, {}};
  if (kind == ScaleKind::none || kind == ScaleKind::window || kind == ScaleKind::window_deviation) return scale;
  Values all;
  column([&](const std::string& id, const Values& values) {
    for (const double x : values) all.push_back(scale.before_scaling(x));
    if (kind != ScaleKind::series || values.empty()) return;
    Affine own = mean_and_deviation(values);
    if (own.factor == 0) own.factor = 1;  // a series that never changes
    scale.series[id] = own;
  });
  require_scalable(scale, all, what);
  if (kind == ScaleKind::window_log) return scale;
  const double first = all[0];
  scale.all = fit_values(kind, std::move(all));
  require<ValueError>(
      scale.all.factor > 0,
      "Scaling::fit: the {} '{}' {} {:.6g} in the training part, which tells nothing apart; leave it out{}", what, name,
      kind == ScaleKind::robust ? "is mostly" : "is always", first,
      kind == ScaleKind::robust ? ", or take another scale" : "");
  return scale;
}

/// @param cap what is taken for larger numbers
template <class T>
Column column_of(const SeriesTable& table, const std::vector<T> Series::*numbers, std::size_t at, std::size_t width,
                 double cap = std::numeric_limits<double>::infinity()) {
  return [&table, numbers, at, width, cap](const auto& use) {
    for (const Series& one : table.series) {
      Values values;
      for (std::size_t r = 0; r < one.times.size(); ++r) {
        const auto x = static_cast<double>((one.*numbers)[r * width + at]);
        if (one.parts[r] == Part::training && !std::isnan(x)) values.push_back(std::min(x, cap));
      }
      use(one.id, values);
    }
  };
}

Column static_column(const SeriesTable& table, std::size_t at) {
  return [&table, at](const auto& use) {
    for (const Series& one : table.series) {
      const bool trained = std::ranges::find(one.parts, Part::training) != one.parts.end();
      const auto x = static_cast<double>(one.statics[at]);
      use(one.id, trained && !std::isnan(x) ? Values{x} : Values{});
    }
  };
}

// Refuses kinds for columns that a table does not have.
void require_columns(const SeriesTable& table, const std::map<std::string, ScaleKind>& columns) {
  std::vector<std::string> names = table.inputs;
  names.insert(names.end(), table.statics.begin(), table.statics.end());
  for (const TargetColumn& target : table.targets) names.push_back(target.name);
  for (const auto& [name, kind] : columns)
    require<ValueError>(std::ranges::find(names, name) != names.end(),
                        "Scaling::fit: there is no column '{}' to scale by '{}'{}; name an input, a static column or a "
                        "target",
                        name, scale_kind_name(kind), did_you_mean(name, names));
}

bool stays(const std::string& name) {
  return name.starts_with("sin ") || name.starts_with("cos ") || name.starts_with("no ") || name.ends_with(" code") ||
         name.find('=') != std::string::npos;
}

}  // namespace

ScaleKind scale_kind(const std::string& name) {
  for (const auto& [known, kind] : scale_kinds)
    if (name == known) return kind;
  std::string all;
  for (const std::string& known : scale_kind_names()) all += (all.empty() ? "" : ", ") + known;
  fail<ValueError>("scale_kind: there is no scale '{}'{}; there are {}", name, did_you_mean(name, scale_kind_names()),
                   all);
}

std::string scale_kind_name(ScaleKind kind) {
  return std::ranges::find(scale_kinds, kind, &std::pair<const char*, ScaleKind>::second)->first;
}

std::vector<std::string> scale_kind_names() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : scale_kinds) names.emplace_back(name);
  return names;
}

Affine ColumnScale::of(const std::string& id) const {
  if (const auto own = series.find(id); own != series.end()) return own->second;
  return all;
}

double ColumnScale::apply(double x, const Affine& scale) const {
  return (before_scaling(x) - scale.offset) / scale.factor;
}

double ColumnScale::undo(double scaled, const Affine& scale) const {
  const double x = scaled * scale.factor + scale.offset;
  return of_logarithms() ? std::expm1(x) : x;
}

Scaling Scaling::fit(const SeriesTable& table, const ScaleOptions& options) {
  const auto kind_of = [&](const std::string& name, ScaleKind otherwise) {
    if (const auto own = options.columns.find(name); own != options.columns.end()) return own->second;
    return stays(name) ? ScaleKind::none : otherwise;
  };
  require_columns(table, options.columns);
  Scaling scaling;
  for (std::size_t i = 0; i < table.inputs.size(); ++i)
    scaling.inputs_.push_back(fit_column(table.inputs[i], kind_of(table.inputs[i], options.inputs), "input",
                                         column_of(table, &Series::inputs, i, table.inputs.size())));
  for (std::size_t i = 0; i < table.statics.size(); ++i)
    scaling.statics_.push_back(fit_column(table.statics[i], kind_of(table.statics[i], options.statics), "static column",
                                          static_column(table, i)));
  for (std::size_t i = 0; i < table.targets.size(); ++i) {
    const TargetColumn& target = table.targets[i];
    if (target.input >= 0) scaling.targets_.push_back(scaling.inputs_[static_cast<std::size_t>(target.input)]);
    else
      scaling.targets_.push_back(fit_column(target.name, kind_of(target.name, options.targets), "target",
                                            column_of(table, &Series::targets, i, table.targets.size(), target.cap)));
    require<ValueError>(target.input >= 0 || !scaling.targets_.back().of_windows(),
                        "Scaling::fit: the target '{}' is no input, so that windows have nothing to scale it by; make "
                        "it an input, or take another scale",
                        target.name);
  }
  return scaling;
}

void Scaling::apply(SeriesTable& table) const {
  require<ValueError>(table.inputs.size() == inputs_.size() && table.statics.size() == statics_.size(),
                      "Scaling::apply: {} inputs and {} static columns, for a table with {} and {}", inputs_.size(),
                      statics_.size(), table.inputs.size(), table.statics.size());
  const auto scaled = [](const ColumnScale& column, const Affine& scale, float x) {
    return std::isnan(x) ? 0.0F : static_cast<float>(column.apply(x, scale));
  };
  for (Series& one : table.series) {
    for (std::size_t c = 0; c < inputs_.size(); ++c) {
      if (inputs_[c].of_windows()) continue;
      const Affine scale = inputs_[c].of(one.id);
      for (std::size_t at = c; at < one.inputs.size(); at += inputs_.size())
        one.inputs[at] = scaled(inputs_[c], scale, one.inputs[at]);
      const Index known = static_cast<Index>(c) - table.past;
      if (known < 0 || known >= table.known) continue;
      for (auto at = static_cast<std::size_t>(known); at < one.ahead.size();
           at += static_cast<std::size_t>(table.known))
        one.ahead[at] = scaled(inputs_[c], scale, one.ahead[at]);
    }
    for (std::size_t c = 0; c < statics_.size(); ++c)
      one.statics[c] = scaled(statics_[c], statics_[c].all, one.statics[c]);
  }
}

std::vector<std::string> Scaling::adopt(const SeriesTable& table) {
  std::vector<std::string> adopted;
  const auto add = [&](ColumnScale& column, const Series& one, const auto& numbers, std::size_t at, std::size_t width) {
    if (column.kind != ScaleKind::series || column.series.contains(one.id)) return;
    Values values;
    for (; at < numbers.size(); at += width)
      if (!std::isnan(numbers[at])) values.push_back(static_cast<double>(numbers[at]));
    Affine own = values.empty() ? column.all : mean_and_deviation(values);
    if (own.factor == 0) own.factor = 1;
    column.series[one.id] = own;
    if (adopted.empty() || adopted.back() != one.id) adopted.push_back(one.id);
  };
  for (const Series& one : table.series) {
    for (std::size_t c = 0; c < inputs_.size(); ++c) add(inputs_[c], one, one.inputs, c, inputs_.size());
    for (std::size_t c = 0; c < targets_.size(); ++c) {
      const Index input = table.targets[c].input;
      if (input < 0) add(targets_[c], one, one.targets, c, targets_.size());
      else targets_[c].series = inputs_[static_cast<std::size_t>(input)].series;
    }
  }
  return adopted;
}

Affine window_scale(ScaleKind kind, std::span<const float> values) {
  Values known;
  double sum = 0, absolute = 0, squares = 0;
  for (const float value : values) {
    const double x =
        kind == ScaleKind::window_log ? std::log1p(static_cast<double>(value)) : static_cast<double>(value);
    if (!std::isfinite(x)) continue;
    known.push_back(x);
    sum += x;
    absolute += std::abs(x);
  }
  if (known.empty()) return {};
  const auto count = static_cast<double>(known.size());
  const double mean = sum / count;
  for (const double x : known) squares += (x - mean) * (x - mean);
  const double factor = kind == ScaleKind::window ? absolute / count : std::sqrt(squares / count);
  // Windows that never change are told by their mean alone.
  return {mean, factor > 1e-6 * (1e-6 + std::abs(mean)) ? factor : 1};
}

}  // namespace recur
