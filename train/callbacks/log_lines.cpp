#include <recur/train/callbacks/log_lines.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace recur::detail {
namespace {

// RFC 4180: quotes around what would break a line, and each one inside doubled.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

nlohmann::ordered_json json_number(double number) {
  if (!std::isfinite(number)) return nullptr;
  constexpr double exact = 9007199254740992;  // whole numbers up to here look like such
  if (number == std::floor(number) && std::abs(number) < exact) return static_cast<std::int64_t>(number);
  return number;
}

std::string line_of(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace

std::string csv_heading(const NamedNumbers& numbers) {
  std::string names = "epoch";
  for (const auto& [name, number] : numbers) names += ',' + csv_field(name);
  return names + '\n';
}

std::string csv_line(Index epoch, const NamedNumbers& numbers) {
  std::string line = std::to_string(epoch);
  for (const auto& [name, number] : numbers) line += std::isnan(number) ? "," : fmt::format(",{}", number);
  return line + '\n';
}

std::string json_line(Index epoch, bool best, bool interrupted, const NamedNumbers& numbers) {
  nlohmann::ordered_json line = {{"epoch", epoch}, {"best", best}};
  if (interrupted) line["interrupted"] = true;
  for (const auto& [name, number] : numbers) line[name] = json_number(number);
  return line_of(line);
}

std::string json_step(const Training& training) {
  return line_of({{"step", training.step},
                  {"loss", json_number(training.loss)},
                  {"gradient_norm", json_number(training.gradient_norm)}});
}

}  // namespace recur::detail
