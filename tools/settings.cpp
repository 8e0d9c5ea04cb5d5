#include "settings.h"

#include <recur/train/text.h>

#include <cmath>

namespace recur::tools {
namespace {

constexpr int deepest = 64;  // levels; a file nested deeper is no config, and recursion over it would take the stack

}  // namespace

Settings Settings::load(const std::filesystem::path& file) {
  const std::string text = read_text_file(file);
  const auto shallow = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    require<ValueError>(depth <= deepest, "{}: nested deeper than {} levels", file.string(), deepest);
    return true;
  };
  try {
    return {nlohmann::json::parse(text, shallow), file.string(), ""};
  } catch (const nlohmann::json::exception& error) {
    fail<ValueError>("{}: {}", file.string(), error.what());
  }
}

Settings::Settings(nlohmann::json object, std::string file, std::string path)
    : object_(std::move(object)), file_(std::move(file)), path_(std::move(path)) {
  require<ValueError>(object_.is_object(), "{}: {}: an object {{…}} is expected", file_, path_.empty() ? "/" : path_);
}

void Settings::refuse(const std::string& key, const std::string& what) const {
  // Layers tell where in their own config the mistake is: `config: config.layers[1].config.units: …`.
  constexpr std::string_view layers = "config: ";
  const auto end = what.find(": ", layers.size());
  if (what.starts_with(layers) && end != std::string::npos && what.find(' ', layers.size()) == end + 1) {
    std::string pointer = end > layers.size() ? "/" : "";
    for (const char c : what.substr(layers.size(), end - layers.size())) pointer += c == '.' || c == '[' ? '/' : c;
    std::erase(pointer, ']');
    fail<ValueError>("{}: {}/{}{}{}", file_, path_, key, pointer, what.substr(end));
  }
  fail<ValueError>("{}: {}/{}: {}", file_, path_, key, what);
}

const nlohmann::json& Settings::value(const std::string& key) {
  asked_.insert(key);
  const auto at = object_.find(key);
  if (at == object_.end()) refuse(key, "is missing");
  return *at;
}

Settings Settings::object(const std::string& key) { return {value(key), file_, path_ + "/" + key}; }

std::string Settings::text(const std::string& key) {
  const auto& found = value(key);
  if (!found.is_string()) refuse(key, "a text is expected");
  return found.get<std::string>();
}

long Settings::integer(const std::string& key, long otherwise, long least) {
  asked_.insert(key);
  if (!has(key)) return otherwise;
  const double number = this->number(key, 0);
  if (std::floor(number) != number || number < static_cast<double>(least) || number > 1e15)
    refuse(key, fmt::format("a whole number of at least {} is expected", least));
  return static_cast<long>(number);
}

double Settings::number(const std::string& key, double otherwise) {
  asked_.insert(key);
  if (!has(key)) return otherwise;
  const auto& found = value(key);
  if (!found.is_number()) refuse(key, "a number is expected");
  return found.get<double>();
}

std::vector<std::string> Settings::texts(const std::string& key) {
  asked_.insert(key);
  std::vector<std::string> list;
  if (!has(key)) return list;
  const auto& found = value(key);
  if (!found.is_array()) refuse(key, "a list of texts is expected");
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i].is_string()) refuse(fmt::format("{}/{}", key, i), "a text is expected");
    list.push_back(found[i].get<std::string>());
  }
  return list;
}

void Settings::finish() const {
  for (const auto& [key, value] : object_.items()) {
    if (asked_.contains(key)) continue;
    std::string known;
    for (const std::string& one : asked_) known += " " + one;
    refuse(key, "is not known here; there are" + known);
  }
}

}  // namespace recur::tools
