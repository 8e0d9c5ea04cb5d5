// What other files say of the same series.

#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/nearest_name.h>
#include <recur/train/tables/table_keys.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace recur::detail {
namespace {

using RowOfTime = std::map<std::int64_t, std::size_t>;

// Adds the rows of one file; `seen` are the rows of series that have targets.
void join_file(RawTable& raw, const TableSource& source, const TextTable& file, const TableKeys& given,
               std::map<std::string, RowOfTime>& seen) {
  TableKeys keys = given;
  TimeKind kind = raw.kind;
  const KeyReader reader(file, keys, kind);
  std::vector<std::size_t> columns;
  for (const TargetSource& target : source.targets) columns.push_back(file.find(target.column));
  auto one = raw.series.end();  // rows of a series mostly follow each other
  for (std::size_t row = 0; row < file.rows(); ++row) {
    const std::string id = reader.id(row);
    const std::int64_t time = reader.time(row);
    const auto [at, fresh] = seen[id].emplace(time, row);
    require<FormatError>(fresh, "read_series: '{}', line {}: the time {} is there already (line {}); leave one of them",
                         file.path().string(), file.line(row), format_time(time, kind), file.line(at->second));
    if (one == raw.series.end() || one->id != id) one = std::ranges::find(raw.series, id, &RawSeries::id);
    if (one == raw.series.end()) continue;
    const auto found = std::ranges::lower_bound(one->times, time);
    if (found == one->times.end() || *found != time) continue;
    const auto first = static_cast<std::size_t>(found - one->times.begin()) * raw.targets;
    for (std::size_t c = 0; c < columns.size(); ++c) one->targets[first + c] = file.number(row, columns[c]);
  }
}

/// Files of what does not change with time, one row for each id.
class StaticFiles {
 public:
  explicit StaticFiles(const TableSource::Joined& from) {
    for (const auto& path : matching_files(from.path)) files_.emplace_back(path, from.format);
    for (const TextTable& file : files_) {
      TimeKind none = TimeKind::none;
      const KeyReader keys(file, {from.keys.id, from.keys.id_from, {}}, none);
      auto& rows = rows_.emplace_back();
      for (std::size_t row = 0; row < file.rows(); ++row) {
        const auto [at, fresh] = rows.emplace(keys.id(row), row);
        require<FormatError>(fresh, "read_series: '{}', line {}: '{}' is there already (line {}); leave one of them",
                             file.path().string(), file.line(row), at->first, file.line(at->second));
      }
    }
  }

  struct Cell {
    const TextTable* file;
    std::size_t row, column;
    [[nodiscard]] bool missing() const { return file->is_missing(row, column); }
    [[nodiscard]] std::string_view text() const { return file->text(row, column); }
    [[nodiscard]] bool is_word() const {
      double number = 0;
      return !missing() && !parse_number(text(), false, number);
    }
    [[nodiscard]] std::string place() const { return file->place(row, column); }
  };
  [[nodiscard]] Cell find(const std::string& id, const std::string& column) const {
    for (std::size_t f = 0; f < files_.size(); ++f) {
      if (!files_[f].has(column)) continue;
      const auto row = rows_[f].find(id);
      require<FormatError>(row != rows_[f].end(), "read_series: '{}' has no row for '{}'; add one, or leave it out",
                           files_[f].path().string(), id);
      return {&files_[f], row->second, files_[f].find(column)};
    }
    std::vector<std::string> known;
    for (const TextTable& file : files_) known.insert(known.end(), file.names().begin(), file.names().end());
    std::string paths;
    for (const TextTable& file : files_) paths += (paths.empty() ? "'" : ", '") + file.path().string() + "'";
    fail<ValueError>("read_series: there is no column '{}' in {}{}", column, paths, did_you_mean(column, known));
  }

 private:
  std::vector<TextTable> files_;
  std::vector<std::map<std::string, std::size_t>> rows_;
};

void refuse_missing(const StaticFiles::Cell& cell) {
  fail<FormatError>("read_series: {} is missing; leave the column out, or say \"missing_numbers\": \"mean\" beside it",
                    cell.place());
}

void add_number(SeriesTable& table, const StaticFiles& files, const std::string& column, bool mean_of_missing) {
  table.statics.push_back(column);
  for (Series& one : table.series) {
    const auto cell = files.find(one.id, column);
    if (cell.missing() && !mean_of_missing) refuse_missing(cell);
    one.statics.push_back(static_cast<float>(cell.file->number(cell.row, cell.column)));
  }
}

void name_words(SeriesTable& table, const TableSource& source, const std::string& column,
                const std::vector<std::string>& words) {
  if (source.codes) return table.statics.push_back(column + " code");
  for (const std::string& word : words) table.statics.push_back(column + "=" + word);
}

// A word as the inputs made of it; zeros, or code 0, for one that is not known.
void add_word(Series& one, const TableSource& source, const std::vector<std::string>& words, std::string_view word) {
  const auto found = std::ranges::find(words, word);
  if (source.codes)
    return one.statics.push_back(found == words.end() ? 0 : static_cast<float>(found - words.begin()) + 1);
  for (auto at = words.begin(); at != words.end(); ++at) one.statics.push_back(at == found ? 1.0F : 0.0F);
}

void add_words(SeriesTable& table, const StaticFiles& files, const std::string& column, const TableSource& source,
               const std::vector<std::string>& words) {
  name_words(table, source, column, words);
  for (Series& one : table.series) {
    const auto cell = files.find(one.id, column);
    require<FormatError>(std::ranges::find(words, cell.text()) != words.end(),
                         "read_series: {}: '{}' was not there in training", cell.place(), cell.text());
    add_word(one, source, words, cell.text());
  }
}

// Ids as words; one that was not in training is not known.
void add_ids(SeriesTable& table, TableSource& source) {
  using Category = std::pair<std::string, std::vector<std::string>>;
  auto known = std::ranges::find(source.categories, std::string("id"), &Category::first);
  if (known == source.categories.end()) {
    std::vector<std::string> ids;
    for (const Series& one : table.series) ids.push_back(one.id);
    source.categories.emplace_back("id", std::move(ids));
    known = source.categories.end() - 1;
  }
  name_words(table, source, "id", known->second);
  for (Series& one : table.series) add_word(one, source, known->second, one.id);
}

void convert_units(SeriesTable& table, const StaticFiles& files, const std::string& column, std::size_t target) {
  const std::size_t count = table.targets.size();
  for (Series& one : table.series) {
    const auto cell = files.find(one.id, column);
    if (cell.missing()) refuse_missing(cell);
    const double by = cell.file->number(cell.row, cell.column);
    require<FormatError>(by != 0, "read_series: {} is 0, nothing can be divided by it", cell.place());
    for (std::size_t at = target; at < one.targets.size(); at += count) one.targets[at] /= by;
  }
}

}  // namespace

void join_targets(RawTable& raw, const TableSource& source) {
  std::map<std::string, RowOfTime> seen;
  std::error_code none;
  for (const auto& path : matching_files(source.target_files.path))
    if (source.targets_needed || std::filesystem::exists(path, none))
      join_file(raw, source, TextTable(path, source.target_files.format), source.target_files.keys, seen);
  if (!source.targets_needed) return;
  for (const RawSeries& one : raw.series) {
    const bool any = std::ranges::any_of(one.targets, [](double x) { return !std::isnan(x); });
    require<ValueError>(any, "read_series: '{}' has no target for any time of {}; do ids and times agree?",
                        source.target_files.path.string(),
                        one.id.empty() ? "the inputs" : fmt::format("series '{}'", one.id));
  }
}

void join_statics(SeriesTable& table, TableSource& source) {
  if (source.id_category) add_ids(table, source);
  const bool units = std::ranges::any_of(source.targets, [](const TargetSource& t) { return !t.divided_by.empty(); });
  if (source.statics.empty() && !units) return;
  require<ValueError>(!source.static_files.path.empty(), "read_series: static columns need a file that has them");
  const StaticFiles files(source.static_files);
  for (std::size_t t = 0; t < source.targets.size(); ++t)
    if (!source.targets[t].divided_by.empty()) convert_units(table, files, source.targets[t].divided_by, t);
  for (const std::string& column : source.statics) {
    auto known = std::ranges::find(source.categories, column, &std::pair<std::string, std::vector<std::string>>::first);
    if (known == source.categories.end()) {
      std::set<std::string> words;
      bool any = false;
      for (const Series& one : table.series) {
        const auto cell = files.find(one.id, column);
        any = any || cell.is_word();
        if (cell.missing() && !source.mean_of_missing_statics) refuse_missing(cell);
        words.emplace(cell.text());
      }
      if (!any) {
        add_number(table, files, column, source.mean_of_missing_statics);
        continue;
      }
      source.categories.emplace_back(column, std::vector<std::string>(words.begin(), words.end()));
      known = source.categories.end() - 1;
    }
    add_words(table, files, column, source, known->second);
  }
}

}  // namespace recur::detail
