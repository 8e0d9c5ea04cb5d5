#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// A comma-separated file in memory. The first line names the columns unless all its fields are numbers.
class CsvTable {
 public:
  /// @throws FormatError for a file that is missing, empty, or whose lines have different numbers of fields.
  explicit CsvTable(const std::filesystem::path& path);

  /// Names of the columns; "1", "2" … for a file without a heading.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  /// The numbers of a column. @throws ValueError for an unknown column, listing the known; FormatError for a field that is not
  /// a finite number, naming its line.
  [[nodiscard]] std::vector<double> column(std::string_view name) const;

 private:
  std::filesystem::path path_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> rows_;
  std::size_t first_line_ = 1;
};

}  // namespace recur
