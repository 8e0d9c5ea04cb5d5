// A first config from a look at files.

#include <recur/framework/tensor/nearest_name.h>
#include <recur/io/atomic_file.h>
#include <recur/train/tables/table_source.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include "commands.h"
#include "init_jobs.h"
#include "settings.h"

namespace recur::tools {
namespace {

using Json = Settings::Json;

/// A file and what its columns are.
struct Look {
  TextTable table;
  std::size_t skip = 0;
  std::vector<std::string> time{};
  std::string id{};
  std::vector<std::string> numbers{};  ///< Columns of numbers that change.
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is_number(const TextTable& table, std::size_t column) {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    double number = 0;
    if (!table.is_missing(row, column)) return parse_number(table.text(row, column), false, number);
  }
  return false;
}

bool changes(const TextTable& table, std::size_t column) {
  double first = std::nan("");
  for (std::size_t row = 0; row < table.rows(); ++row) {
    double number = 0;
    if (!parse_number(table.text(row, column), false, number)) continue;
    if (std::isnan(first)) first = number;
    else if (number != first) return true;
  }
  return false;
}

// Columns of year, month and day beside each other.
std::vector<std::string> date_columns(const TextTable& table) {
  const auto& names = table.names();
  for (std::size_t c = 0; c + 2 < names.size(); ++c) {
    const bool named = lower(names[c]).starts_with('y') && lower(names[c + 1]).starts_with('m') &&
                       lower(names[c + 2]).starts_with('d');
    if (named && is_number(table, c) && is_number(table, c + 1) && is_number(table, c + 2))
      return {names[c], names[c + 1], names[c + 2]};
  }
  return {};
}

void find_keys(Look& look, bool machines) {
  const TextTable& table = look.table;
  for (std::size_t c = 0; c < table.names().size() && look.time.empty(); ++c)
    if (parse_date(table.text(0, c))) look.time = {table.names()[c]};
  if (look.time.empty()) look.time = date_columns(table);
  const auto is_time = [&](const std::string& name) { return std::ranges::find(look.time, name) != look.time.end(); };
  for (std::size_t c = 0; c < table.names().size() && look.id.empty(); ++c) {
    const std::string& name = table.names()[c];
    const bool named = lower(name) == "id" || lower(name).ends_with("_id");
    if (!is_time(name) && (named || !is_number(table, c))) look.id = name;
  }
  if (machines && look.id.empty()) look.id = table.names()[0];
  if (machines && look.time.empty() && table.names().size() > 1) look.time = {table.names()[1]};
  for (std::size_t c = 0; c < table.names().size(); ++c) {
    const std::string& name = table.names()[c];
    const bool hour = look.time.size() > 1 && (lower(name) == "hr" || lower(name) == "hour");
    if (name != look.id && !is_time(name) && !hour && is_number(table, c) && changes(table, c))
      look.numbers.push_back(name);
  }
}

/// @throws UsageError for a file that is no table behind any of its first lines
Look look_at(const std::string& path, bool machines) {
  constexpr std::size_t most = 10;
  std::string reason;
  for (std::size_t skip = 0; skip <= most; ++skip) {
    try {
      Look look{TextTable(matching_files(path)[0], {.skip = skip}), skip};
      find_keys(look, machines);
      return look;
    } catch (const FormatError& error) {
      if (skip == 0) reason = error.what();
    }
  }
  throw UsageError(reason);
}

Json keys_of(const Look& look, const std::string& path) {
  Json keys{{"path", path}};
  if (look.skip > 0) keys["skip"] = look.skip;
  if (!look.id.empty()) keys["id"] = look.id;
  if (look.time.size() == 1) keys["time"] = look.time[0];
  if (look.time.size() > 1) keys["time"] = look.time;
  return keys;
}

/// The column that is asked for, or else looks most like what people predict; the last one if none does.
std::string target_of(const Look& look, const std::string& asked) {
  const std::string file = look.table.path().string();
  if (look.numbers.empty()) throw UsageError(fmt::format("'{}' has no column of numbers that change", file));
  if (!asked.empty() && std::ranges::find(look.numbers, asked) == look.numbers.end())
    throw UsageError(fmt::format("--target: '{}' has no column '{}' of numbers that change{}; there are {}", file,
                                 asked, did_you_mean(asked, look.numbers), fmt::join(look.numbers, ", ")));
  if (!asked.empty()) return asked;
  for (const char* word : {"obs", "runoff", "discharge", "flow", "target", "value", "sold", "sales", "demand"})
    for (const std::string& name : look.numbers)
      if (lower(name).find(word) != std::string::npos) return name;
  return look.numbers.back();
}

Json without(const std::vector<std::string>& names, const std::string& one) {
  Json rest = Json::array();
  for (const std::string& name : names)
    if (name != one) rest.push_back(name);
  return rest;
}

Json layer(const char* name, const Json& config) { return {{"class_name", name}, {"config", config}}; }

Json config_of(Json data, Json layers, const char* loss, Json metrics, double rate, const std::string& run) {
  data["kind"] = "table";
  return {{"data", std::move(data)},
          {"model", {{"class_name", "Sequential"}, {"config", {{"layers", std::move(layers)}}}}},
          {"loss", loss},
          {"metrics", std::move(metrics)},
          {"optimizer", layer("Adam", {{"learning_rate", rate}, {"global_clipnorm", 1}})},
          {"early_stopping", {{"patience", 8}}},
          {"reduce_on_plateau", {{"factor", 0.5}, {"patience", 3}}},
          {"epochs", 40},
          {"batch", 128},
          {"seed", 1},
          {"run", "runs/" + run}};
}

Index count_of_ids(const Look& look) {
  if (look.id.empty()) return 1;
  std::set<std::string_view> ids;
  const std::size_t column = look.table.find(look.id);
  for (std::size_t row = 0; row < look.table.rows(); ++row) ids.insert(look.table.text(row, column));
  return static_cast<Index>(ids.size());
}

/// Says which column was taken, and which there are besides.
void say_target(const Look& look, const std::string& target) {
  std::vector<std::string> others;
  for (const std::string& name : look.numbers)
    if (name != target) others.push_back(name);
  fmt::print("predicts '{}'{}\n", target,
             others.empty() ? "" : fmt::format("; --target NAME for another: {}", fmt::join(others, ", ")));
}

/// Whether all numbers of columns are above 0.
bool is_positive(const TextTable& table, std::size_t first, std::size_t last) {
  for (std::size_t row = 0; row < table.rows(); ++row)
    for (std::size_t column = first; column <= last; ++column) {
      double number = 0;
      if (parse_number(table.text(row, column), false, number) && !(number > 0)) return false;
    }
  return true;
}

Json rainfall(const std::vector<std::string>& files, const std::string& asked) {
  const Look look = look_at(files[0], false);
  Json data = keys_of(look, files[0]);
  if (files.size() > 1) {
    const Look other = look_at(files[1], false);
    Json targets = keys_of(other, files[1]);
    const std::string target = target_of(other, asked);
    say_target(other, target);
    targets["columns"] = Json::array({target});
    data["targets"] = targets;
    data["inputs"] = look.numbers;
  } else {
    const std::string target = target_of(look, asked);
    say_target(look, target);
    data["targets"] = Json::array({target});
    data["inputs"] = without(look.numbers, target);
  }
  if (files.size() > 2) {
    Look attributes = look_at(files[2], true);
    data["static"] = {{"path", files[2]}, {"id", attributes.id}, {"columns", attributes.numbers}};
  }
  const Index ids = count_of_ids(look);
  data["length"] = std::clamp<Index>(static_cast<Index>(look.table.rows()) / ids / 10, 8, 365);
  if (ids > 1 && files.size() < 3) {  // nothing else tells the places apart
    data["id_category"] = true;
    data["scale"] = {{"targets", "series"}};
  }
  data["gaps"] = "fill";
  data["missing_inputs"] = "previous";
  data["split"] = {{"validation", 0.2}, {"test", 0.2}};
  return config_of(
      std::move(data),
      Json::array({layer("LSTM", {{"units", 20}}), layer("Dropout", {{"rate", 0.4}}), layer("Dense", {{"units", 1}})}),
      "nse", {"nse", "kge", "rmse"}, 0.005, "rainfall");
}

Json remaining_life(const std::vector<std::string>& files) {
  const Look look = look_at(files[0], true);
  Json data = keys_of(look, files[0]);
  data["inputs"] = look.numbers;
  data["targets"] = {{"derived", "remaining"}, {"cap", 125}};
  data["length"] = 30;
  data["split"] = {{"by", "id"}, {"validation", 0.2}, {"seed", 1}};
  if (files.size() > 2) data["test"] = {{"path", files[1]}, {"targets", files[2]}};
  else data["split"]["test"] = 0.2;
  return config_of(
      std::move(data),
      Json::array({layer("LSTM", {{"units", 64}, {"return_sequences", true}}), layer("Dropout", {{"rate", 0.3}}),
                   layer("LSTM", {{"units", 32}}), layer("Dropout", {{"rate", 0.3}}), layer("Dense", {{"units", 1}})}),
      "mean_squared_error", {"rmse", "rmse_capped", "rul_score"}, 0.001, "remaining_life");
}

/// From a row to the next, in seconds; an hour if there are no dates.
std::int64_t step_of(const Look& look) {
  if (look.time.empty()) return 3600;
  if (look.time.size() > 1) return 86400;
  const std::size_t column = look.table.find(look.time[0]);
  for (std::size_t row = 1; row < look.table.rows(); ++row) {
    const auto before = parse_date(look.table.text(row - 1, column)), at = parse_date(look.table.text(row, column));
    if (before && at && *at > *before) return *at - *before;  // rows of one time may be of several ids
  }
  return 86400;
}

/// Rows of a season by the step of time.
Index season_of(std::int64_t step) {
  if (step < 86400) return 24;
  return step <= 86400 ? 7 : 12;
}

/// What of the calendar tells rows apart.
Json calendar_of(std::int64_t step) {
  if (step < 86400) return Json::array({"hour", "weekday"});
  return step == 86400 ? Json::array({"weekday"}) : Json::array({"month"});
}

/// Says how rows are read, and which column is predicted. Returns whether its numbers are above 0.
bool add_rows(Json& data, const Look& look, const std::string& file, const std::string& asked) {
  const std::string target = target_of(look, asked);
  say_target(look, target);
  data.update(keys_of(look, file));
  data["inputs"] = data["targets"] = Json::array({target});
  if (!look.time.empty()) data["calendar"] = calendar_of(step_of(look));
  data["gaps"] = "fill";
  data["missing_inputs"] = "previous";
  const std::size_t column = look.table.find(target);
  return is_positive(look.table, column, column);
}

Json forecast(const std::vector<std::string>& files, const std::string& asked) {
  const Look look = look_at(files[0], false);
  const bool lines =
      look.time.empty() && !look.id.empty() && look.id == look.table.names()[0] && look.table.names().size() > 30;
  const Index season = season_of(step_of(look));
  Index horizon = season, rows = 0;
  bool positive = false;
  Json data{{"path", files[0]}};
  if (lines) {
    data["series"] = "lines";
    data["inputs"] = data["targets"] = Json::array({"value"});
    positive = is_positive(look.table, 1, look.table.names().size() - 1);
    if (files.size() > 1) {
      horizon = static_cast<Index>(look_at(files[1], false).table.names().size()) - 1;
      data["test"] = {{"path", files[1]}};
    }
  } else {
    positive = add_rows(data, look, files[0], asked);
    rows = static_cast<Index>(look.table.rows()) / count_of_ids(look);
  }
  const Index held = std::max<Index>(1, rows / 10 / horizon) * horizon;
  data["horizon"] = horizon;
  data["length"] = std::max(2 * season, horizon);
  data["season"] = season;
  if (!positive) data["difference"] = true;
  data["scale"] = positive ? "window_log" : "window";
  data["split"] = {{"validation", held}, {"test", held}};
  return config_of(std::move(data), Json::array({layer("LSTM", {{"units", 32}}), layer("Dense", {{"units", horizon}})}),
                   "mean_absolute_error", {"mae", "smape", "mase"}, 0.003, "forecast");
}

}  // namespace

void init(const Flags& flags) {
  const std::vector<std::string> kinds = {"rainfall", "remaining_life", "forecast", "audio", "classification"};
  require<UsageError>(
      std::ranges::find(kinds, flags.file) != kinds.end(),
      "'{}' is no kind of job{}; there are rainfall, remaining_life, forecast, audio and classification", flags.file,
      did_you_mean(flags.file, kinds));
  const std::filesystem::path output = flags.output == Flags().output ? "config.json" : flags.output;
  Json config;
  try {
    if (flags.file == "audio") config = audio_config(flags.files);
    else if (flags.file == "classification") config = classification_config(flags.files);
    else if (flags.file == "rainfall") config = rainfall(flags.files, flags.target);
    else if (flags.file == "forecast") config = forecast(flags.files, flags.target);
    else config = remaining_life(flags.files);
  } catch (const FormatError& error) {
    throw UsageError(error.what());
  }
  AtomicFile file(output);
  file.write(config.dump(1) + "\n");
  file.commit();
  fmt::print("{}: a first config, for recur train\n", output.string());
}

}  // namespace recur::tools
