#pragma once

#include <recur/framework/tensor/tensor.h>

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// What to do with a missing number: an empty field, or NA, NaN, null, `?`.
enum class MissingNumbers : unsigned char {
  refuse,       ///< FormatError
  nan,          ///< Not a number.
  previous,     ///< The last one before it in its column; FormatError where there is none.
  interpolate,  ///< On the line between its neighbours; at either end of a column the nearest.
};

/// Whether the first line has the names of the columns.
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

/// A file of comma-separated values in memory (RFC 4180: fields may be quoted). A byte order mark and empty lines are
/// skipped; messages count all lines of the file. Numbers do not depend on the locale.
class CsvTable {
 public:
  /// Throws FormatError if the file is missing or empty, lines have different numbers of fields, or two columns have
  /// one name; ValueError if the decimal sign is neither point nor comma, or is the separator.
  explicit CsvTable(const std::filesystem::path& path, CsvOptions options = {});

  /// Returns the names of the columns; "1", "2" … for a file without a heading.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  /// Returns the numbers of a column. Throws ValueError, with the known columns, if there is no such column;
  /// FormatError, with the line, if a field is not a finite number and the option for missing numbers does not allow
  /// it.
  [[nodiscard]] std::vector<double> column(std::string_view name) const;
  /// Returns the texts of a column. Throws ValueError if there is no such column.
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
  /// Returns the numbers of several columns as a series `[rows, columns]`. Throws ValueError if a column does not
  /// exist, FormatError if a field is not a finite number or is too large for a float.
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
