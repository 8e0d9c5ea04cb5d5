#pragma once

#include <recur/framework/tensor/error.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace recur::tools {

/// A mistake on the command line or in a config. The exit status of the tool is 2.
class UsageError : public ValueError {
 public:
  using ValueError::ValueError;
};

/// An object of a config file, which is read key by key. Messages about mistakes begin with the file and the JSON
/// pointer: `config.json: /data/time: …`.
class Settings {
 public:
  using Json = nlohmann::json;

  /// Reads a file. Throws UsageError if it is not a JSON object, is longer than 16 MB, is nested deeper than 64 levels,
  /// or has a key twice in an object.
  static Settings load(const std::filesystem::path& file);
  /// Parses a config in memory. Messages begin with `name`. Throws UsageError as `load` does.
  static Settings parse(const std::string& text, const std::string& name);
  Settings(Json object, std::string file, std::string path);

  /// Sets a value, as `--set /optimizer/config/learning_rate=0.01` does. The value is JSON; if it is not, it is a text.
  void set(const std::string& assignment);
  /// Removes the value at a JSON pointer, if there is one.
  void remove(const std::string& pointer);
  /// Returns these settings, with the keys of the object under `key` in place of their values here.
  [[nodiscard]] Settings overridden(const std::string& key);

  [[nodiscard]] bool has(const std::string& key) const { return object_.contains(key); }
  /// Returns true if there is the key, and counts it as read.
  [[nodiscard]] bool asks(const std::string& key) {
    asked_.insert(key);
    return has(key);
  }
  [[nodiscard]] bool has_object(const std::string& key) const { return has(key) && object_[key].is_object(); }
  [[nodiscard]] const Json& value(const std::string& key);
  [[nodiscard]] Settings object(const std::string& key);
  /// Returns settings of an object `part` within the value under `key`, a JSON pointer from here.
  [[nodiscard]] Settings nested(Json part, const std::string& key) const {
    return {std::move(part), file_, pointer(key)};
  }
  [[nodiscard]] std::string text(const std::string& key);
  [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise);
  /// Returns a text that must be one of `known`. Throws UsageError, with the nearest one and all of them, if it is not.
  [[nodiscard]] std::string choice(const std::string& key, const std::vector<std::string>& known);
  [[nodiscard]] bool flag(const std::string& key, bool otherwise = false);
  [[nodiscard]] long integer(const std::string& key, long otherwise, long least, long most = 1'000'000'000'000'000);
  [[nodiscard]] double number(const std::string& key, double otherwise);
  [[nodiscard]] std::vector<std::string> texts(const std::string& key);
  /// Throws UsageError if there is a key that was not read.
  void finish() const;
  [[noreturn]] void refuse(const std::string& key, const std::string& what) const;
  /// Throws UsageError for a name that is not among `known`.
  [[noreturn]] void refuse_name(const std::string& key, const std::string& name,
                                const std::vector<std::string>& known) const;
  /// Calls `make`. Its exceptions become a UsageError about this key.
  template <class F>
  auto about(const std::string& key, F make) const {
    try {
      return make();
    } catch (const UsageError&) {
      throw;
    } catch (const std::exception& error) {
      refuse(key, reason(error));
    }
  }
  /// Returns the message of an exception; for exceptions of memory, whose messages are only names, a sentence.
  [[nodiscard]] static std::string reason(const std::exception& error);
  /// Calls `make` with the value under `key`. Its exceptions become a UsageError about a part of the value. To find the
  /// part, `make` is called again without each part, or with another number in its place, until it does not throw.
  template <class F>
  auto build(const std::string& key, F make) {
    const Json& given = value(key);
    try {
      return make(given);
    } catch (const std::exception& error) {
      refuse_part(key, given, reason(error), [&](const Json& other) {
        try {
          (void)make(other);
          return true;
        } catch (const std::exception&) {
          return false;
        }
      });
    }
  }
  [[nodiscard]] std::string dump() const { return object_.dump(); }

 private:
  using Accepts = std::function<bool(const Json&)>;
  [[nodiscard]] std::string pointer(const std::string& key) const;
  [[noreturn]] void refuse_part(const std::string& key, const Json& given, std::string what,
                                const Accepts& accepts) const;

  Json object_;
  std::string file_;
  std::string path_;
  std::set<std::string> asked_;
  std::set<std::string> inherited_;  // keys that stand in the object around this one
};

}  // namespace recur::tools
