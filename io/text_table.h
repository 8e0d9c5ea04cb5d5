#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// Whether the first line of a table names its columns.
enum class TableHeading : unsigned char {
  /// The first line names the columns if it has a word where the second has a number, or nothing but words.
  automatic,
  present,
  absent,
};

/// How a file of numbers, dates and words in lines is to be read.
struct TextTableOptions {
  /// Between fields: ' ' for any number of blanks and tabs, '\0' for a semicolon, comma or tab if the first line has
  /// one, else blanks.
  char separator = '\0';
  TableHeading heading = TableHeading::automatic;
  /// Names of the columns in place of the heading's.
  std::vector<std::string> names{};
  std::size_t skip = 0;             ///< Lines before the heading.
  std::string comment{};            ///< Lines that begin with it are left out; empty: none are.
  bool decimal_comma = false;       ///< Numbers are written 3,14.
  bool unequal = false;             ///< Lines may end early; what they lack is missing.
  std::vector<std::string> missing  ///< Fields that stand for no number.
      {"", "NA", "NaN", "nan", "null", "?"};
};

/// A file in lines of fields, in memory: comma-separated (fields may be quoted) or with another separator, or columns
/// between blanks. Messages name file, line and column.
class TextTable {
 public:
  /// @throws FormatError for a file that cannot be read or has no rows, a quote that does not end on its line, and a
  /// line with another number of fields than there are columns.
  explicit TextTable(std::filesystem::path path, TextTableOptions options = {});

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] bool decimal_comma() const { return options_.decimal_comma; }
  /// Without a heading "1", "2" …
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] std::size_t rows() const { return starts_.size() - 1; }
  [[nodiscard]] bool has(std::string_view name) const;
  /// Returns the position of a column. Throws ValueError, with the nearest name and all names, if there is none;
  /// FormatError if there are two.
  [[nodiscard]] std::size_t find(std::string_view name) const;
  /// Returns the text of a field, without quotes.
  [[nodiscard]] std::string_view text(std::size_t row, std::size_t column) const;
  [[nodiscard]] bool is_missing(std::size_t row, std::size_t column) const;
  /// Not a number where it is missing. @throws FormatError for a word.
  [[nodiscard]] double number(std::size_t row, std::size_t column) const;
  /// For messages: `'rain.csv', line 12, column 'prcp'`.
  [[nodiscard]] std::string place(std::size_t row, std::size_t column) const;
  [[nodiscard]] std::size_t line(std::size_t row) const { return lines_[row]; }

 private:
  struct Field {
    std::size_t begin;
    std::size_t size;
  };
  void split_lines();
  void split_fields(std::size_t begin, std::size_t end, std::size_t line);
  std::size_t take_quoted(std::size_t at, std::size_t end, std::size_t line);
  void take_heading();
  [[nodiscard]] bool has_heading() const;
  [[nodiscard]] std::size_t width(std::size_t row) const { return starts_[row + 1] - starts_[row]; }
  void drop_first_row();
  void check_widths() const;

  std::filesystem::path path_;
  TextTableOptions options_;
  std::vector<double> missing_numbers_;
  std::string text_;
  std::vector<Field> fields_;
  std::vector<std::size_t> starts_{0};  // first field of each row and, last, the end
  std::vector<std::size_t> lines_;
  std::vector<std::string> names_;
};

/// A number as it stands in tables, 1e-3, +2 or, if so written, 3,14; false for anything else, infinity included.
[[nodiscard]] bool parse_number(std::string_view field, bool decimal_comma, double& number);

/// The files that a path with `*` and `?` in its last part stands for, sorted; the path itself if it has none.
/// @throws FormatError if there are none
[[nodiscard]] std::vector<std::filesystem::path> matching_files(const std::filesystem::path& pattern);

}  // namespace recur
