#include <recur/train/labels/recordings.h>

#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/nearest_name.h>
#include <recur/io/natural_order.h>
#include <recur/io/sound_file.h>
#include <recur/train/tables/time_axis.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>

namespace recur {
namespace {

using Path = std::filesystem::path;

/// What is known of a recording before classes have numbers.
struct RawRecording {
  std::string id, subject;
  std::vector<float> inputs;
  std::vector<std::string> labels;  // of rows
};

/// All recordings in their order.
struct RawRecordings {
  std::vector<std::string> inputs;
  Index rate = 0;  // of sounds
  std::map<std::string, std::size_t> places;
  std::vector<RawRecording> all;

  RawRecording& get(const std::string& id) {
    const auto [at, added] = places.emplace(id, all.size());
    if (added) all.push_back({id, {}, {}, {}});
    return all[at->second];
  }
};

std::string part_of_path(const Path& file, const std::string& expression, const char* what) {
  std::smatch match;
  const std::string text = file.generic_string();
  try {
    require<FormatError>(std::regex_search(text, match, std::regex(expression)) && match.size() > 1,
                         "read_recordings: '{}' has no {} by the expression '{}'", text, what, expression);
  } catch (const std::regex_error& error) {
    fail<ValueError>("read_recordings: the expression '{}' for the {}: {}", expression, what, error.what());
  }
  return match[1];
}

/// The label of a whole file; empty where a column says it.
std::string label_of_file(const RecordingSource& source, const Path& file) {
  if (!source.label.empty()) return {};
  if (!source.label_from.empty()) return part_of_path(file, source.label_from, "label");
  return std::filesystem::is_directory(source.path) ? file.parent_path().filename().string() : std::string();
}

std::string subject_of_file(const RecordingSource& source, const Path& file) {
  return source.subject_from.empty() ? std::string() : part_of_path(file, source.subject_from, "subject");
}

bool is_number_column(const TextTable& table, std::size_t column, bool comma) {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    double number = 0;
    if (!table.is_missing(row, column)) return parse_number(table.text(row, column), comma, number);
  }
  return false;
}

std::vector<std::string> input_names(const RecordingSource& source, const TextTable& table) {
  if (!source.inputs.empty()) return source.inputs;
  std::vector<std::string> names;
  for (std::size_t c = 0; c < table.names().size(); ++c) {
    const std::string& name = table.names()[c];
    const bool other = name == source.id || name == source.time || name == source.label || name == source.subject;
    if (!other && is_number_column(table, c, source.format.decimal_comma)) names.push_back(name);
  }
  require<FormatError>(!names.empty(), "read_recordings: '{}' has no column of numbers", table.path().string());
  return names;
}

/// The time of a row, as a number that grows.
double time_of(const TextTable& table, std::size_t row, std::size_t column) {
  if (const auto date = parse_date(table.text(row, column))) return static_cast<double>(*date);
  return table.number(row, column);
}

/// Columns of a table by what they are.
struct Columns {
  std::vector<std::size_t> inputs;
  std::optional<std::size_t> id, time, label, subject;

  Columns(const RecordingSource& source, const TextTable& table, const std::vector<std::string>& names) {
    for (const std::string& name : names) inputs.push_back(table.find(name));
    const auto find = [&](const std::string& name) {
      return name.empty() ? std::nullopt : std::optional(table.find(name));
    };
    id = find(source.id);
    time = find(source.time);
    subject = find(source.subject);
    if (source.labels_needed || table.has(source.label)) label = find(source.label);
  }
};

void add_row(RawRecording& to, const TextTable& table, const Columns& columns, std::size_t row,
             const std::string& label, const std::string& subject, bool labelled) {
  for (const std::size_t column : columns.inputs) {
    require<FormatError>(!table.is_missing(row, column),
                         "read_recordings: {}: a number is missing; fill it in or leave the column out",
                         table.place(row, column));
    to.inputs.push_back(static_cast<float>(table.number(row, column)));
  }
  std::string own = columns.label ? std::string(table.text(row, *columns.label)) : label;
  require<FormatError>(!labelled || !own.empty(), "read_recordings: '{}', line {}: a label is missing",
                       table.path().string(), table.line(row));
  to.labels.push_back(std::move(own));
  const std::string who = columns.subject ? std::string(table.text(row, *columns.subject)) : subject;
  if (to.labels.size() == 1) to.subject = who;
  require<FormatError>(who == to.subject,
                       "read_recordings: '{}', line {}: recording '{}' is of subject '{}' and of '{}'",
                       table.path().string(), table.line(row), to.id, to.subject, who);
}

void add_table(RawRecordings& to, const RecordingSource& source, const Path& file) {
  const TextTable table(file, source.format);
  if (to.inputs.empty()) to.inputs = input_names(source, table);
  const Columns columns(source, table, to.inputs);
  const std::string label = label_of_file(source, file), subject = subject_of_file(source, file);
  const bool labelled = source.labels_needed;
  require<ValueError>(
      !labelled || columns.label || !label.empty(),
      "read_recordings: where labels stand is not said: a column, an expression for the file's name, or "
      "folders");
  std::map<std::string, double> times;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string id = columns.id ? std::string(table.text(row, *columns.id)) : file.generic_string();
    if (columns.time) {
      const double time = time_of(table, row, *columns.time);
      const auto [last, first] = times.emplace(id, time);
      require<FormatError>(first || time > last->second,
                           "read_recordings: {}: {} does not follow the time before in recording '{}'; sort the rows",
                           table.place(row, *columns.time), table.text(row, *columns.time), id);
      last->second = time;
    }
    add_row(to.get(id), table, columns, row, label, subject, labelled);
  }
}

void add_sound(RawRecordings& to, const RecordingSource& source, const Path& file) {
  Sound sound = load_sound(file);
  if (to.inputs.empty())
    for (Index c = 0; c < sound.channels; ++c) to.inputs.push_back(fmt::format("channel {}", c + 1));
  if (to.rate == 0) to.rate = sound.rate;
  require<FormatError>(sound.rate == to.rate && sound.channels == static_cast<Index>(to.inputs.size()),
                       "read_recordings: '{}' has {} Hz and {} channels, those before {} Hz and {}; write all alike",
                       file.string(), sound.rate, sound.channels, to.rate, to.inputs.size());
  const std::string label = label_of_file(source, file);
  require<ValueError>(!source.labels_needed || !label.empty(),
                      "read_recordings: where the labels of '{}' stand is not said: an expression for the file's name, "
                      "or folders",
                      file.string());
  RawRecording& recording = to.get(file.generic_string());
  recording.subject = subject_of_file(source, file);
  recording.labels.assign(static_cast<std::size_t>(sound.frames()), label);
  recording.inputs = std::move(sound.samples);
}

std::vector<std::string> classes_of(const RawRecordings& raw) {
  std::vector<std::string> classes;
  for (const RawRecording& one : raw.all)
    for (const std::string& label : one.labels)
      if (!label.empty() && std::ranges::find(classes, label) == classes.end()) classes.push_back(label);
  std::ranges::sort(classes, natural_less);
  return classes;
}

std::vector<std::int32_t> numbers_of(const RawRecording& recording, const std::vector<std::string>& classes) {
  std::vector<std::int32_t> numbers;
  for (const std::string& label : recording.labels) {
    const auto at = std::ranges::find(classes, label);
    require<ValueError>(label.empty() || at != classes.end(),
                        "read_recordings: recording '{}' has the label '{}', which the model does not know{}; it knows "
                        "{}",
                        recording.id, label, did_you_mean(label, classes), fmt::join(classes, ", "));
    numbers.push_back(label.empty() ? -1 : static_cast<std::int32_t>(at - classes.begin()));
  }
  return numbers;
}

}  // namespace

bool LabelledRecordings::changes() const {
  return std::ranges::any_of(labels, [](const auto& own) {
    return std::ranges::any_of(own, [&](std::int32_t label) { return label != own[0]; });
  });
}

LabelledRecordings read_recordings(const RecordingSource& source, std::span<const std::string> classes) {
  RawRecordings raw;
  const auto files =
      std::filesystem::is_directory(source.path) ? files_of_folder(source.path, true) : matching_files(source.path);
  for (const Path& file : files) {
    if (is_sound_file(file)) add_sound(raw, source, file);
    else add_table(raw, source, file);
  }
  LabelledRecordings result;
  result.table.inputs = raw.inputs;
  result.classes.assign(classes.begin(), classes.end());
  if (classes.empty()) result.classes = classes_of(raw);
  for (RawRecording& one : raw.all) {
    Series series;
    series.id = one.id;
    for (std::size_t row = 0; row < one.labels.size(); ++row) series.times.push_back(static_cast<std::int64_t>(row));
    series.parts.assign(one.labels.size(), Part::training);
    result.labels.push_back(numbers_of(one, result.classes));
    series.inputs = std::move(one.inputs);
    result.subjects.push_back(one.subject);
    result.table.series.push_back(std::move(series));
  }
  return result;
}

}  // namespace recur
