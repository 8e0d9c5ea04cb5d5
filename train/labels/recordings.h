#pragma once

#include <recur/io/text_table.h>
#include <recur/train/tables/series_table.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace recur {

/// Where labelled recordings are, and what their columns are.
struct RecordingSource {
  /// A table or, with `*` in its last part, several; or a folder, whose files are one recording each and lie in folders
  /// named by their labels. Files that end in .wav or .flac are sounds, whose channels are columns; others are tables.
  std::filesystem::path path{};
  TextTableOptions format{};
  std::string id{};                   ///< Column of recordings; empty: each file is one.
  std::string time{};                 ///< Column that must grow within a recording; empty: rows follow each other.
  std::vector<std::string> inputs{};  ///< Columns of numbers; empty: all that are nothing else.
  /// Column of labels, of the whole recording or row by row; or a regular expression whose first group is the label in
  /// the path of a file. Both empty: the name of the folder of the file.
  std::string label{}, label_from{};
  std::string subject{}, subject_from{};  ///< Likewise who or what was recorded; both empty: nobody is said.
  bool labels_needed = true;              ///< Otherwise a label column that is not there is not missed.
};

/// Recordings whose rows have a class each.
struct LabelledRecordings {
  SeriesTable table;                              ///< A series for each recording, without targets.
  std::vector<std::string> classes;               ///< Names, sorted.
  std::vector<std::vector<std::int32_t>> labels;  ///< Of each recording, row by row; -1: none.
  std::vector<std::string> subjects;              ///< Of each recording; may be empty texts.

  [[nodiscard]] Index size() const { return static_cast<Index>(table.series.size()); }
  /// Returns true if a recording has rows of different labels.
  [[nodiscard]] bool changes() const;
};

/// Reads recordings in natural order of their files and ids. @param classes those of a model that is trained already;
/// empty: those of the files. Throws FormatError naming file, line and remedy for what is wrong in a file: a label or
/// number that is missing, times that do not grow, one id with two subjects; ValueError for columns that do not exist
/// and, with `classes`, a label that is not among them.
[[nodiscard]] LabelledRecordings read_recordings(const RecordingSource& source,
                                                 std::span<const std::string> classes = {});

/// Scales each recording by its own numbers: subtracts the mean of each input, then divides all inputs by their common
/// deviation, so that how inputs relate to each other stays. What the recordings of one subject or device have in
/// common, such as an offset or strength, is taken away. A recording of constant inputs becomes zeros.
void scale_by_recording(LabelledRecordings& recordings);

/// Divides recordings so that all of one subject are in one part; without subjects each is one by itself. Amounts of 1
/// or more are subjects, others fractions of them, drawn at random by the seed. @throws ValueError if nothing is left
/// to train on
void split_by_subject(LabelledRecordings& recordings, double validation, double test, std::uint64_t seed);
/// By the names of subjects. @throws ValueError for a subject that is not there
void split_by_subject(LabelledRecordings& recordings, std::span<const std::string> validation,
                      std::span<const std::string> test);
/// Refuses labels that no training row has. @throws ValueError naming the label and the recordings that have it
void require_known_labels(const LabelledRecordings& recordings);

}  // namespace recur
