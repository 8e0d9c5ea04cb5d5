#include <recur/io/csv.h>

#include <recur/framework/tensor/error.h>

#include <csv.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>

namespace recur {
namespace {

using Row = std::vector<std::string>;

struct Collected {
  std::vector<Row> rows;
  Row row;
};

extern "C" void recur_csv_field(void* field, std::size_t size, void* collected) {
  static_cast<Collected*>(collected)->row.emplace_back(static_cast<const char*>(field), size);
}
extern "C" void recur_csv_row(int /*terminator*/, void* collected) {
  auto& c = *static_cast<Collected*>(collected);
  c.rows.push_back(std::move(c.row));
  c.row.clear();
}

std::vector<Row> parse(const std::filesystem::path& path, char separator) {
  std::ifstream file(path, std::ios::binary);
  require<FormatError>(file.good() && std::filesystem::is_regular_file(path), "CsvTable: cannot read '{}'",
                       path.string());
  std::string text((std::istreambuf_iterator<char>(file)), {});
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  csv_parser parser;
  require<FormatError>(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) == 0,
                       "CsvTable: the parser could not be set up");
  ::csv_set_delim(&parser, static_cast<unsigned char>(separator));
  Collected collected;
  const bool parsed =
      csv_parse(&parser, text.data(), text.size(), recur_csv_field, recur_csv_row, &collected) == text.size() &&
      csv_fini(&parser, recur_csv_field, recur_csv_row, &collected) == 0;
  const std::string reason = parsed ? "" : csv_strerror(csv_error(&parser));
  csv_free(&parser);
  require<FormatError>(parsed, "CsvTable: '{}', after line {}: {}", path.string(), collected.rows.size(), reason);
  return std::move(collected.rows);
}

std::optional<double> to_number(const std::string& field) {
  double number = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

bool is_missing(const std::string& field) {
  constexpr std::array<std::string_view, 6> marks = {"", "NA", "NaN", "nan", "null", "?"};
  return std::find(marks.begin(), marks.end(), field) != marks.end();
}

// Between known neighbours on their line, at either end the nearest.
void interpolate(std::vector<double>& numbers) {
  const auto known = [](double number) { return !std::isnan(number); };
  auto before = numbers.end();
  for (auto at = numbers.begin(); at != numbers.end();) {
    if (known(*at)) {
      before = at++;
      continue;
    }
    const auto after = std::find_if(at, numbers.end(), known);
    if (before == numbers.end() || after == numbers.end()) {
      if (before != numbers.end() || after != numbers.end())
        std::fill(at, after, before != numbers.end() ? *before : *after);
    } else {
      const auto steps = static_cast<double>(after - before);
      for (; at != after; ++at) *at = std::lerp(*before, *after, static_cast<double>(at - before) / steps);
    }
    at = after;
  }
}

}  // namespace

CsvTable::CsvTable(const std::filesystem::path& path, CsvOptions options)
    : options_(options), path_(path), rows_(parse(path, options.separator)) {
  require<FormatError>(!rows_.empty(), "CsvTable: '{}' is empty", path.string());
  const bool headed =
      !std::all_of(rows_[0].begin(), rows_[0].end(), [](const std::string& f) { return to_number(f).has_value(); });
  if (headed) {
    names_ = rows_[0];
    rows_.erase(rows_.begin());
    first_line_ = 2;
  } else {
    for (std::size_t c = 1; c <= rows_[0].size(); ++c) names_.push_back(std::to_string(c));
  }
  for (std::size_t r = 0; r < rows_.size(); ++r)
    require<FormatError>(rows_[r].size() == names_.size(), "CsvTable: '{}', line {}: {} fields where {} are expected",
                         path.string(), r + first_line_, rows_[r].size(), names_.size());
}

std::size_t CsvTable::find(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) {
    std::string known;
    for (const std::string& n : names_) known += (known.empty() ? "" : ", ") + n;
    fail<ValueError>("CsvTable: '{}' has no column '{}' (it has: {})", path_.string(), name, known);
  }
  return static_cast<std::size_t>(found - names_.begin());
}

std::vector<double> CsvTable::column(std::string_view name) const {
  const std::size_t c = find(name);
  const bool may_miss = options_.missing != MissingNumbers::refuse;
  std::vector<double> numbers;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    auto number = to_number(rows_[r][c]);
    if (!number && may_miss && is_missing(rows_[r][c])) number = std::numeric_limits<double>::quiet_NaN();
    require<FormatError>(number.has_value(), "CsvTable: '{}', line {}, column '{}': '{}' is not a number",
                         path_.string(), r + first_line_, name, rows_[r][c]);
    numbers.push_back(*number);
  }
  fill_missing(numbers, name);
  return numbers;
}

void CsvTable::fill_missing(std::vector<double>& numbers, std::string_view name) const {
  if (options_.missing == MissingNumbers::interpolate) interpolate(numbers);
  if (options_.missing == MissingNumbers::previous)
    for (std::size_t r = 1; r < numbers.size(); ++r)
      if (std::isnan(numbers[r])) numbers[r] = numbers[r - 1];
  if (options_.missing == MissingNumbers::nan || numbers.empty()) return;
  require<FormatError>(!std::isnan(numbers[0]), "CsvTable: '{}', line {}, column '{}': a missing number with none {}it",
                       path_.string(), first_line_, name,
                       options_.missing == MissingNumbers::previous ? "before " : "beside ");
}

std::vector<std::string> CsvTable::texts(std::string_view name) const {
  const std::size_t c = find(name);
  std::vector<std::string> fields;
  for (const Row& row : rows_) fields.push_back(row[c]);
  return fields;
}

Tensor<float> CsvTable::columns(std::span<const std::string> names) const {
  Tensor<float> table({static_cast<Index>(rows()), static_cast<Index>(names.size())});
  for (std::size_t c = 0; c < names.size(); ++c) {
    const std::vector<double> numbers = column(names[c]);
    for (std::size_t r = 0; r < numbers.size(); ++r) table(r, c) = static_cast<float>(numbers[r]);
  }
  return table;
}

}  // namespace recur
