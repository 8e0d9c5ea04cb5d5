#pragma once

#include <recur/framework/tensor/tensor.h>

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// What becomes of a number that is missing: a field that is empty or says NA, NaN, null or `?`.
enum class MissingNumbers : unsigned char {
  refuse,       ///< FormatError
  nan,          ///< Not a number.
  previous,     ///< The last one before it in its column; FormatError where there is none.
  interpolate,  ///< On the line between its neighbours; at either end of a column the nearest.
};

/// Whether the first line names the columns.
enum class CsvHeading : unsigned char {
  automatic,  ///< It does if none of its fields is a number or missing, or one is a text above numbers only.
  present,
  absent,
};

struct CsvOptions {
  char separator = ',';
  MissingNumbers missing = MissingNumbers::refuse;
  CsvHeading heading = CsvHeading::automatic;
  char decimal = '.';  ///< Before the decimals of a number: a point or a comma.
};

/// A file of comma-separated values (RFC 4180: fields may be quoted) in memory. A byte order mark is skipped, and so are empty
/// lines; messages count all lines of the file. Numbers are read alike in any locale.
class CsvTable {
 public:
  /// @throws FormatError for a file that is missing, empty, or whose lines have different numbers of fields, and for two columns of
  /// one name; ValueError for a decimal sign that is none, or is the separator.
  explicit CsvTable(const std::filesystem::path& path, CsvOptions options = {});

  /// Names of the columns; "1", "2" … for a file without a heading.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  /// The numbers of a column. @throws ValueError for an unknown column, listing the known; FormatError for a field that is not
  /// a finite number, naming its line, and as the option for missing numbers says.
  [[nodiscard]] std::vector<double> column(std::string_view name) const;
  /// The fields of a column as they are. @throws ValueError for an unknown column.
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
  /// Numbers of several columns, `[rows, columns]`: a series with features. @throws as `column`; FormatError for a number that is
  /// too large for a float.
  [[nodiscard]] Tensor<float> columns(std::span<const std::string> names) const;

 private:
  [[nodiscard]] bool has_heading() const;
  void take_heading();
  [[nodiscard]] std::size_t find(std::string_view name) const;
  [[nodiscard]] std::string place(std::size_t row, std::string_view column) const;
  void fill_missing(std::vector<double>& numbers, std::string_view name) const;

  CsvOptions options_;
  std::filesystem::path path_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> lines_;  // where each row begins, from 1
};

}  // namespace recur
