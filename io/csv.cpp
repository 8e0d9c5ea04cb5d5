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
  std::vector<std::size_t> lines;  // where each row begins
  Row row;
  std::size_t row_begins = 0;  // 0: between rows
};

extern "C" void recur_csv_field(void* field, std::size_t size, void* collected) {
  static_cast<Collected*>(collected)->row.emplace_back(static_cast<const char*>(field), size);
}
extern "C" void recur_csv_row(int /*terminator*/, void* collected) {
  auto& c = *static_cast<Collected*>(collected);
  c.rows.push_back(std::move(c.row));
  c.lines.push_back(c.row_begins);
  c.row.clear();
  c.row_begins = 0;
}

// The line that `text` begins with, its end included: a line feed, a carriage return, or both.
std::string_view first_line(std::string_view text) {
  const auto end = text.find_first_of("\r\n");
  if (end == std::string_view::npos) return text;
  return text.substr(0, end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
}

std::string read_file(const std::filesystem::path& path) {
  std::error_code error;
  std::ifstream file(path, std::ios::binary);
  const bool ends = std::filesystem::is_regular_file(path, error) || std::filesystem::is_fifo(path, error);
  require<FormatError>(file.good() && ends, "CsvTable: cannot read '{}'", path.string());
  std::string text((std::istreambuf_iterator<char>(file)), {});
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  return text;
}

// Line by line, so that rows and messages know where they are.
Collected parse(const std::filesystem::path& path, char separator) {
  const std::string text = read_file(path);
  csv_parser parser;
  require<FormatError>(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) == 0,
                       "CsvTable: the parser could not be set up");
  ::csv_set_delim(&parser, static_cast<unsigned char>(separator));
  Collected collected;
  std::size_t line = 0;
  bool parsed = true;
  for (std::string_view rest = text; parsed && !rest.empty();) {
    const std::string_view piece = first_line(rest);
    ++line;
    const bool blank = piece.find_first_not_of(separator == '\t' ? " \r\n" : " \t\r\n") == std::string_view::npos;
    if (collected.row_begins == 0 && !blank) collected.row_begins = line;
    parsed = csv_parse(&parser, piece.data(), piece.size(), recur_csv_field, recur_csv_row, &collected) == piece.size();
    rest.remove_prefix(piece.size());
  }
  parsed = parsed && csv_fini(&parser, recur_csv_field, recur_csv_row, &collected) == 0;
  const std::string reason = csv_error(&parser) == CSV_EPARSE
                                 ? "a quote stands within a field, or a quoted field is not closed"
                                 : csv_strerror(csv_error(&parser));
  csv_free(&parser);
  require<FormatError>(parsed, "CsvTable: '{}', line {}: {}", path.string(),
                       collected.row_begins > 0 ? collected.row_begins : line, reason);
  return collected;
}

std::optional<double> to_number(std::string field, char decimal) {
  if (decimal != '.') {
    if (field.find('.') != std::string::npos) return std::nullopt;
    std::ranges::replace(field, decimal, '.');
  }
  std::string_view digits = field;
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(number)) return std::nullopt;
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

CsvTable::CsvTable(const std::filesystem::path& path, CsvOptions options) : options_(options), path_(path) {
  require<ValueError>((options.decimal == '.' || options.decimal == ',') && options.decimal != options.separator,
                      "CsvTable: the decimal sign '{}' must be . or , and not the separator '{}'", options.decimal,
                      options.separator);
  Collected collected = parse(path, options.separator);
  rows_ = std::move(collected.rows);
  lines_ = std::move(collected.lines);
  require<FormatError>(!rows_.empty(), "CsvTable: '{}' is empty", path.string());
  if (has_heading()) take_heading();
  else
    for (std::size_t c = 1; c <= rows_[0].size(); ++c) names_.push_back(std::to_string(c));
  for (std::size_t r = 0; r < rows_.size(); ++r)
    require<FormatError>(rows_[r].size() == names_.size(), "CsvTable: '{}', line {}: {} fields where {} are expected",
                         path.string(), lines_[r], rows_[r].size(), names_.size());
}

bool CsvTable::has_heading() const {
  if (options_.heading != CsvHeading::automatic) return options_.heading == CsvHeading::present;
  const auto is_text = [&](const std::string& field) {
    return !is_missing(field) && !to_number(field, options_.decimal).has_value();
  };
  if (std::ranges::all_of(rows_[0], is_text)) return true;
  const auto names_numbers = [&](std::size_t c) {
    const auto is_number = [&](const Row& row) { return c < row.size() && !is_text(row[c]); };
    return is_text(rows_[0][c]) && rows_.size() > 1 && std::all_of(rows_.begin() + 1, rows_.end(), is_number);
  };
  for (std::size_t c = 0; c < rows_[0].size(); ++c)
    if (names_numbers(c)) return true;
  return false;
}

void CsvTable::take_heading() {
  names_ = rows_[0];
  for (std::size_t c = 0; c < names_.size(); ++c)
    for (std::size_t before = 0; before < c; ++before)
      require<FormatError>(names_[before] != names_[c],
                           "CsvTable: '{}', line {}: columns {} and {} are both called '{}'", path_.string(), lines_[0],
                           before + 1, c + 1, names_[c]);
  rows_.erase(rows_.begin());
  lines_.erase(lines_.begin());
}

std::string CsvTable::place(std::size_t row, std::string_view column) const {
  return fmt::format("'{}', line {}, column '{}'", path_.string(), lines_[row], column);
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
    auto number = to_number(rows_[r][c], options_.decimal);
    if (!number && may_miss && is_missing(rows_[r][c])) number = std::numeric_limits<double>::quiet_NaN();
    if (!number.has_value())
      fail<FormatError>(
          "CsvTable: {}: '{}' is not a number{}", place(r, name), rows_[r][c],
          r == 0 && options_.heading == CsvHeading::automatic ? " (if this line names the columns, say so)" : "");
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
  if (std::isnan(numbers[0]))
    fail<FormatError>("CsvTable: {}: a missing number with none {}it", place(0, name),
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
    for (std::size_t r = 0; r < numbers.size(); ++r) {
      table(r, c) = static_cast<float>(numbers[r]);
      if (std::isinf(table(r, c)))
        fail<FormatError>("CsvTable: {}: {} is too large for a float", place(r, names[c]), numbers[r]);
    }
  }
  return table;
}

}  // namespace recur
