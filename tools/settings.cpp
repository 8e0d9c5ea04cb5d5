#include "settings.h"

#include <recur/framework/tensor/nearest_name.h>
#include <recur/layers/config/json_check.h>
#include <recur/train/data/text.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <new>
#include <stdexcept>

namespace recur::tools {
namespace {

using Json = Settings::Json;

constexpr int deepest = 64;  // levels; a file nested deeper is no config, and recursion over it would take the stack

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool is_utf8(const std::string& text) {
  try {
    (void)Json(text).dump();
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

std::string shown(const Json& value) {
  constexpr std::size_t enough = 60;
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() > enough ? text.substr(0, enough) + "…" : text;
}

/// The deepest part of `root`, at or below `at`, that is to blame: without it, or with another number in its place,
/// `root` is accepted. Empty if there is none.
std::string part_to_blame(const Json& root, const Json::json_pointer& at,
                          const std::function<bool(const Json&)>& accepts) {
  const auto accepted_with = [&](auto change) {
    Json changed = root;
    change(changed);
    return accepts(changed);
  };
  const auto look_at = [&](const auto& key) -> std::string {
    const Json::json_pointer part = at / key;
    if (std::string deeper = part_to_blame(root, part, accepts); !deeper.empty()) return deeper;
    const bool blamed = accepted_with([&](Json& changed) { changed[at].erase(key); }) ||
                        accepted_with([&](Json& changed) { changed[part] = 1; }) ||
                        accepted_with([&](Json& changed) { changed[part] = 0.5; });
    return blamed ? part.to_string() : "";
  };
  const Json& here = root[at];
  if (here.is_object())
    for (const auto& [key, value] : here.items())
      if (std::string found = look_at(key); !found.empty()) return found;
  if (here.is_array())
    for (std::size_t i = 0; i < here.size(); ++i)
      if (std::string found = look_at(i); !found.empty()) return found;
  return "";
}

/// Layers tell where in their own config the mistake is: `config: config.layers[1].config.units: …`. That as a pointer;
/// it is taken off the message.
std::string take_path(std::string& what) {
  constexpr std::string_view mark = "config: ";
  if (!what.starts_with(mark)) return "";
  what.erase(0, mark.size());
  const auto end = what.find(": ");
  if (end == std::string::npos || what.find(' ') != end + 1) return "";
  std::string pointer = end > 0 ? "/" : "";
  for (const char c : what.substr(0, end)) pointer += c == '.' || c == '[' ? '/' : c;
  std::erase(pointer, ']');
  what.erase(0, end + 2);
  return pointer;
}

/// JSON, or a text if it is none.
Json parse_value(const std::string& text) {
  if (!Json::accept(text)) {
    require<ValueError>(is_utf8(text), "the value is not valid UTF-8");
    return text;
  }
  check_json(text, "", deepest);
  return Json::parse(text);
}

/// Refuses what would make a list longer by more than one. @throws ValueError
void require_place(const Json& root, Json::json_pointer at) {
  std::vector<std::string> keys;
  for (; !at.empty(); at.pop_back()) keys.insert(keys.begin(), at.back());
  require<ValueError>(keys.size() <= static_cast<std::size_t>(deepest), "nested deeper than {} levels", deepest);
  const Json* here = &root;
  for (const std::string& key : keys) {
    if (here->is_object()) {
      const auto found = here->find(key);
      if (found == here->end()) return;
      here = &*found;
    } else if (here->is_array()) {
      std::size_t index = here->size();
      const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
      const bool number = error == std::errc() && end == key.data() + key.size();
      require<ValueError>((number && index <= here->size()) || key == "-", "the list has {} entries, no number {}",
                          here->size(), key);
      if (index == here->size()) return;
      here = &(*here)[index];
    } else {
      return;
    }
  }
}

/// The text with blanks in the place of comments, // to the end of a line and between /* and */, so that all else stays
/// where it is.
std::string without_comments(std::string text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') ++i;
    else if (text[i] == '"') quoted = !quoted;
    if (quoted || i + 1 >= text.size() || text[i] != '/' || (text[i + 1] != '/' && text[i + 1] != '*')) continue;
    const bool line = text[i + 1] == '/';
    const std::size_t end = line ? text.find('\n', i) : text.find("*/", i + 2);
    if (end == std::string::npos && !line) break;  // no comment, which the parser tells
    const std::size_t stop = end == std::string::npos ? text.size() : end + (line ? 0 : 2);
    for (; i < stop; ++i)
      if (text[i] != '\n') text[i] = ' ';
    --i;
  }
  return text;
}

/// Whether the message says that there is no such class.
bool is_about_class(const std::string& what, const Json& object) {
  if (!object.is_object() || !object.contains("class_name") || !object["class_name"].is_string()) return false;
  const auto name = object["class_name"].get<std::string>();
  for (const std::string& words :
       {"no optimizer " + name, "no schedule " + name, "'" + name + "' is not a known class"})
    if (what.find(words) != std::string::npos) return true;
  return false;
}

}  // namespace

Settings Settings::load(const std::filesystem::path& file) {
  constexpr std::size_t longest = 16 << 20;
  try {
    return parse(read_text_file(file, longest), file.string());
  } catch (const FormatError& error) {
    throw UsageError(error.what());
  }
}

Settings Settings::parse(const std::string& text, const std::string& name) {
  const std::string plain = without_comments(text);
  try {
    check_json(plain, "", deepest);
  } catch (const ValueError& error) {
    fail<UsageError>("{}: {}", name, error.what());
  }
  return {Json::parse(plain), name, ""};
}

Settings::Settings(Json object, std::string file, std::string path)
    : object_(std::move(object)), file_(std::move(file)), path_(std::move(path)) {
  require<UsageError>(object_.is_object(), "{}: {}: an object {{…}} is expected", file_, path_.empty() ? "/" : path_);
}

void Settings::set(const std::string& assignment) {
  const auto equals = assignment.find('=');
  require<UsageError>(assignment.starts_with('/') && equals != std::string::npos,
                      "--set {}: a JSON pointer and a value are expected, /epochs=3", assignment);
  try {
    const Json::json_pointer at(assignment.substr(0, equals));
    require_place(object_, at);
    object_[at] = parse_value(assignment.substr(equals + 1));
  } catch (const ValueError& error) {
    fail<UsageError>("--set {}: {}", shown(assignment), error.what());
  } catch (const Json::exception&) {
    fail<UsageError>("--set {}: there is no such place in the config", shown(assignment));
  }
}

void Settings::remove(const std::string& pointer) {
  const Json::json_pointer at(pointer);
  if (object_.contains(at)) object_[at.parent_pointer()].erase(at.back());
}

Settings Settings::overridden(const std::string& key) {
  Settings inner = object(key);
  for (const auto& [name, value] : object_.items())
    if (name != key && !inner.has(name)) {
      inner.object_[name] = value;
      inner.inherited_.insert(name);
    }
  return inner;
}

std::string Settings::pointer(const std::string& key) const {
  return (inherited_.contains(key) ? path_.substr(0, path_.rfind('/')) : path_) + "/" + key;
}

void Settings::refuse(const std::string& key, const std::string& what) const {
  fail<UsageError>("{}: {}: {}", file_, pointer(key), what);
}

std::string Settings::reason(const std::exception& error) {
  const bool memory = dynamic_cast<const std::bad_alloc*>(&error) || dynamic_cast<const std::length_error*>(&error);
  return memory ? "not enough memory for these sizes" : error.what();
}

void Settings::refuse_name(const std::string& key, const std::string& name,
                           const std::vector<std::string>& known) const {
  refuse(key, fmt::format("'{}' is not known{}; there are {}", name, did_you_mean(name, known), joined(known)));
}

void Settings::refuse_part(const std::string& key, const Json& given, std::string what, const Accepts& accepts) const {
  const std::string told = take_path(what);
  std::string part = part_to_blame(given, Json::json_pointer(), accepts);
  if (part.empty()) part = told;
  const Json::json_pointer at(part);
  if (given.contains(at) && is_about_class(what, given[at])) part += "/class_name";
  refuse(key + part, what);
}

const Settings::Json& Settings::value(const std::string& key) {
  asked_.insert(key);
  const auto at = object_.find(key);
  if (at != object_.end()) return *at;
  // A key that nobody has asked for, and is almost this one, will be what was meant.
  for (const auto& [other, given] : object_.items())
    if (!asked_.contains(other) && nearest_name(other, std::vector{key}) == key)
      refuse(other, fmt::format("is not known (did you mean {}?)", key));
  refuse(key, "is missing");
}

Settings Settings::object(const std::string& key) { return {value(key), file_, pointer(key)}; }

std::string Settings::text(const std::string& key) {
  const Json& found = value(key);
  if (!found.is_string()) refuse(key, "a text is expected, got " + shown(found));
  return found.get<std::string>();
}

std::string Settings::text(const std::string& key, const std::string& otherwise) {
  asked_.insert(key);
  return has(key) ? text(key) : otherwise;
}

std::string Settings::choice(const std::string& key, const std::vector<std::string>& known) {
  const std::string name = text(key);
  if (std::ranges::find(known, name) == known.end()) refuse_name(key, name, known);
  return name;
}

bool Settings::flag(const std::string& key, bool otherwise) {
  asked_.insert(key);
  if (!has(key)) return otherwise;
  const Json& found = value(key);
  if (!found.is_boolean()) refuse(key, "true or false is expected, got " + shown(found));
  return found.get<bool>();
}

long Settings::integer(const std::string& key, long otherwise, long least, long most) {
  asked_.insert(key);
  if (!has(key)) return otherwise;
  const double number = this->number(key, 0);
  if (std::floor(number) != number || number < static_cast<double>(least) || number > static_cast<double>(most))
    refuse(key, fmt::format("a whole number of at least {} is expected, got {}{}", least, shown(value(key)),
                            number > static_cast<double>(most) ? fmt::format(" (at most {})", most) : ""));
  return static_cast<long>(number);
}

double Settings::number(const std::string& key, double otherwise) {
  asked_.insert(key);
  if (!has(key)) return otherwise;
  const Json& found = value(key);
  if (!found.is_number()) refuse(key, "a number is expected, got " + shown(found));
  return found.get<double>();
}

std::vector<std::string> Settings::texts(const std::string& key) {
  asked_.insert(key);
  std::vector<std::string> list;
  if (!has(key)) return list;
  const Json& found = value(key);
  if (!found.is_array()) refuse(key, "a list of texts is expected, got " + shown(found));
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i].is_string()) refuse(fmt::format("{}/{}", key, i), "a text is expected, got " + shown(found[i]));
    list.push_back(found[i].get<std::string>());
  }
  return list;
}

void Settings::finish() const {
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (const auto& [key, value] : object_.items())
    if (!asked_.contains(key))
      refuse(key, fmt::format("is not known here{}; there are {}", did_you_mean(key, known), joined(known)));
}

}  // namespace recur::tools
