// The rows of files as they stand.

#include <recur/framework/tensor/error.h>
#include <recur/train/tables/table_keys.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace recur::detail {
namespace {

constexpr std::size_t most_words = 1000;

bool targets_in_files(const TableSource& source) { return source.target_files.path.empty(); }

/// The columns of a file that are inputs: numbers, or words.
class InputColumns {
 public:
  InputColumns(RawTable& raw, const TableSource& source, const TextTable& file) : raw_(raw), file_(file) {
    for (std::size_t i = 0; i < raw.inputs.size(); ++i) {
      columns_.push_back(file.find(raw.inputs[i]));
      const auto known = std::ranges::find(source.categories, raw.inputs[i], &Category::first);
      const bool fresh = known == source.categories.end();
      if (!fresh) raw.words[i] = known->second;
      grows_.push_back(fresh && source.targets_needed);
      words_.push_back(!raw.words[i].empty() || (fresh && begins_with_word(columns_.back())));
    }
  }

  void read(std::size_t row, std::vector<float>& to) const {
    for (std::size_t i = 0; i < columns_.size(); ++i)
      to.push_back(words_[i] ? code(row, i) : static_cast<float>(file_.number(row, columns_[i])));
  }

 private:
  using Category = std::pair<std::string, std::vector<std::string>>;

  [[nodiscard]] bool begins_with_word(std::size_t column) const {
    double number = 0;
    for (std::size_t row = 0; row < file_.rows(); ++row)
      if (!file_.is_missing(row, column)) return !parse_number(file_.text(row, column), file_.decimal_comma(), number);
    return false;
  }

  [[nodiscard]] float code(std::size_t row, std::size_t input) const {
    if (file_.is_missing(row, columns_[input])) return std::numeric_limits<float>::quiet_NaN();
    std::vector<std::string>& words = raw_.words[input];
    const std::string_view word = file_.text(row, columns_[input]);
    const auto found = std::ranges::find(words, word);
    const auto at = static_cast<float>(found - words.begin());
    if (found != words.end()) return at;
    require<FormatError>(grows_[input], "read_series: {}: '{}' was not there in training",
                         file_.place(row, columns_[input]), word);
    require<FormatError>(words.size() < most_words,
                         "read_series: {}: the column has more than {} different words; is it a date or an id?",
                         file_.place(row, columns_[input]), most_words);
    words.emplace_back(word);
    return at;
  }

  RawTable& raw_;
  const TextTable& file_;
  std::vector<std::size_t> columns_;
  std::vector<bool> words_;  // whether it has words rather than numbers …
  std::vector<bool> grows_;  // … to which new ones are added
};

float read_weight(const TextTable& file, std::size_t row, std::size_t column) {
  const double weight = file.number(row, column);
  require<FormatError>(weight >= 0, "read_series: {}: the weight '{}' must be a number of at least 0",
                       file.place(row, column), file.text(row, column));
  return static_cast<float>(weight);
}

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
  const InputColumns inputs(raw, source, file);
  const std::vector<std::ptrdiff_t> targets = target_columns(file, source);
  const std::optional<std::size_t> weights =
      source.weights.empty() || (!source.targets_needed && !file.has(source.weights))
          ? std::nullopt
          : std::optional(file.find(source.weights));
  for (std::size_t row = 0; row < file.rows(); ++row) {
    RawSeries& one = raw.of(keys.id(row));
    one.times.push_back(source.keys.time.empty() ? static_cast<std::int64_t>(one.times.size()) : keys.time(row));
    one.places.push_back({number, static_cast<std::uint32_t>(file.line(row))});
    inputs.read(row, one.inputs);
    if (weights) one.weights.push_back(read_weight(file, row, *weights));
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

}  // namespace

RawTable read_rows(const TableSource& source) {
  RawTable raw;
  raw.inputs = source.inputs;
  raw.inputs.insert(raw.inputs.end(), source.known_ahead.begin(), source.known_ahead.end());
  raw.past = source.inputs.size();
  raw.targets = source.targets.size();
  raw.words.resize(raw.inputs.size());
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

}  // namespace recur::detail
