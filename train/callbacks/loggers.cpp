#include <recur/train/callbacks/loggers.h>

#include <recur/framework/tensor/error.h>
#include <recur/io/event_file.h>
#include <recur/train/callbacks/log_lines.h>

#include <chrono>
#include <cmath>

namespace recur {
namespace {

bool due(const Training& training, Index every) { return every > 0 && training.step % every == 0; }

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

void CsvLogger::on_train_begin(Training&) {
  file_.begin();
  columns_.clear();
}

void CsvLogger::on_epoch_end(Training& training) {
  const NamedNumbers numbers = numbers_of(training.report);
  const std::string names = detail::csv_heading(numbers);
  require<ValueError>(columns_.empty() || names == columns_, "CsvLogger: epoch {} has the numbers {}, the first had {}",
                      training.report.epoch, names, columns_);
  columns_ = names;
  if (file_.ends() == 0) file_.write(names);
  file_.write(detail::csv_line(training.report.epoch, numbers));
}

void CsvLogger::save(TrainingState& state) const {
  file_.save(state);
  state.texts["columns"] = columns_;
}

void CsvLogger::load(const TrainingState& state) {
  file_.load(state);
  columns_ = state.text("columns");
}

void JsonLinesLogger::on_step_end(Training& training) {
  if (due(training, every_)) file_.write(detail::json_step(training));
}

void JsonLinesLogger::on_epoch_end(Training& training) {
  const EpochReport& report = training.report;
  file_.write(detail::json_line(report.epoch, report.best, report.interrupted, numbers_of(report)));
}

void TensorBoardLogger::write(const NamedNumbers& numbers, Index step) {
  const double now = seconds_since_1970();
  if (file_.ends() == 0) file_.write(event_file_header(now));
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
