#include <recur/train/callbacks/learning_rate.h>

#include <recur/train/callbacks/monitor.h>

namespace recur {

void ReduceLROnPlateau::on_train_begin(Training& training) {
  plateau_.set_state({});
  warn_of_misspelt_monitor("ReduceLROnPlateau", monitor_, training);
}

void ReduceLROnPlateau::on_epoch_end(Training& training) {
  if (training.report.interrupted) return;
  const double rate = training.optimizer.learning_rate();
  const double next = plateau_.observe(number_of(training.report, monitor_), rate);
  if (next != rate) training.optimizer.set_learning_rate(next);
}

void ReduceLROnPlateau::save(TrainingState& state) const {
  const auto& [best, waited, cooling] = plateau_.state();
  if (best) state.put("best", *best);
  state.put("waited", waited);
  state.put("cooling", cooling);
}

void ReduceLROnPlateau::load(const TrainingState& state) {
  optim::ReduceOnPlateau::State then{
      .best = {}, .waited = state.integer("waited"), .cooling = state.integer("cooling")};
  if (state.texts.contains("best")) then.best = state.number("best");
  plateau_.set_state(then);
}

}  // namespace recur
