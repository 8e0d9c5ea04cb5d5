#include <recur/io/model_file.h>

#include <algorithm>

#include "class_task.h"

namespace recur::tools {
namespace {

/// A column, or {"file": expression}.
void read_name(Settings& data, const char* key, std::string& column, std::string& expression) {
  if (!data.asks(key)) return;
  if (!data.has_object(key)) {
    column = data.text(key);
    return;
  }
  Settings given = data.object(key);
  expression = given.text("file");
  given.finish();
}

TextTableOptions read_table_format(Settings& data) {
  TextTableOptions format;
  if (data.asks("separator")) {
    const std::string sign = data.text("separator");
    if (sign != "blanks" && sign.size() != 1)
      data.refuse("separator", fmt::format("one character or \"blanks\" is expected, got '{}'", sign));
    format.separator = sign == "blanks" ? ' ' : sign[0];
  }
  if (data.asks("decimal")) format.decimal_comma = data.choice("decimal", {".", ","}) == ",";
  if (data.asks("heading")) format.heading = data.flag("heading") ? TableHeading::present : TableHeading::absent;
  format.names = data.texts("names");
  format.skip = static_cast<std::size_t>(data.integer("skip", 0, 0));
  return format;
}

}  // namespace

ClassSettings ClassSettings::read(Settings data) {
  ClassSettings to;
  (void)data.text("kind");
  to.source.path = data.text("path");
  to.source.format = read_table_format(data);
  to.source.id = data.text("id", "");
  to.source.time = data.text("time", "");
  to.source.inputs = data.texts("inputs");
  read_name(data, "label", to.source.label, to.source.label_from);
  read_name(data, "subject", to.source.subject, to.source.subject_from);
  to.windows.length = data.integer("length", 0, 0);
  to.windows.stride = data.integer("stride", 0, 0);
  to.windows.every_step = data.flag("every_step");
  if (data.asks("scale")) {
    const std::string kind = data.choice("scale", {"standard", "minmax", "robust", "log", "recording", "none"});
    to.by_recording = kind == "recording";
    to.scale = to.by_recording ? ScaleKind::none : scale_kind(kind);
  }
  to.split = data.asks("split") ? data.value("split") : Settings::Json{{"validation", 0.2}, {"test", 0.2}};
  if (!to.split.is_object()) data.refuse("split", "an object {…} is expected");
  data.finish();
  return to;
}

ClassNotes ClassNotes::load(const std::filesystem::path& file) {
  const Metadata notes = load_model_file(file).metadata;
  for (const char* key : {"classes", "scaling"})
    require<FormatError>(notes.contains(key), "'{}' has no {} in it: it was not trained on labelled recordings",
                         file.string(), key);
  return {Settings::Json::parse(notes.at("classes")).get<std::vector<std::string>>(),
          Scaling::from_json(notes.at("scaling"))};
}

std::vector<std::string> read_class_scores(Settings& settings) {
  std::vector<std::string> names = settings.texts("metrics");
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!is_class_score(names[i])) settings.refuse_name(fmt::format("metrics/{}", i), names[i], class_score_names());
  if (names.empty()) names = {"accuracy", "f1"};
  return names;
}

}  // namespace recur::tools
