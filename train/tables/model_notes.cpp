#include <recur/train/tables/model_notes.h>

#include <recur/framework/tensor/error.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace recur {
namespace {

using Json = nlohmann::json;

Json target_json(const TargetColumn& target) {
  Json one{{"name", target.name}, {"unit", target.unit}, {"input", target.input}};
  if (std::isfinite(target.cap)) one["cap"] = target.cap;
  return one;
}

TargetColumn target_from(const Json& one) {
  TargetColumn target{one.at("name"), one.at("unit"), one.at("input")};
  target.cap = one.value("cap", target.cap);
  return target;
}

}  // namespace

void TableModelNotes::describe(const SeriesTable& table) {
  targets = table.targets;
  given = table.past + table.known;
  calendar = table.calendar;
  time_kind = table.time_kind;
  step = table.step;
  ids.clear();
  for (const Series& one : table.series)
    if (std::ranges::find(one.parts, Part::training) != one.parts.end()) ids.push_back(one.id);
}

std::string TableModelNotes::to_json() const {
  Json json{{"given", given},
            {"calendar", calendar},
            {"missing", static_cast<int>(missing)},
            {"time", static_cast<int>(time_kind)},
            {"step", step},
            {"length", length},
            {"horizon", horizon},
            {"season", season},
            {"numbers", numbers},
            {"point", point},
            {"ids", ids},
            {"targets", Json::array()}};
  for (const TargetColumn& target : targets) json["targets"].push_back(target_json(target));
  return json.dump();
}

TableModelNotes TableModelNotes::from_json(const std::string& text) {
  TableModelNotes notes;
  try {
    const Json json = Json::parse(text);
    for (const Json& one : json.at("targets")) notes.targets.push_back(target_from(one));
    notes.given = json.at("given");
    notes.calendar = json.at("calendar").get<std::vector<std::string>>();
    notes.missing = static_cast<MissingInputs>(json.at("missing").get<int>());
    notes.time_kind = static_cast<TimeKind>(json.at("time").get<int>());
    notes.step = json.at("step");
    notes.length = json.at("length");
    notes.horizon = json.at("horizon");
    notes.season = json.at("season");
    notes.numbers = json.at("numbers");
    notes.point = json.at("point");
    notes.ids = json.at("ids").get<std::vector<std::string>>();
  } catch (const Json::exception& error) {
    fail<FormatError>("TableModelNotes::from_json: {}", error.what());
  }
  require<FormatError>(!notes.targets.empty() && notes.numbers >= 1 && notes.point >= 0 && notes.point < notes.numbers,
                       "TableModelNotes::from_json: {} targets with number {} of {}", notes.targets.size(), notes.point,
                       notes.numbers);
  return notes;
}

}  // namespace recur
