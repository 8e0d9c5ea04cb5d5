#pragma once

#include <recur/train/loop/training.h>

namespace recur {

/// Prints a line on standard output after each epoch: text, or with `json` an object with the keys `epoch`,
/// `train_loss`, `valid_loss`, `seconds`, `best` and one for each metric. A callback; also callable with a report.
class EpochPrinter {
 public:
  static constexpr bool leader_only = true;
  explicit EpochPrinter(bool json) : json_(json) {}
  void operator()(const EpochReport& report) const;
  void on_epoch_end(Training& training) const { (*this)(training.report); }

 private:
  bool json_;
};

/// Prints one JSON object of named numbers as a line on standard output. Numbers that are not finite become null.
void print_json_line(const std::vector<std::pair<std::string, double>>& numbers);

}  // namespace recur
