#include <recur/train/tables/table_windows.h>

#include <recur/framework/tensor/error.h>

#include <algorithm>
#include <cmath>

namespace recur {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

template <class T>
auto at(const std::vector<T>& values, Index index) {
  return values[static_cast<std::size_t>(index)];
}

}  // namespace

TableWindows::TableWindows(const SeriesTable& table, const Scaling& scaling, TableWindowOptions options)
    : table_(table), scaling_(scaling), options_(options) {
  const auto& [length, horizon, season, every_step, warm_up] = options_;
  require<ValueError>(length >= 1 && horizon >= 0 && season >= 0 && warm_up >= 0,
                      "TableWindows: length {}, horizon {}, season {} and warm-up {}: the length must be at least 1, "
                      "the others not negative",
                      length, horizon, season, warm_up);
  require<ValueError>(!every_step || horizon <= 1, "TableWindows: every step has one target, horizon {} asks for more",
                      horizon);
  require<ValueError>(warm_up < length && (every_step || warm_up == 0),
                      "TableWindows: a warm-up of {} steps needs every_step and a length above it, got {}", warm_up,
                      length);
  for (const Series& one : table.series)
    for (Index t = 0; t < table.target_count(); ++t) weights_.push_back(weight_of(one, t));
  weighted_ = std::ranges::any_of(table.series, [](const Series& one) { return !one.weights.empty(); });
}

float TableWindows::weight_of(const Series& one, Index target) const {
  const Index count = table_.target_count();
  const bool trained = std::ranges::find(one.parts, Part::training) != one.parts.end();
  double sum = 0, squares = 0, known = 0;
  for (Index r = 0; r < one.rows(); ++r) {
    const double y = at(one.targets, r * count + target);
    if (std::isnan(y) || (trained && at(one.parts, r) != Part::training)) continue;
    sum += y;
    squares += y * y;
    ++known;
  }
  const ColumnScale& scale = scaling_.targets()[static_cast<std::size_t>(target)];
  if (known == 0 || scale.of_windows() || scale.of_logarithms()) return 1;
  const double variance = std::max(0.0, squares / known - sum / known * (sum / known));
  const double deviation = std::sqrt(variance) / scale.of(one.id).factor;
  return static_cast<float>(1 / ((deviation + 0.1) * (deviation + 0.1)));
}

float TableWindows::sample_weight(Index series, Index row) const {
  const std::vector<float>& weights = table_.series[static_cast<std::size_t>(series)].weights;
  return row < static_cast<Index>(weights.size()) ? at(weights, row) : 1;
}

bool TableWindows::crosses_gap(const Series& one, Index first, Index last) const {
  if (one.breaks.empty()) return false;
  const auto begin = one.breaks.begin();
  const Index end = std::min(last + 1, static_cast<Index>(one.breaks.size()));
  return std::find(begin + std::min(first + 1, end), begin + end, 1) != begin + end;
}

bool TableWindows::usable(const Series& one, Index end, Part part) const {
  const auto& [length, horizon, season, every_step, warm_up] = options_;
  const Index first = end - length + 1;
  if (first < 0 || end + horizon >= one.rows() || crosses_gap(one, first, end + horizon)) return false;
  const Index count = table_.target_count();
  const auto known = [&](Index row) {
    for (Index t = 0; t < count; ++t)
      if (!std::isnan(at(one.targets, row * count + t))) return true;
    return false;
  };
  bool any = false;
  if (every_step) {
    if (at(one.parts, end + horizon) != part) return false;
    for (Index row = first + warm_up + horizon; row <= end + horizon && !any; ++row)
      any = at(one.parts, row) == part && known(row);
    return any;
  }
  for (Index row = horizon == 0 ? end : end + 1; row <= end + horizon; ++row) {
    if (at(one.parts, row) != part) return false;
    any = any || known(row);
  }
  return any;
}

std::vector<WindowEnd> TableWindows::ends(Part part, Index stride) const {
  require<ValueError>(stride >= 1, "TableWindows::ends: stride {}, must be at least 1", stride);
  std::vector<WindowEnd> found;
  for (Index s = 0; s < static_cast<Index>(table_.series.size()); ++s) {
    const Series& one = table_.series[static_cast<std::size_t>(s)];
    const auto before = static_cast<std::ptrdiff_t>(found.size());
    for (Index row = one.rows() - 1; row >= options_.length - 1;) {
      const bool taken = usable(one, row, part);
      if (taken) found.push_back({s, row});
      row -= taken ? stride : 1;
    }
    std::reverse(found.begin() + before, found.end());
  }
  return found;
}

std::vector<WindowEnd> TableWindows::last() const {
  std::vector<WindowEnd> found;
  for (std::size_t s = 0; s < table_.series.size(); ++s)
    found.push_back({static_cast<Index>(s), table_.series[s].rows() - 1});
  return found;
}

std::vector<WindowEnd> TableWindows::all() const {
  std::vector<WindowEnd> found;
  for (std::size_t s = 0; s < table_.series.size(); ++s)
    for (Index row = options_.length - 1; row < table_.series[s].rows(); ++row)
      if (!crosses_gap(table_.series[s], row - options_.length + 1, row)) found.push_back({static_cast<Index>(s), row});
  return found;
}

std::span<const float> TableWindows::column(const WindowEnd& window, Index input, std::vector<float>& buffer) const {
  const Series& one = table_.series[static_cast<std::size_t>(window.series)];
  const Index count = table_.input_count();
  buffer.clear();
  for (Index row = std::max<Index>(0, window.row - options_.length + 1); row <= window.row; ++row)
    buffer.push_back(at(one.inputs, row * count + input));
  return buffer;
}

void TableWindows::write_inputs(const WindowEnd& window, Index first, Index last, float* to) const {
  const Series& one = table_.series[static_cast<std::size_t>(window.series)];
  const Index inputs = table_.input_count(), features = table_.features();
  for (Index t = first; t < last; ++t) {
    const Index row = std::max<Index>(0, window.row - options_.length + 1 + t);
    float* const step = to + (t - first) * features;
    std::copy_n(one.inputs.data() + row * inputs, inputs, step);
    std::copy(one.statics.begin(), one.statics.end(), step + inputs);
  }
  std::vector<float> buffer;
  for (Index c = 0; c < inputs; ++c) {
    const ColumnScale& scale = scaling_.inputs()[static_cast<std::size_t>(c)];
    if (!scale.of_windows()) continue;
    const Affine own = window_scale(scale.kind, column(window, c, buffer));
    for (Index t = 0; t < last - first; ++t) {
      float& x = to[t * features + c];
      x = std::isnan(x) ? 0 : static_cast<float>(scale.apply(static_cast<double>(x), own));
    }
  }
}

Affine TableWindows::scale_of(const WindowEnd& window, Index target) const {
  const ColumnScale& scale = scaling_.targets()[static_cast<std::size_t>(target)];
  if (!scale.of_windows()) return scale.of(table_.series[static_cast<std::size_t>(window.series)].id);
  std::vector<float> buffer;
  return window_scale(scale.kind, column(window, table_.targets[static_cast<std::size_t>(target)].input, buffer));
}

// What a difference from the last known season is of.
double TableWindows::season_before(const WindowEnd& window, Index at_target) const {
  const Index count = table_.target_count();
  const Index ahead = target_row(window, at_target) - window.row;
  const Index seasons = std::max<Index>(1, (ahead + options_.season - 1) / options_.season);
  const Index row = window.row + ahead - seasons * options_.season;
  const Series& one = table_.series[static_cast<std::size_t>(window.series)];
  return row >= 0 ? at(one.targets, row * count + at_target % count) : missing;
}

Index TableWindows::target_row(const WindowEnd& window, Index at_target) const {
  if (options_.every_step || options_.horizon == 0) return window.row + options_.horizon;
  return window.row + 1 + at_target / table_.target_count();
}

double TableWindows::target(const WindowEnd& window, Index at_target) const {
  const Series& one = table_.series[static_cast<std::size_t>(window.series)];
  const Index row = target_row(window, at_target), count = table_.target_count();
  return row < one.rows() ? at(one.targets, row * count + at_target % count) : missing;
}

double TableWindows::undo(Index at_target, double scaled, const Affine& scale) const {
  return scaling_.targets()[static_cast<std::size_t>(at_target % table_.target_count())].undo(scaled, scale);
}

void TableWindows::add_target(const WindowEnd& window, Index at_target, Affine scale, WindowBatch& batch) const {
  const Index count = table_.target_count();
  const auto t = static_cast<std::size_t>(at_target % count);
  if (options_.season > 0) scale.offset = scaling_.targets()[t].before_scaling(season_before(window, at_target));
  const double given = target(window, at_target);
  const double y = std::min(given, table_.targets[t].cap);
  const double known = std::isnan(given) ? missing : scaling_.targets()[t].apply(y, scale);
  batch.scales.push_back(scale);
  batch.weights.push_back(at(weights_, window.series * count + at_target % count));
  batch.targets.data()[batch.scales.size() - 1] = static_cast<float>(known);
  if (weighted_) batch.sample_weights.push_back(sample_weight(window.series, target_row(window, at_target)));
}

void TableWindows::write_targets(const WindowEnd& window, WindowBatch& batch) const {
  const Index count = table_.target_count();
  std::vector<Affine> scales;  // the same for all rows ahead
  for (Index t = 0; t < count; ++t) scales.push_back(scale_of(window, t));
  for (Index i = 0; i < wanted(); ++i) add_target(window, i, at(scales, i % count), batch);
}

void TableWindows::write_targets_of_steps(const WindowEnd& window, Index first, Index last, WindowBatch& batch) const {
  const Series& one = table_.series[static_cast<std::size_t>(window.series)];
  const Index end = std::min(window.row + options_.horizon, one.rows() - 1);
  const Part part = at(one.parts, end);
  for (Index step = first; step < last; ++step) {
    const WindowEnd here{window.series, window.row - options_.length + 1 + step};
    for (Index t = 0; t < table_.target_count(); ++t) {
      const WindowEnd known{here.series, std::max<Index>(here.row, 0)};
      add_target(known, t, scale_of(known, t), batch);
      const Index row = here.row + options_.horizon;
      const bool counts = step >= options_.warm_up && here.row >= 0 && row <= end && at(one.parts, row) == part;
      if (!counts) batch.targets.data()[batch.scales.size() - 1] = static_cast<float>(missing);
    }
  }
}

WindowBatch TableWindows::gather(std::span<const WindowEnd> windows) const {
  if (options_.every_step) return gather_steps(windows, 0, options_.length);
  const auto count = static_cast<Index>(windows.size());
  WindowBatch batch;
  batch.inputs = Tensor<float>({count, options_.length, table_.features()});
  batch.targets = Tensor<float>({count, wanted()});
  batch.weights.reserve(static_cast<std::size_t>(batch.targets.size()));
  batch.scales.reserve(static_cast<std::size_t>(batch.targets.size()));
  float* to = batch.inputs.data();
  for (const WindowEnd& window : windows) {
    write_inputs(window, 0, options_.length, to);
    write_targets(window, batch);
    to += options_.length * table_.features();
  }
  return batch;
}

WindowBatch TableWindows::gather_steps(std::span<const WindowEnd> windows, Index first, Index last) const {
  require<ValueError>(options_.every_step && first >= 0 && first < last && last <= options_.length,
                      "TableWindows::gather_steps: steps {} to {} of windows of {} rows{}", first, last,
                      options_.length, options_.every_step ? "" : ", which have no target at every step");
  const auto count = static_cast<Index>(windows.size());
  WindowBatch batch;
  batch.inputs = Tensor<float>({count, last - first, table_.features()});
  batch.targets = Tensor<float>({count, last - first, table_.target_count()});
  batch.weights.reserve(static_cast<std::size_t>(batch.targets.size()));
  batch.scales.reserve(static_cast<std::size_t>(batch.targets.size()));
  float* to = batch.inputs.data();
  for (const WindowEnd& window : windows) {
    write_inputs(window, first, last, to);
    write_targets_of_steps(window, first, last, batch);
    to += (last - first) * table_.features();
  }
  return batch;
}

}  // namespace recur
