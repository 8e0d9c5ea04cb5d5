#include "data_kind.h"

#include <recur/io/model_file.h>

#include "table_commands.h"

namespace recur::tools {
namespace {

using Json = Settings::Json;

DataKind kind_of(const Json& config) {
  if (!config.is_object() || !config.contains("data") || !config["data"].is_object()) return DataKind::other;
  const Json kind = config["data"].value("kind", Json());
  if (kind == "table") return DataKind::table;
  if (kind == "audio") return DataKind::audio;
  return kind == "classification" ? DataKind::classification : DataKind::other;
}

}  // namespace

DataKind data_kind(const Settings& settings) { return kind_of(Json::parse(settings.dump())); }

DataKind data_kind_of_model(const std::filesystem::path& model) {
  if (!std::filesystem::exists(model)) return is_table_model(model) ? DataKind::table : DataKind::other;
  const Metadata notes = load_model_file(model).metadata;
  const auto config = notes.find("config");
  return config == notes.end() ? DataKind::other : kind_of(Json::parse(config->second, nullptr, false));
}

}  // namespace recur::tools
