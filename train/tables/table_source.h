#pragma once

#include <recur/io/text_table.h>
#include <recur/train/tables/series_table.h>

#include <optional>

namespace recur {

/// Which rows of files belong to which series, and to which time.
struct TableKeys {
  std::string id{};       ///< Column; empty: all rows of a file are one series.
  std::string id_from{};  ///< A regular expression whose first group is the id in a file's name.
  /// A column of dates or whole numbers, or columns of year, month, day, hour …; none: rows follow each other.
  std::vector<std::string> time{};
};

/// What becomes of an input that is missing.
enum class MissingInputs : unsigned char {
  refuse,    ///< FormatError with its place.
  previous,  ///< The last one before it in its series; rows before the first one are left out.
  mean,      ///< The mean of the training part.
  mask,      ///< The mean, and one more input that is 1 where the number is missing, else 0.
};

/// What becomes of times that are missing within a series.
enum class TimeGaps : unsigned char {
  refuse,  ///< FormatError
  fill,    ///< They become rows of which everything is missing.
  divide,  ///< No window crosses a gap.
  ignore,  ///< Rows follow each other whatever their times.
};

/// What becomes of times that are there twice in a series.
enum class RepeatedTimes : unsigned char { refuse, first, last };

/// A column to predict.
struct TargetSource {
  enum class Kind : unsigned char {
    column,      ///< As it stands.
    remaining,   ///< How many steps of time later than the row the series ends.
    difference,  ///< From the row before.
    next,        ///< Of the row after.
  };
  Kind kind = Kind::column;
  std::string column{};  ///< Not of `remaining`.
  std::string name{};    ///< Empty: the column's.
  std::string unit{};
  double factor = 1;         ///< From the file's units to the user's …
  std::string divided_by{};  ///< … also divided by this column of the static table: areas.
  double cap = std::numeric_limits<double>::infinity();
};

/// What files to read as series: see `read_series`.
struct TableSource {
  std::filesystem::path path{};  ///< With `*` in its last part: several files.
  TextTableOptions format{};
  TableKeys keys{};
  /// One series a line, its id first and its values, named `value`, after it; lines may be of different lengths.
  bool series_in_lines = false;
  std::filesystem::path continued{};  ///< With `series_in_lines`: a second file with the values that follow.

  std::vector<std::string> inputs{};
  std::vector<std::string> known_ahead{};  ///< Inputs of which a row sees the value `horizon` rows later.
  Index horizon = 0;
  std::vector<std::string> calendar{};  ///< hour, weekday, day_of_year, month: each a sine and a cosine.
  std::vector<TargetSource> targets{};

  /// Files of the targets, joined by id and time; no path: they are in the files of the inputs.
  struct Joined {
    std::filesystem::path path{};
    TextTableOptions format{};
    TableKeys keys{};
  };
  Joined target_files{};
  Joined static_files{};  ///< Files of what does not change with time, joined by id.
  std::vector<std::string> statics{};
  /// Of a column of words the words that are known, in the order of the inputs made of them; a new column is added.
  std::vector<std::pair<std::string, std::vector<std::string>>> categories{};
  /// A column of words becomes one input, 1 for the first word, for `CategoryEmbedding`; otherwise an input for each
  /// word.
  bool codes = false;
  bool id_category = false;  ///< The id is a static column of words; all zeros for an id that was not in training.
  std::string weights{};     ///< A column of the files of inputs: weights of rows in the loss.
  bool mean_of_missing_statics = false;  ///< Rather than refuse.

  bool targets_needed = true;  ///< Otherwise files need not have them, for data that is to be predicted.
  MissingInputs missing = MissingInputs::refuse;
  TimeGaps gaps = TimeGaps::refuse;
  RepeatedTimes repeated = RepeatedTimes::refuse;
};

/// Reads files as series in the order in which their ids occur first; rows of a series are in the order of time.
///
///     TableSource source{.path = "forcing.txt", .keys = {.time = {"Year", "Mnth", "Day"}},
///                        .inputs = {"prcp", "tmax"}};
///     source.targets = {{.column = "runoff"}};
///     SeriesTable table = read_series(source);
///
/// Words become categories, which `source.categories` then knows. @throws FormatError naming file, line and remedy for
/// what is wrong in a file; ValueError for columns that do not exist, and a target that is among the inputs of its own
/// time.
[[nodiscard]] SeriesTable read_series(TableSource& source);

/// Takes the last row of each series, in their order, from a file of numbers: how much later the series would have
/// ended. The earlier rows have as much more. @throws FormatError unless there is one number for each series
void read_remaining(SeriesTable& table, const std::filesystem::path& path, const TextTableOptions& format);

}  // namespace recur
