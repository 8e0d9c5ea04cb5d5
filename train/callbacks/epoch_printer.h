#pragma once

#include <recur/train/loop/training.h>

namespace recur {

/// Prints a line on standard output for every epoch: for people, or with `json` one JSON object with the keys `epoch`,
/// `train_loss`, `valid_loss`, `seconds`, `best` and the metrics'. A function of a report, and a callback.
class EpochPrinter {
 public:
  explicit EpochPrinter(bool json) : json_(json) {}
  void operator()(const EpochReport& report) const;
  void on_epoch_end(Training& training) const { (*this)(training.report); }

 private:
  bool json_;
};

/// Prints one JSON object of named numbers on a line of standard output; what is not finite is null.
void print_json_line(const std::vector<std::pair<std::string, double>>& numbers);

}  // namespace recur
