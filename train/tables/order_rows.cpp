// Rows of a series in the order of time.

#include <recur/framework/tensor/error.h>
#include <recur/train/tables/table_keys.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace recur::detail {
namespace {

using Rows = std::vector<std::size_t>;
constexpr std::size_t filled = static_cast<std::size_t>(-1);  // a row that no file has

template <class T>
void take_rows(std::vector<T>& values, const Rows& rows, std::size_t width, T missing) {
  std::vector<T> taken;
  taken.reserve(rows.size() * width);
  for (const std::size_t row : rows)
    for (std::size_t c = 0; c < width; ++c) taken.push_back(row == filled ? missing : values[row * width + c]);
  values = std::move(taken);
}

void take_rows(RawTable& raw, RawSeries& one, const Rows& rows) {
  take_rows(one.inputs, rows, raw.inputs.size(), std::numeric_limits<float>::quiet_NaN());
  take_rows(one.targets, rows, raw.targets, std::numeric_limits<double>::quiet_NaN());
  take_rows(one.places, rows, 1, RowPlace{0, 0});
  if (!one.weights.empty()) take_rows(one.weights, rows, 1, 1.0F);
}

void sort(RawTable& raw, RawSeries& one, RepeatedTimes repeated) {
  if (std::ranges::adjacent_find(one.times, std::greater_equal{}) == one.times.end()) return;
  Rows rows(one.times.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::ranges::stable_sort(rows, {}, [&](std::size_t row) { return one.times[row]; });
  Rows kept;
  for (const std::size_t row : rows) {
    if (kept.empty() || one.times[row] != one.times[kept.back()]) {
      kept.push_back(row);
      continue;
    }
    require<FormatError>(repeated != RepeatedTimes::refuse,
                         "read_series: {}: the time {} is there already ({}); \"repeated\": \"first\" or \"last\" says "
                         "which row counts",
                         raw.place(one, row), format_time(one.times[row], raw.kind), raw.place(one, kept.back()));
    if (repeated == RepeatedTimes::last) kept.back() = row;
  }
  std::vector<std::int64_t> times;
  for (const std::size_t row : kept) times.push_back(one.times[row]);
  take_rows(raw, one, kept);
  one.times = std::move(times);
}

// The most frequent time between two rows.
std::int64_t usual_step(const RawTable& raw) {
  std::map<std::int64_t, std::size_t> counts;
  for (const RawSeries& one : raw.series)
    for (std::size_t r = 1; r < one.times.size(); ++r) ++counts[one.times[r] - one.times[r - 1]];
  if (counts.empty()) return 1;
  return std::ranges::max_element(counts, {}, [](const auto& count) { return count.second; })->first;
}

void refuse_gap(const RawTable& raw, const RawSeries& one, std::size_t row, std::int64_t step) {
  const auto text = [&](std::int64_t time) { return format_time(time, raw.kind); };
  const std::int64_t distance = one.times[row] - one.times[row - 1];
  const std::string remedy =
      distance % step == 0 ? R"("gaps": "fill" adds the rows that are missing, "divide" lets no window cross them)"
                           : R"("gaps": "divide" lets no window cross it, "ignore" takes rows as they follow)";
  fail<FormatError>("read_series: {}: {} follows {}, where the usual step leads to {}; {}", raw.place(one, row),
                    text(one.times[row]), text(one.times[row - 1]), text(one.times[row - 1] + step), remedy);
}

void fill(RawTable& raw, RawSeries& one, std::int64_t step) {
  Rows rows;
  std::vector<std::int64_t> times;
  for (std::size_t r = 0; r < one.times.size(); ++r) {
    if (r > 0 && (one.times[r] - one.times[r - 1]) % step != 0) refuse_gap(raw, one, r, step);
    if (r > 0)
      for (std::int64_t t = one.times[r - 1] + step; t < one.times[r]; t += step) {
        rows.push_back(filled);
        times.push_back(t);
      }
    rows.push_back(r);
    times.push_back(one.times[r]);
  }
  if (rows.size() == one.times.size()) return;
  take_rows(raw, one, rows);
  one.times = std::move(times);
}

}  // namespace

std::int64_t order_rows(RawTable& raw, const TableSource& source, std::vector<std::vector<unsigned char>>& breaks) {
  breaks.assign(raw.series.size(), {});
  for (RawSeries& one : raw.series) sort(raw, one, source.repeated);
  const std::int64_t step = usual_step(raw);
  if (raw.kind == TimeKind::none || source.gaps == TimeGaps::ignore) return step;
  for (std::size_t s = 0; s < raw.series.size(); ++s) {
    RawSeries& one = raw.series[s];
    if (source.gaps == TimeGaps::fill) fill(raw, one, step);
    for (std::size_t r = 1; r < one.times.size(); ++r) {
      if (one.times[r] - one.times[r - 1] == step) continue;
      if (source.gaps != TimeGaps::divide) refuse_gap(raw, one, r, step);
      breaks[s].resize(one.times.size());
      breaks[s][r] = 1;
    }
  }
  return step;
}

}  // namespace recur::detail
