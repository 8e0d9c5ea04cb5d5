#include <recur/train/loop/training.h>

#include <recur/framework/tensor/error.h>

#include <fmt/core.h>

#include <cmath>
#include <cstdio>

namespace recur {

double number_of(const EpochReport& report, const std::string& name) {
  const bool validated = report.validated || !std::isnan(report.valid_loss);
  if (name.empty()) return validated ? report.valid_loss : report.train_loss;
  if (name == "val_loss") return number_of(report, "valid_loss");  // Keras's names
  if (name == "loss") return number_of(report, "train_loss");
  const NamedNumbers all = numbers_of(report);
  std::string names;
  for (const auto& [there, number] : all) {
    if (there == name) return number;
    names += (names.empty() ? "" : ", ") + there;
  }
  fail<ValueError>("number_of: an epoch's report has no '{}'; it has {}", name, names);
}

NamedNumbers numbers_of(const EpochReport& report) {
  NamedNumbers all = {{"step", static_cast<double>(report.step)},
                      {"train_loss", report.train_loss},
                      {"valid_loss", report.valid_loss},
                      {"learning_rate", report.learning_rate},
                      {"gradient_norm", report.gradient_norm},
                      {"seconds", report.seconds},
                      {"items_per_second", report.items_per_second}};
  all.insert(all.end(), report.metrics.begin(), report.metrics.end());
  return all;
}

void print_warning(const std::string& text) {
  fmt::print(stderr, "recur: warning: {}\n", text);
  std::fflush(stderr);
}

}  // namespace recur
