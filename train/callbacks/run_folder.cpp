#include <recur/train/callbacks/run_folder.h>

#include <recur/framework/tensor/error.h>
#include <recur/io/atomic_file.h>
#include <recur/io/links.h>
#include <recur/io/warning.h>
#include <recur/train/callbacks/log_lines.h>
#include <recur/train/loop/interrupt.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace recur {
namespace {

void write_whole(const std::filesystem::path& path, const std::string& text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

Array array_of(std::span<const double> values) {
  Array array(Shape{static_cast<Index>(values.size())}, DType::float64);
  std::ranges::copy(values, array.as<double>().values().begin());
  return array;
}

}  // namespace

void RunFolder::Steps::add(Index number, double value) {
  constexpr std::size_t most = 2000;
  sum += value;
  if (++summed < stride) return;
  step.push_back(static_cast<double>(number));
  loss.push_back(sum / static_cast<double>(summed));
  sum = 0;
  summed = 0;
  if (step.size() < most) return;
  for (std::size_t i = 0; i < most / 2; ++i) {
    step[i] = step[2 * i + 1];
    loss[i] = (loss[2 * i] + loss[2 * i + 1]) / 2;
  }
  step.resize(most / 2);
  loss.resize(most / 2);
  stride *= 2;
}

RunFolder::RunFolder(RunFolderOptions options)
    : options_(std::move(options)),
      csv_(options_.directory / "metrics.csv"),
      lines_(options_.directory / "metrics.jsonl") {
  require<ValueError>(!options_.directory.empty(), "RunFolder: no directory");
  require<ValueError>(options_.config.empty() || nlohmann::json::accept(options_.config),
                      "RunFolder: the config is not JSON: {}", options_.config);
  if (!options_.config.empty()) options_.config = nlohmann::ordered_json::parse(options_.config).dump(2);
  if (options_.title.empty()) options_.title = std::filesystem::absolute(options_.directory).filename().string();
}

void RunFolder::on_train_begin(Training& training) {
  if (!options_.locked && !lock_) lock_.emplace(options_.directory);
  std::error_code error;
  std::filesystem::create_directories(options_.directory, error);
  require<FormatError>(!error, "RunFolder: cannot make '{}': {}", options_.directory.string(), error.message());
  for (const char* name : {"config.json", "metrics.csv", "metrics.jsonl", "curves.svg", "report.html"})
    refuse_link_out_of(options_.directory, name);
  remove_stale_temporaries(options_.directory);
  if (!options_.config.empty()) write_whole(options_.directory / "config.json", options_.config + '\n');
  csv_.begin();
  lines_.begin();
  epochs_.clear();
  steps_ = {};
  describe_parameters(training);
  wanted_epochs_ = training.epochs;
  items_ = training.items;
  ended_ = "training";
  warned_ = false;
}

void RunFolder::describe_parameters(Training& training) {
  parameters_ = 0;
  parameter_list_.clear();
  for (const auto& [path, parameter] : training.parameters) {
    parameters_ += parameter->size();
    parameter_list_ += fmt::format("{:<48} {:<16} {:>12}\n", path, to_string(parameter->shape()), parameter->size());
  }
  parameter_list_ += fmt::format("{:<48} {:<16} {:>12}\n", "together", "", parameters_);
}

void RunFolder::on_step_end(Training& training) { steps_.add(training.step, training.loss); }

void RunFolder::on_epoch_end(Training& training) {
  const EpochReport& report = training.report;
  epochs_.push_back({report.epoch, report.best, report.interrupted, numbers_of(report)});
  const std::string names = detail::csv_heading(epochs_.back().numbers);
  const std::string first = detail::csv_heading(epochs_.front().numbers);
  require<ValueError>(names == first, "RunFolder: epoch {} has the numbers {}, the first had {}", report.epoch, names,
                      first);
}

void RunFolder::on_epoch_saved(Training&) {
  const Epoch& epoch = epochs_.back();
  if (csv_.ends() == 0) csv_.write(detail::csv_heading(epoch.numbers));
  csv_.write(detail::csv_line(epoch.number, epoch.numbers));
  lines_.write(detail::json_line(epoch.number, epoch.best, epoch.interrupted, epoch.numbers));
  const auto now = std::chrono::steady_clock::now();
  if (now - written_ < std::chrono::seconds(2)) return;
  written_ = now;
  write_or_warn();
}

void RunFolder::on_train_end(Training& training) {
  csv_.finish();
  lines_.finish();
  ended_ = InterruptGuard::requested() ? "interrupted" : training.epoch > training.epochs ? "complete" : "ended early";
  write_or_warn();
  lock_.reset();
}

void RunFolder::write_or_warn() {
  try {
    write();
  } catch (const FormatError& error) {
    if (!std::exchange(warned_, true)) warn("{}; the training goes on without it", error.what());
  }
}

// From the epochs of the checkpoint, so that a log that was lost or cut since is whole again.
void RunFolder::rebuild_logs() {
  std::string csv;
  std::string lines;
  for (const Epoch& epoch : epochs_) {
    if (csv.empty()) csv = detail::csv_heading(epoch.numbers);
    csv += detail::csv_line(epoch.number, epoch.numbers);
    lines += detail::json_line(epoch.number, epoch.best, epoch.interrupted, epoch.numbers);
  }
  const auto rebuild = [](LogFile& log, const std::string& text) {
    try {
      write_whole(log.path(), text);
    } catch (const FormatError& error) {
      warn("{}; the log goes on where it ends", error.what());
    }
    log.go_on(static_cast<Index>(text.size()));
  };
  rebuild(csv_, csv);
  rebuild(lines_, lines);
}

void RunFolder::save(TrainingState& state) const {
  state.put("epochs", static_cast<Index>(epochs_.size()));
  for (std::size_t i = 0; i < epochs_.size(); ++i) {
    const Epoch& epoch = epochs_[i];
    std::vector<double> values = {static_cast<double>(epoch.number), epoch.best ? 1.0 : 0.0};
    for (std::size_t n = 0; n < epoch.numbers.size(); ++n) {
      values.push_back(epoch.numbers[n].second);
      if (i == 0) state.texts[fmt::format("name/{}", n)] = epoch.numbers[n].first;
    }
    state.arrays[fmt::format("epoch/{}", i)] = array_of(values);
  }
  state.arrays["steps/step"] = array_of(steps_.step);
  state.arrays["steps/loss"] = array_of(steps_.loss);
  state.put("stride", steps_.stride);
  state.put("sum", steps_.sum);
  state.put("summed", steps_.summed);
}

void RunFolder::load(const TrainingState& state) {
  const auto doubles = [&](const std::string& name) {
    const auto at = state.arrays.find(name);
    require<FormatError>(at != state.arrays.end(), "RunFolder: the checkpoint has no '{}'", name);
    return at->second.to_doubles();
  };
  epochs_.clear();
  for (Index i = 0; i < state.integer("epochs"); ++i) {
    const auto values = doubles(fmt::format("epoch/{}", i));
    require<FormatError>(values.size() >= 2, "RunFolder: epoch {} is damaged in the checkpoint", i);
    Epoch epoch{static_cast<Index>(values[0]), values[1] != 0, false, {}};
    for (std::size_t n = 2; n < values.size(); ++n)
      epoch.numbers.emplace_back(state.text(fmt::format("name/{}", n - 2)), values[n]);
    epochs_.push_back(std::move(epoch));
  }
  steps_ = {.stride = state.integer("stride"),
            .step = doubles("steps/step"),
            .loss = doubles("steps/loss"),
            .sum = state.number("sum"),
            .summed = state.integer("summed")};
  rebuild_logs();
}

}  // namespace recur
