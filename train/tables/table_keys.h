#pragma once

#include <recur/train/tables/table_source.h>

namespace recur::detail {

/// Reads id and time of a file's rows.
class KeyReader {
 public:
  /// @param kind that of the times read before, `none` if there are none; is set to this file's.
  /// @throws ValueError for columns that do not exist; FormatError for a file whose name has no id, or times of another
  /// kind
  KeyReader(const TextTable& table, const TableKeys& keys, TimeKind& kind);

  [[nodiscard]] std::string id(std::size_t row) const;
  /// Rows are numbered where there are no times. @throws FormatError for what is no time
  [[nodiscard]] std::int64_t time(std::size_t row) const;

 private:
  [[nodiscard]] TimeKind kind_of_times() const;

  const TextTable& table_;
  std::string file_id_;
  std::optional<std::size_t> id_;
  std::vector<std::size_t> time_;
  TimeKind kind_ = TimeKind::none;
};

/// A target that is missing.
inline constexpr double no_target = std::numeric_limits<double>::quiet_NaN();

/// Where a row was read, for messages.
struct RowPlace {
  std::uint32_t file;
  std::uint32_t line;
};

/// Series being read: rows in the order of the files.
struct RawSeries {
  std::string id;
  std::vector<std::int64_t> times;
  std::vector<float> inputs;
  std::vector<double> targets;
  std::vector<RowPlace> places;
  std::vector<float> weights{};  ///< Empty without a column of weights.
  std::vector<float> ahead{};    ///< See `Series::ahead`; codes of words.
};

/// Everything that is read before it becomes a SeriesTable.
struct RawTable {
  std::vector<std::string> files;
  std::vector<RawSeries> series;
  std::vector<std::string> inputs;  ///< Names: inputs and known_ahead.
  std::size_t targets = 0;
  std::size_t past = 0;  ///< Inputs that are not known ahead.
  TimeKind kind = TimeKind::none;
  /// Of an input of words the words; its numbers are their positions. Empty for an input of numbers.
  std::vector<std::vector<std::string>> words;

  RawSeries& of(const std::string& id);
  [[nodiscard]] std::string place(const RawSeries& one, std::size_t row) const;

 private:
  std::vector<std::pair<std::string, std::size_t>> order_;  // sorted by id
};

/// Reads the files of a source. Words of new columns of words become known.
[[nodiscard]] RawTable read_rows(const TableSource& source);

/// Puts the rows of each series in order of time, as the source says of repeated and missing times. Returns the time
/// from a row to the next. @throws FormatError
std::int64_t order_rows(RawTable& raw, const TableSource& source, std::vector<std::vector<unsigned char>>& breaks);

/// Shifts what is known ahead by the horizon: a row sees the values `horizon` rows later. Rows of which nothing but
/// these is known go away.
void look_ahead(RawTable& raw, const TableSource& source);
/// Converts targets to the user's units and computes those that are not in files.
void derive_targets(RawTable& raw, const TableSource& source, std::int64_t step);

/// Adds the targets of other files. @throws FormatError for a time that is there twice; ValueError if nothing fits
void join_targets(RawTable& raw, const TableSource& source);
/// Adds what does not change with time; categories become several inputs. @throws FormatError for an id or a number
/// that is missing
void join_statics(SeriesTable& table, TableSource& source);

}  // namespace recur::detail
