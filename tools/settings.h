#pragma once

#include <recur/framework/error.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <set>
#include <string>

namespace recur::tools {

/// An object of a config file, read key by key. Every mistake is told with its JSON pointer: `config.json: /data/time: …`.
class Settings {
 public:
  /// @throws ValueError for a file that is no JSON object, or nested deeper than 64 levels.
  static Settings load(const std::filesystem::path& file);
  Settings(nlohmann::json object, std::string file, std::string path);

  [[nodiscard]] bool has(const std::string& key) const { return object_.contains(key); }
  [[nodiscard]] const nlohmann::json& value(const std::string& key);
  [[nodiscard]] Settings object(const std::string& key);
  [[nodiscard]] std::string text(const std::string& key);
  [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise) {
    asked_.insert(key);
    return has(key) ? text(key) : otherwise;
  }
  [[nodiscard]] long integer(const std::string& key, long otherwise, long least);
  [[nodiscard]] double number(const std::string& key, double otherwise);
  [[nodiscard]] std::vector<std::string> texts(const std::string& key);
  /// Refuses what was not asked for.
  void finish() const;
  [[noreturn]] void refuse(const std::string& key, const std::string& what) const;
  /// Calls `make`; what it throws becomes a message about this key.
  template <class F>
  auto about(const std::string& key, F make) const {
    try {
      return make();
    } catch (const std::exception& error) {
      refuse(key, error.what());
    }
  }
  [[nodiscard]] std::string dump() const { return object_.dump(); }

 private:
  nlohmann::json object_;
  std::string file_;
  std::string path_;
  std::set<std::string> asked_;
};

}  // namespace recur::tools
