#include <recur/train/callbacks/loggers.h>

#include <recur/framework/tensor/error.h>
#include <recur/io/event_file.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>

namespace recur {
namespace {

bool due(const Training& training, Index every) { return every > 0 && training.step % every == 0; }

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

std::string json_line(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

void CSVLogger::on_train_begin(Training&) {
  file_.begin();
  columns_.clear();
}

void CSVLogger::on_epoch_end(Training& training) {
  std::string names = "epoch";
  std::string line = std::to_string(training.report.epoch);
  for (const auto& [name, number] : numbers_of(training.report)) {
    names += ',' + csv_field(name);
    line += ',';
    if (!std::isnan(number)) line += fmt::format("{}", number);
  }
  if (columns_.empty()) {
    columns_ = names;
    file_.write(names + '\n');
  }
  require<ValueError>(names == columns_, "CSVLogger: epoch {} has the numbers {}, the first had {}",
                      training.report.epoch, names, columns_);
  file_.write(line + '\n');
}

void CSVLogger::save(TrainingState& state) const {
  file_.save(state);
  state.texts["columns"] = columns_;
}

void CSVLogger::load(const TrainingState& state) {
  file_.load(state);
  columns_ = state.text("columns");
}

void JsonLinesLogger::on_step_end(Training& training) {
  if (!due(training, every_)) return;
  file_.write(json_line({{"step", training.step},
                         {"loss", json_number(training.loss)},
                         {"gradient_norm", json_number(training.gradient_norm)}}));
}

void JsonLinesLogger::on_epoch_end(Training& training) {
  const EpochReport& report = training.report;
  nlohmann::ordered_json line = {{"epoch", report.epoch}, {"best", report.best}};
  if (report.interrupted) line["interrupted"] = true;
  for (const auto& [name, number] : numbers_of(report)) line[name] = json_number(number);
  file_.write(json_line(line));
}

void TensorBoardLogger::write(const NamedNumbers& numbers, Index step) {
  const double now = seconds_since_1970();
  if (file_.size() == 0) file_.write(event_file_header(now));
  std::string events;
  for (const auto& [name, number] : numbers)
    if (!std::isnan(number)) events += scalar_event(now, step, name, number);
  file_.write(events);
}

void TensorBoardLogger::on_step_end(Training& training) {
  if (!due(training, every_)) return;
  write({{"step/loss", training.loss}, {"step/gradient_norm", training.gradient_norm}}, training.step);
}

void TensorBoardLogger::on_epoch_end(Training& training) {
  NamedNumbers numbers = numbers_of(training.report);
  std::erase_if(numbers, [](const auto& number) { return number.first == "step"; });
  write(numbers, training.report.step);
}

}  // namespace recur
