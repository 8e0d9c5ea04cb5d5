#include <recur/train/loop/trainer.h>

#include <recur/layers/recurrent/carried_state.h>
#include <recur/layers/recurrent/states_aside.h>
#include <recur/optim/averaged_weights.h>
#include <recur/train/callbacks/finite_guard.h>
#include <recur/train/callbacks/progress.h>
#include <recur/train/loop/interrupt.h>
#include <recur/train/loop/metrics.h>
#include <recur/train/loop/parameter_check.h>

#include <fmt/format.h>
#include <Eigen/Core>

#include <chrono>
#include <set>

namespace recur {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

template <class T>
double square_of(const Array& array) {
  const auto values = array.as<T>().values();
  const auto vector = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>>(values.data(), std::ssize(values));
  // Floats are summed in pieces in float, which is faster; a piece overflows only if the gradient is useless anyway.
  constexpr Index piece = 4096;
  double square = 0;
  for (Index at = 0; at < vector.size(); at += piece)
    square += static_cast<double>(vector.segment(at, std::min(piece, vector.size() - at)).squaredNorm());
  return square;
}

// Removes repeated parameters.
std::vector<NamedParameter> distinct(std::vector<NamedParameter> parameters) {
  std::set<const Parameter*> seen;
  std::erase_if(parameters, [&](const NamedParameter& p) { return !seen.insert(p.parameter).second; });
  return parameters;
}

std::string place(const Training& t) { return fmt::format("Trainer::fit, batch {} of epoch {}", t.batch + 1, t.epoch); }

}  // namespace

Trainer::Trainer(std::vector<NamedParameter> parameters, optim::Optimizer optimizer, TrainerOptions options)
    : parameters_(distinct(std::move(parameters))), optimizer_(std::move(optimizer)), options_(std::move(options)) {
  require<ValueError>(options_.epochs >= 0, "Trainer: epochs must not be negative, got {}", options_.epochs);
  require<ValueError>(options_.items_per_batch >= 0, "Trainer: items_per_batch must not be negative, got {}",
                      options_.items_per_batch);
  require<ValueError>(
      !parameters_.empty(),
      "Trainer: the list of parameters is empty; make it after build(), of a model whose visit() names them");
  if (!options_.checkpoint.directory.empty()) checkpoints_.emplace(options_.checkpoint);
}

void Trainer::call(Hook hook, Training& training) {
  for (const auto& callback : callbacks_)
    if ((*callback.*hook)(training)) totals_.ended = true;
}

double Trainer::weight_of_batch() const {
  if (weight_) return *weight_;
  return samples_ > 0 ? samples_ : 1;
}

void Trainer::weigh(double weight) {
  require<ValueError>(weight >= 0, "Trainer::weigh: a batch of weight {}, must not be negative", weight);
  weight_ = weight;
}

// Checks all gradients at every step, because one that is not finite must not reach the optimizer. Reports the norm at
// updates only, of the mean of the accumulated gradients.
void Trainer::measure_gradients(Training& t, Var loss) {
  double square = 0;
  for (const NamedParameter& p : parameters_)
    if (p.parameter->trainable)
      square += dispatch_real(p.parameter->dtype(), [&]<class T>() { return square_of<T>(p.parameter->gradient); });
  const double norm = std::sqrt(square);
  if (!std::isfinite(norm)) require_finite_gradients(place(t), t.tape, loss, parameters_);
  if (!optimizer_.updates_next()) return;
  t.gradient_norm = norm / static_cast<double>(optimizer_.accumulation_steps());
  totals_.gradient_norm += t.gradient_norm;
  totals_.updates += 1;
}

void Trainer::check_parameters(const Tape& tape) {
  if (std::exchange(checked_, true) || !options_.warn) return;
  for (const std::string& problem : parameters_that_learn_nothing(tape, parameters_)) options_.warn(problem);
}

void Trainer::train_step(Training& t, const Loss& loss) {
  samples_ = 0;
  weight_.reset();
  const Var value = loss(t.tape, t.batch);
  require<StateError>(value.defined(), "{}: the loss is an undefined Var", place(t));
  t.loss = value.item();
  if (!std::isfinite(t.loss)) refuse_non_finite(place(t), t.tape, value, parameters_);
  t.tape.backward(value);
  check_parameters(t.tape);
  if (options_.gradient_norm) measure_gradients(t, value);
  optimizer_.step(parameters_);
  t.tape.reset();
  totals_.loss += weight_of_batch() * t.loss;
  totals_.weight += weight_of_batch();
  totals_.items += options_.items_per_batch > 0 ? options_.items_per_batch : samples_;
  ++t.batch;
  ++t.step;
}

void Trainer::train_epoch(Training& t, const Loss& loss) {
  ProgressLine progress(options_.progress);
  const std::string label = fmt::format("epoch {}/{}", t.epoch, t.epochs);
  while (t.batch < t.batches && !totals_.ended && !InterruptGuard::requested()) {
    const auto start = Clock::now();
    train_step(t, loss);
    t.seconds += seconds_since(start);
    const double rate = totals_.items / (t.seconds - totals_.seconds_before);
    progress.update(label, t.batch, t.batches,
                    fmt::format("loss {:.4f}{}", totals_.loss / totals_.weight,
                                totals_.items > 0 ? "  " + short_number(rate) + " " + t.items + "/s" : ""));
    call(&detail::AnyCallback::step_end, t);
    const bool due = options_.checkpoint.every > 0 && t.step % options_.checkpoint.every == 0;
    if (checkpoints_ && t.batch < t.batches && (due || InterruptGuard::requested())) save(t);
  }
}

EpochReport Trainer::finish_epoch(const Training& t, const Validation& validation) {
  EpochReport report{.epoch = t.epoch, .seconds = t.seconds, .metrics = {}};
  report.step = t.step;
  report.train_loss = totals_.loss / totals_.weight;
  if (optimizer_.has_learning_rate()) report.learning_rate = optimizer_.next_rate();
  if (totals_.updates > 0) report.gradient_norm = totals_.gradient_norm / totals_.updates;
  if (totals_.items > 0) report.items_per_second = totals_.items / (t.seconds - totals_.seconds_before);
  report.validated = static_cast<bool>(validation);
  if (validation) {
    const StatesAside aside(carrying_);
    report.valid_loss = validation();
  }
  report.interrupted = InterruptGuard::requested() && t.batch < t.batches;
  const double judged = validation ? report.valid_loss : report.train_loss;
  report.best = !report.interrupted && judged < totals_.best;
  if (report.best) totals_.best = judged;
  if (metrics) report.metrics = metrics(report);
  return report;
}

void Trainer::begin_states() {
  if (each_epoch_ == EachEpoch::goes_on) return;
  for (RNN* rnn : carrying_) rnn->set_options(rnn->options());  // resets the states
  if (carried_ != nullptr) carried_->reset();
}

void Trainer::begin_epoch(Training& t, const EpochStart& start_epoch) {
  begin_states();
  if (start_epoch) start_epoch(t.epoch);
  if (on_epoch_begin) on_epoch_begin(t.epoch);
  call(&detail::AnyCallback::epoch_begin, t);
}

// Returns true if the epoch ended; `t` then is at the beginning of the next epoch.
bool Trainer::end_epoch(Training& t, const Validation& validation) {
  {
    std::optional<optim::AveragedWeights> judged;
    if (validation && optimizer_.has_averages()) judged.emplace(optimizer_, parameters_);
    t.report = finish_epoch(t, validation);
    if (t.report.best && on_best) on_best(t.report);
    call(&detail::AnyCallback::epoch_end, t);
    if (on_epoch_end) on_epoch_end(t.report);
  }
  const bool whole = t.batch == t.batches;
  if (whole) {
    ++t.epoch;
    t.batch = 0;
    totals_ = {.seconds_before = t.seconds, .best = totals_.best, .ended = totals_.ended};
    if (checkpoints_) save(t);
  }
  call(&detail::AnyCallback::epoch_saved, t);
  return whole;
}

void Trainer::begin_training(Training& t) {
  optimizer_.discard_gradients(parameters_);
  t.tape.reset();
  totals_ = {};
  checked_ = false;
  t.epoch = epochs_before_ + 1;
  t.epochs = epochs_before_ + options_.epochs;
  t.step = steps_before_;
  t.seconds = totals_.seconds_before = seconds_before_;
  const Index steps = options_.epochs * t.batches;
  require<ValueError>(steps == 0 || optimizer_.accumulation_steps() <= steps,
                      "Trainer::fit: an update accumulates the gradients of {} batches, the training has {} in all",
                      optimizer_.accumulation_steps(), steps);
}

void Trainer::end_training(Training& t) {
  if (const Index unused = optimizer_.accumulated_steps(); unused > 0 && options_.warn && !InterruptGuard::requested())
    options_.warn(
        fmt::format("Trainer::fit: the gradients of the last {} batches are dropped, as an update accumulates {}",
                    unused, optimizer_.accumulation_steps()));
  optimizer_.discard_gradients(parameters_);
  epochs_before_ = std::min(t.epoch - 1, t.epochs);
  steps_before_ = t.step;
  seconds_before_ = t.seconds;
}

std::vector<EpochReport> Trainer::run(Tape& tape, Index batches, const Loss& loss, const Validation& validation,
                                      const EpochStart& start_epoch) {
  require<ValueError>(batches > 0, "Trainer::fit: no batches to train on");
  const InterruptGuard interrupt;
  interrupted_by_ = 0;
  std::optional<FolderLock> held;
  if (checkpoints_) held = checkpoints_->lock();
  Training t{.parameters = parameters_, .optimizer = optimizer_, .tape = tape, .items = options_.items};
  t.batches = batches;
  begin_training(t);
  try {
    std::vector<EpochReport> reports = train(t, loss, validation, start_epoch);
    end_training(t);
    return reports;
  } catch (...) {
    optimizer_.discard_gradients(parameters_);
    tape.reset();
    throw;
  }
}

std::vector<EpochReport> Trainer::train(Training& t, const Loss& loss, const Validation& validation,
                                        const EpochStart& start_epoch) {
  std::optional<TrainingState> resumed = newest_state(t);
  call(&detail::AnyCallback::train_begin, t);
  std::vector<EpochReport> reports;
  // A checkpoint between two epochs was written before on_epoch_begin, one within an epoch after it.
  bool within_epoch = t.batch > 0;
  if (resumed && !within_epoch) restore(t, *resumed);
  while (t.epoch <= t.epochs && !totals_.ended && !InterruptGuard::requested()) {
    begin_epoch(t, start_epoch);
    if (within_epoch) restore(t, *resumed);
    within_epoch = false;
    train_epoch(t, loss);
    if (t.batch == 0) break;  // ended before the first step
    const bool whole = end_epoch(t, validation);
    reports.push_back(t.report);
    if (!whole) break;
  }
  if (within_epoch) restore(t, *resumed);  // the epoch was complete already
  if (t.epoch <= t.epochs && !totals_.ended) interrupted_by_ = InterruptGuard::signal();
  call(&detail::AnyCallback::train_end, t);
  return reports;
}

double Trainer::evaluate(Tape& tape, Index batches, const Loss& loss) {
  require<ValueError>(batches > 0, "Trainer::evaluate: no batches");
  const NoGradient inference(tape);
  MeanMetric mean;
  for (Index i = 0; i < batches; ++i) {
    samples_ = 0;
    weight_.reset();
    const Var value = loss(tape, i);
    require<StateError>(value.defined(), "Trainer::evaluate: the loss of batch {} is an undefined Var", i + 1);
    if (const double weight = weight_of_batch(); weight > 0) mean.update(value.item(), weight);
    tape.reset();
  }
  return mean.result();
}

std::vector<Array> Trainer::predict(Tape& tape, Index batches, const Loss& output) {
  const NoGradient inference(tape);
  std::vector<Array> outputs;
  for (Index i = 0; i < batches; ++i) {
    const Var value = output(tape, i);
    require<StateError>(value.defined(), "Trainer::predict: the output of batch {} is an undefined Var", i + 1);
    outputs.push_back(value.to_array());
    tape.reset();
  }
  return outputs;
}

}  // namespace recur
