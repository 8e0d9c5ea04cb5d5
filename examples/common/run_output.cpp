#include "run_output.h"

#include <recur/train/callbacks/epoch_printer.h>

#include <fmt/format.h>

#include <cstdio>

namespace recur::examples {

RunOutput::RunOutput(Trainer& trainer, const RunOptions& options) : json_(options.json) {
  if (!options.folder.empty())
    folder_ = &trainer.add(RunFolder({.directory = options.folder, .config = options.config}));
  trainer.add(EpochPrinter(options.json));
}

void RunOutput::result(const NamedNumbers& numbers) {
  if (json_) print_json_line(numbers);
  for (const auto& [name, value] : numbers) {
    const std::string text = fmt::format("{:.5g}", value);
    if (!json_) fmt::print("{:<28} {}\n", name, text);
    if (folder_ != nullptr) folder_->add_result(name, text);
  }
  if (folder_ != nullptr) folder_->write();
}

void RunOutput::sample(const std::string& title, const std::string& text) {
  fmt::print(json_ ? stderr : stdout, "\n{}\n", text);
  if (folder_ == nullptr) return;
  folder_->add_sample(title, text);
  folder_->write();
}

}  // namespace recur::examples
