// A first config from a look at labelled recordings.

#include <recur/io/natural_order.h>
#include <recur/io/sound_file.h>
#include <recur/train/labels/recordings.h>

#include <algorithm>
#include <cctype>

#include "init_jobs.h"

namespace recur::tools {
namespace {

using Json = Settings::Json;

/// The first column whose name has one of these words in it; the earlier words first.
std::string named(const TextTable& table, std::initializer_list<const char*> words) {
  for (const char* word : words)
    for (const std::string& name : table.names()) {
      std::string small = name;
      std::ranges::transform(small, small.begin(), [](unsigned char c) { return std::tolower(c); });
      const bool short_word = std::string_view(word).size() < 3;
      if (short_word ? small == word : small.find(word) != std::string::npos) return name;
    }
  return {};
}

void look_at_columns(RecordingSource& source, const std::filesystem::path& file, bool folder) {
  const TextTable table(file);
  if (!folder) source.label = named(table, {"label", "class", "gesture", "activity", "target", "y"});
  source.id = named(table, {"recording", "sequence", "session", "id"});
  source.subject = named(table, {"subject", "user", "person", "speaker"});
  source.time = named(table, {"time", "t", "step", "frame"});
  if (source.id == source.subject) source.id.clear();
  require<UsageError>(folder || !source.label.empty(),
                      "classification: '{}' has no column that is called label, class or the like; write \"label\" "
                      "into the config",
                      file.string());
}

}  // namespace

Json classification_config(const std::vector<std::string>& files) {
  require<UsageError>(files.size() == 1,
                      "classification: one table or pattern of tables, or a folder with a folder for each label, is "
                      "expected");
  RecordingSource source{.path = files[0]};
  const bool folder = std::filesystem::is_directory(source.path);
  const auto first = folder ? files_of_folder(source.path, true)[0] : matching_files(source.path)[0];
  if (!is_sound_file(first)) look_at_columns(source, first, folder);
  const LabelledRecordings recordings = read_recordings(source);
  Json data{{"kind", "classification"}, {"path", files[0]}, {"inputs", recordings.table.inputs}};
  for (const auto& [key, column] : {std::pair("id", source.id), std::pair("time", source.time),
                                    std::pair("label", source.label), std::pair("subject", source.subject)})
    if (!column.empty()) data[key] = column;
  if (is_sound_file(first)) data.erase("inputs");
  const bool every = recordings.changes();
  if (every) data.update({{"every_step", true}, {"length", 200}, {"stride", 100}});
  data["split"] = {{"validation", 0.2}, {"test", 0.2}, {"seed", 1}};
  const auto layer = [](const char* name, const Json& config) {
    return Json{{"class_name", name}, {"config", config}};
  };
  const Json layers = Json::array({layer("GRU", {{"units", 32}, {"return_sequences", every}}),
                                   layer("Dense", {{"units", recordings.classes.size()}, {"activation", "softmax"}})});
  return {{"data", data},
          {"model", layer("Sequential", {{"layers", layers}})},
          {"loss", "sparse_categorical_crossentropy"},
          {"class_weights", "balanced"},
          {"metrics", {"accuracy", "f1", "auc"}},
          {"optimizer", layer("Adam", {{"learning_rate", 0.005}, {"global_clipnorm", 1}})},
          {"early_stopping", {{"patience", 20}}},
          {"reduce_on_plateau", {{"factor", 0.5}, {"patience", 8}}},
          {"epochs", 80},
          {"batch", 32},
          {"seed", 1},
          {"run", "runs/classification"}};
}

}  // namespace recur::tools
