#include <recur/train/callbacks/early_stopping.h>

#include <recur/framework/tensor/error.h>
#include <recur/train/callbacks/monitor.h>

#include <limits>

namespace recur {

EarlyStopping::EarlyStopping(EarlyStoppingOptions options) : options_(std::move(options)) {
  require<ValueError>(options_.patience >= 1 && options_.min_delta >= 0,
                      "EarlyStopping: patience {} must be at least 1, min_delta {} not negative", options_.patience,
                      options_.min_delta);
}

void EarlyStopping::on_train_begin(Training& training) {
  const double sign = options_.maximize ? -1 : 1;
  best_ = options_.baseline ? sign * *options_.baseline : std::numeric_limits<double>::infinity();
  best_epoch_ = 0;
  waited_ = 0;
  weights_ = {};
  warn_of_misspelt_monitor("EarlyStopping", options_.monitor, training);
}

bool EarlyStopping::on_epoch_end(Training& training) {
  if (training.report.interrupted) return false;
  const double value = (options_.maximize ? -1 : 1) * number_of(training.report, options_.monitor);
  if (value < best_ - options_.min_delta) {
    best_ = value;
    best_epoch_ = training.report.epoch;
    waited_ = 0;
    if (options_.restore_best_weights) weights_.take(training.parameters);
    return false;
  }
  return ++waited_ >= options_.patience;
}

void EarlyStopping::on_train_end(Training& training) { weights_.restore(training.parameters); }

void EarlyStopping::save(TrainingState& state) const {
  state.put("best", best_);
  state.put("best_epoch", best_epoch_);
  state.put("waited", waited_);
  state.put("weights", weights_.values());
}

void EarlyStopping::load(const TrainingState& state) {
  best_ = state.number("best");
  best_epoch_ = state.integer("best_epoch");
  waited_ = state.integer("waited");
  weights_.set_values(state.get("weights"));
}

}  // namespace recur
