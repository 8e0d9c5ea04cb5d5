#pragma once

#include <recur/framework/tensor/error.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace recur::tools {

/// What was asked for cannot be done: a mistake on the command line or in a config. The tool's exit status is 2.
class UsageError : public ValueError {
 public:
  using ValueError::ValueError;
};

/// An object of a config file, read key by key. Every mistake is told with its JSON pointer: `config.json: /data/time:
/// …`.
class Settings {
 public:
  using Json = nlohmann::json;

  /// @throws UsageError for a file that is no JSON object, longer than 16 MB, nested deeper than 64 levels, or with a
  /// key twice in an object.
  static Settings load(const std::filesystem::path& file);
  /// Parses a config in memory. @param name what messages begin with. Throws UsageError as `load` does.
  static Settings parse(const std::string& text, const std::string& name);
  Settings(Json object, std::string file, std::string path);

  /// Puts a value in, as by `--set /optimizer/config/learning_rate=0.01`: JSON, or a text if it is none.
  void set(const std::string& assignment);
  /// Takes the value at a JSON pointer out, if there is one.
  void remove(const std::string& pointer);
  /// These settings but for what an object under `key`, which is about other data, says itself.
  [[nodiscard]] Settings overridden(const std::string& key);

  [[nodiscard]] bool has(const std::string& key) const { return object_.contains(key); }
  /// As `has`; the key is known from now on, as one that is read.
  [[nodiscard]] bool asks(const std::string& key) {
    asked_.insert(key);
    return has(key);
  }
  [[nodiscard]] bool has_object(const std::string& key) const { return has(key) && object_[key].is_object(); }
  [[nodiscard]] const Json& value(const std::string& key);
  [[nodiscard]] Settings object(const std::string& key);
  /// An object that is a part of the value under `key`, a pointer from here.
  [[nodiscard]] Settings nested(Json part, const std::string& key) const {
    return {std::move(part), file_, pointer(key)};
  }
  [[nodiscard]] std::string text(const std::string& key);
  [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise);
  /// One of a list. @throws UsageError for another, with the nearest one and all.
  [[nodiscard]] std::string choice(const std::string& key, const std::vector<std::string>& known);
  [[nodiscard]] bool flag(const std::string& key, bool otherwise = false);
  [[nodiscard]] long integer(const std::string& key, long otherwise, long least, long most = 1'000'000'000'000'000);
  [[nodiscard]] double number(const std::string& key, double otherwise);
  [[nodiscard]] std::vector<std::string> texts(const std::string& key);
  /// Refuses what was not asked for.
  void finish() const;
  [[noreturn]] void refuse(const std::string& key, const std::string& what) const;
  /// Refuses a name that is not among `known`.
  [[noreturn]] void refuse_name(const std::string& key, const std::string& name,
                                const std::vector<std::string>& known) const;
  /// Calls `make`; what it throws becomes a message about this key.
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
  /// What was thrown in words of our own: standard exceptions of memory say only their names.
  [[nodiscard]] static std::string reason(const std::exception& error);
  /// Calls `make` with the value under `key`; what it throws becomes a message about the part of the value that `make`
  /// does without complaint without, or with another number in its place.
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
