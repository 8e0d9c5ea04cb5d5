#include <recur/framework/tensor/error.h>
#include <recur/layers/config/json_check.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace recur {
namespace {

using Json = nlohmann::json;

// The reason in a message of the library: `[json.exception.…] parse error at line 1, column 2: syntax error … -
// REASON`.
std::string reason_of(const Json::exception& error) {
  std::string text = error.what();
  if (const auto dash = text.find(" - "); dash != std::string::npos) text.erase(0, dash + 3);
  else if (const auto bracket = text.find("] "); bracket != std::string::npos) text.erase(0, bracket + 2);
  return text;
}

// Follows the parser and knows where it is.
class Follower final : public nlohmann::json_sax<Json> {
 public:
  Follower(std::string_view text, int deepest) : text_(text), deepest_(static_cast<std::size_t>(deepest)) {}

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t) override { return value(); }
  bool number_unsigned(number_unsigned_t) override { return value(); }
  bool number_float(number_float_t, const string_t&) override { return value(); }
  bool string(string_t&) override { return value(); }
  bool binary(binary_t&) override { return value(); }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    levels_.back().key = name;
    require<ValueError>(levels_.back().keys.insert(name).second, "{}: the key is there twice", pointer());
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) override {
    const std::string_view before = text_.substr(0, std::min(position > 0 ? position - 1 : 0, text_.size()));
    const auto line = 1 + std::ranges::count(before, '\n');
    const auto column = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
    fail<ValueError>("line {}, column {}: not JSON: {}", line, column, reason_of(error));
  }

 private:
  struct Level {
    bool object;
    std::string key{};
    std::size_t index = 0;
    std::set<std::string> keys{};
  };

  bool value() {
    if (!levels_.empty()) ++levels_.back().index;
    return true;
  }
  bool open(bool object) {
    require<ValueError>(levels_.size() < deepest_, "nested deeper than {} levels", deepest_);
    levels_.push_back({.object = object});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return value();
  }
  [[nodiscard]] std::string pointer() const {
    std::string path;
    for (const Level& level : levels_) path += "/" + (level.object ? level.key : std::to_string(level.index));
    return path;
  }

  std::string_view text_;
  std::size_t deepest_;
  std::vector<Level> levels_;
};

}  // namespace

void check_json(std::string_view text, const char* prefix, int deepest) {
  Follower follower(text, deepest);
  try {
    (void)Json::sax_parse(text.begin(), text.end(), &follower);
  } catch (const ValueError& error) {
    fail<ValueError>("{}{}", prefix, error.what());
  }
}

}  // namespace recur
