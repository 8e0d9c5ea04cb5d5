#include <recur/train/tables/series_table.h>

namespace recur {

Index SeriesTable::rows() const {
  Index all = 0;
  for (const Series& one : series) all += one.rows();
  return all;
}

std::string SeriesTable::time_text(const Series& one, Index row) const {
  if (time_kind == TimeKind::none) return std::to_string(row + 1);
  const Index beyond = row - (one.rows() - 1);
  const std::int64_t time = beyond > 0 ? one.times.back() + beyond * step : one.times[static_cast<std::size_t>(row)];
  return format_time(time, time_kind, step % 86400 == 0);
}

}  // namespace recur
