#include <recur/io/text_table.h>

#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/nearest_name.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>

namespace recur {
namespace {

std::string read_whole(const std::filesystem::path& path) {
  std::error_code error;
  std::ifstream file(path, std::ios::binary);
  require<FormatError>(file.good() && !std::filesystem::is_directory(path, error),
                       "TextTable: cannot read '{}': no such file, or it may not be read", path.string());
  std::string text((std::istreambuf_iterator<char>(file)), {});
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  return text;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

char separator_of(std::string_view line) {
  for (const char candidate : {';', ','})
    if (line.find(candidate) != std::string_view::npos) return candidate;
  const bool tabs = line.find('\t') != std::string_view::npos && line.find(' ') == std::string_view::npos;
  return tabs ? '\t' : ' ';
}

bool looks_like_date(std::string_view field) {
  return field.size() >= 8 && std::isdigit(static_cast<unsigned char>(field[0])) != 0 &&
         std::count_if(field.begin(), field.end(), [](char c) { return c == '-' || c == '/' || c == '.'; }) >= 2;
}

}  // namespace

bool parse_number(std::string_view field, bool decimal_comma, double& number) {
  std::string with_point;
  if (decimal_comma) {
    if (field.find('.') != std::string_view::npos) return false;
    with_point = field;
    std::ranges::replace(with_point, ',', '.');
    field = with_point;
  }
  if (field.starts_with('+') && !field.starts_with("+-")) field.remove_prefix(1);
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  return error == std::errc() && end == field.data() + field.size() && std::isfinite(number);
}

TextTable::TextTable(std::filesystem::path path, TextTableOptions options)
    : path_(std::move(path)), options_(std::move(options)), text_(read_whole(path_)) {
  // -999 is also written -999.0 and -999.00, so that it is compared as a number.
  for (const std::string& mark : options_.missing)
    if (double number = 0; parse_number(mark, options_.decimal_comma, number)) missing_numbers_.push_back(number);
  split_lines();
  require<FormatError>(rows() > 0, "TextTable: '{}' has no rows{}", path_.string(),
                       options_.skip > 0 ? fmt::format(" after the {} lines that are skipped", options_.skip) : "");
  take_heading();
  check_widths();
}

void TextTable::split_lines() {
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text_.size();) {
    std::size_t end = std::min(text_.find('\n', begin), text_.size());
    const std::size_t next = end + 1;
    if (end > begin && text_[end - 1] == '\r') --end;
    const std::string_view all = std::string_view(text_).substr(begin, end - begin);
    const bool skipped = ++line <= options_.skip || all.find_first_not_of(" \t") == std::string_view::npos ||
                         (!options_.comment.empty() && all.starts_with(options_.comment));
    if (!skipped) {
      if (options_.separator == '\0') options_.separator = separator_of(all);
      split_fields(begin, end, line);
    }
    begin = next;
  }
}

// A field in quotes, a doubled quote standing for one; the text is written over in place. Returns where the field ends.
std::size_t TextTable::take_quoted(std::size_t at, std::size_t end, std::size_t line) {
  Field field{at, 0};
  for (std::size_t i = at + 1; i < end; ++i) {
    if (text_[i] != '"') {
      text_[field.begin + field.size++] = text_[i];
    } else if (i + 1 < end && text_[i + 1] == '"') {
      text_[field.begin + field.size++] = text_[i++];
    } else {
      fields_.push_back(field);
      return i + 1;
    }
  }
  fail<FormatError>("TextTable: '{}', line {}: a quote is not closed on its line", path_.string(), line);
}

void TextTable::split_fields(std::size_t begin, std::size_t end, std::size_t line) {
  const bool blanks = options_.separator == ' ';
  const auto trim = [&](std::size_t& at) {
    while (at < end && is_blank(text_[at]) && text_[at] != (blanks ? '\0' : options_.separator)) ++at;
  };
  for (std::size_t at = begin;;) {
    trim(at);
    if (blanks && at >= end) break;
    if (at < end && text_[at] == '"') {
      at = take_quoted(at, end, line);
      trim(at);
    } else {
      std::size_t stop = at;
      while (stop < end && (blanks ? !is_blank(text_[stop]) : text_[stop] != options_.separator)) ++stop;
      std::size_t size = stop - at;
      while (size > 0 && is_blank(text_[at + size - 1])) --size;
      fields_.push_back({at, size});
      at = stop;
    }
    if (at >= end) break;
    if (!blanks) {
      require<FormatError>(
          text_[at] == options_.separator,
          "TextTable: '{}', line {}: a quoted field is followed by '{}' where the separator is expected",
          path_.string(), line, text_[at]);
      ++at;
    }
  }
  starts_.push_back(fields_.size());
  lines_.push_back(line);
}

bool TextTable::has_heading() const {
  if (options_.heading != TableHeading::automatic) return options_.heading == TableHeading::present;
  const auto is_word = [&](std::size_t row, std::size_t column) {
    double number = 0;
    const std::string_view field = text(row, column);
    return !is_missing(row, column) && !looks_like_date(field) && !parse_number(field, options_.decimal_comma, number);
  };
  bool words = true;
  for (std::size_t c = 0; c < width(0); ++c) {
    words = words && is_word(0, c);
    if (is_word(0, c) && rows() > 1 && c < width(1) && !is_word(1, c) && !is_missing(1, c)) return true;
  }
  return words;
}

void TextTable::drop_first_row() {
  fields_.erase(fields_.begin(), fields_.begin() + static_cast<std::ptrdiff_t>(starts_[1]));
  const std::size_t dropped = starts_[1];
  starts_.erase(starts_.begin());
  for (std::size_t& start : starts_) start -= dropped;
  lines_.erase(lines_.begin());
}

void TextTable::take_heading() {
  const bool headed = has_heading();
  if (headed) {
    for (std::size_t c = 0; c < width(0); ++c) names_.emplace_back(text(0, c));
    drop_first_row();
    require<FormatError>(rows() > 0, "TextTable: '{}' has a heading and no rows", path_.string());
  }
  if (!options_.names.empty()) names_ = options_.names;
  std::size_t widest = 0;
  for (std::size_t r = 0; r < rows(); ++r) widest = std::max(widest, width(r));
  if (names_.empty())
    for (std::size_t c = 1; c <= widest; ++c) names_.push_back(std::to_string(c));
  // A heading may name more columns than any line has.
  else if (headed && options_.names.empty() && widest < names_.size() && !options_.unequal) names_.resize(widest);
}

void TextTable::check_widths() const {
  for (std::size_t r = 0; r < rows(); ++r) {
    const bool fits = width(r) == names_.size() || (options_.unequal && width(r) < names_.size());
    require<FormatError>(
        fits,
        "TextTable: '{}', line {}: {} fields where there are {} columns; mend the line, or say how the "
        "file is written (separator, skip, names)",
        path_.string(), lines_[r], width(r), names_.size());
  }
}

bool TextTable::has(std::string_view name) const { return std::ranges::find(names_, name) != names_.end(); }

std::size_t TextTable::find(std::string_view name) const {
  const auto found = std::ranges::find(names_, name);
  if (found == names_.end()) {
    std::string known;
    for (const std::string& n : names_) known += (known.empty() ? "" : ", ") + n;
    fail<ValueError>("TextTable: '{}' has no column '{}'{}; it has {}", path_.string(), name,
                     did_you_mean(std::string(name), names_), known);
  }
  const auto again = std::find(found + 1, names_.end(), name);
  require<FormatError>(again == names_.end(),
                       "TextTable: '{}' has the column '{}' twice, as columns {} and {}; name the columns anew (names)",
                       path_.string(), name, found - names_.begin() + 1, again - names_.begin() + 1);
  return static_cast<std::size_t>(found - names_.begin());
}

std::string_view TextTable::text(std::size_t row, std::size_t column) const {
  if (column >= width(row)) return {};
  const Field& field = fields_[starts_[row] + column];
  return std::string_view(text_).substr(field.begin, field.size);
}

bool TextTable::is_missing(std::size_t row, std::size_t column) const {
  const std::string_view field = text(row, column);
  double value = 0;
  if (parse_number(field, options_.decimal_comma, value))
    return std::ranges::find(missing_numbers_, value) != missing_numbers_.end();
  return std::ranges::find(options_.missing, field) != options_.missing.end();
}

double TextTable::number(std::size_t row, std::size_t column) const {
  double value = 0;
  const std::string_view field = text(row, column);
  if (is_missing(row, column)) return std::numeric_limits<double>::quiet_NaN();
  if (parse_number(field, options_.decimal_comma, value)) return value;
  fail<FormatError>("TextTable: {}: '{}' is not a number; if it means that there is none, name it in \"missing\"",
                    place(row, column), field);
}

std::string TextTable::place(std::size_t row, std::size_t column) const {
  return fmt::format("'{}', line {}, column '{}'", path_.string(), lines_[row],
                     column < names_.size() ? names_[column] : std::to_string(column + 1));
}

}  // namespace recur
