#include <recur/train/callbacks/epoch_printer.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>

namespace recur {
namespace {

nlohmann::ordered_json number(double value) { return std::isfinite(value) ? nlohmann::ordered_json(value) : nullptr; }

// A line that cannot be printed does not end a training: the error stays with the stream, where `flush_standard_output`
// finds it.
void print_line(const std::string& line) {
  (void)std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

void print_line(const nlohmann::ordered_json& line) { print_line(line.dump() + '\n'); }

}  // namespace

void EpochPrinter::operator()(const EpochReport& report) const {
  if (json_) {
    nlohmann::ordered_json line = {{"epoch", report.epoch},
                                   {"train_loss", number(report.train_loss)},
                                   {"valid_loss", number(report.valid_loss)},
                                   {"seconds", report.seconds},
                                   {"best", report.best}};
    if (report.interrupted) line["interrupted"] = true;
    for (const auto& [name, value] : report.metrics) line[name] = number(value);
    print_line(line);
    return;
  }
  std::string text = fmt::format("epoch {:3d}  train {:.4f}", report.epoch, report.train_loss);
  if (report.validated || !std::isnan(report.valid_loss))
    text += fmt::format("  valid {:.4f}{}", report.valid_loss, report.best ? "*" : " ");
  for (const auto& [name, value] : report.metrics) text += fmt::format("  {} {:.4f}", name, value);
  print_line(fmt::format("{}  {:.1f} s{}\n", text, report.seconds, report.interrupted ? "  (interrupted)" : ""));
}

void print_json_line(const std::vector<std::pair<std::string, double>>& numbers) {
  nlohmann::ordered_json line;
  for (const auto& [name, value] : numbers) line[name] = number(value);
  print_line(line);
}

}  // namespace recur
