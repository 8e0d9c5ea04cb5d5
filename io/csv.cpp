#include <recur/io/csv.h>

#include <recur/framework/error.h>

#include <csv.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>

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

std::vector<Row> parse(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  require<FormatError>(file.good() && std::filesystem::is_regular_file(path), "CsvTable: cannot read '{}'",
                       path.string());
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  csv_parser parser;
  require<FormatError>(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) == 0,
                       "CsvTable: the parser could not be set up");
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

}  // namespace

CsvTable::CsvTable(const std::filesystem::path& path) : path_(path), rows_(parse(path)) {
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

std::vector<double> CsvTable::column(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) {
    std::string known;
    for (const std::string& n : names_) known += (known.empty() ? "" : ", ") + n;
    fail<ValueError>("CsvTable: '{}' has no column '{}' (it has: {})", path_.string(), name, known);
  }
  const auto c = static_cast<std::size_t>(found - names_.begin());
  std::vector<double> numbers;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    const auto number = to_number(rows_[r][c]);
    require<FormatError>(number.has_value(), "CsvTable: '{}', line {}, column '{}': '{}' is not a number",
                         path_.string(), r + first_line_, name, rows_[r][c]);
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace recur
