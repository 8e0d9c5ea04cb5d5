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

// @param factor of the gradients: how much the loss of this rank counts
void run_backward(Tape& tape, Var loss, double factor) {
  if (factor == 1) return tape.backward(loss);
  if (factor == 0) return;
  Array seed(loss.shape(), tape.dtype());
  seed.fill(factor);
  tape.backward(loss, seed);
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
  require<ValueError>(options_.exchange.local_steps >= 1, "Trainer: local_steps must be at least 1, got {}",
                      options_.exchange.local_steps);
  if (!options_.checkpoint.directory.empty() && leads()) checkpoints_.emplace(options_.checkpoint);
}

void Trainer::call(Hook hook, Training& training) {
  for (const auto& callback : callbacks_)
    if ((leads() || !callback->leader_only()) && (*callback.*hook)(training)) totals_.ended = true;
  agree_on_end();
}

// Ranks agree after a step only where a callback can end the training there.
void Trainer::call_step_end(Training& training) {
  bool may_end = false;
  for (const auto& callback : callbacks_) {
    may_end = may_end || callback->ends_steps();
    if ((leads() || !callback->leader_only()) && callback->step_end(training)) totals_.ended = true;
  }
  if (may_end) agree_on_end();
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
  if (!std::isfinite(norm)) refuse_gradients(t, loss);
  if (!optimizer_.updates_next()) return;
  t.gradient_norm = norm / static_cast<double>(optimizer_.accumulation_steps());
  totals_.gradient_norm += t.gradient_norm;
  totals_.updates += 1;
}

void Trainer::check_parameters(const Tape& tape) {
  if (std::exchange(checked_, true) || !options_.warn || !leads()) return;
  for (const std::string& problem : parameters_that_learn_nothing(tape, parameters_)) options_.warn(problem);
}

void Trainer::train_step(Training& t, const Loss& loss) {
  samples_ = 0;
  weight_.reset();
  no_rows_ = false;
  begin_step_of_rank(t);
  const Var value = loss(t.tape, t.batch);
  require<StateError>(value.defined() || no_rows_, "{}: the loss is an undefined Var", place(t));
  const double own = no_rows_ ? 0 : value.item();
  if (!std::isfinite(own)) refuse_non_finite(place(t), t.tape, value, parameters_);
  run_backward(t.tape, value, agree_on_step(t, own));
  check_parameters(t.tape);
  if (optimizer_.updates_next()) exchange_gradients();
  if (options_.gradient_norm) measure_gradients(t, value);
  optimizer_.step(parameters_);
  t.tape.reset();
  ++t.batch;
  ++t.step;
  end_step_of_rank(t);
}

void Trainer::train_epoch(Training& t, const Loss& loss) {
  ProgressLine progress(options_.progress && leads());
  const std::string label = fmt::format("epoch {}/{}", t.epoch, t.epochs);
  while (t.batch < t.batches && !totals_.ended && interrupt() == 0) {
    const auto start = Clock::now();
    train_step(t, loss);
    t.seconds += seconds_since(start);
    const double rate = totals_.items / (t.seconds - totals_.seconds_before);
    progress.update(label, t.batch, t.batches,
                    fmt::format("loss {:.4f}{}", totals_.loss / totals_.weight,
                                totals_.items > 0 ? "  " + short_number(rate) + " " + t.items + "/s" : ""));
    call_step_end(t);
    const bool due = options_.checkpoint.every > 0 && t.step % options_.checkpoint.every == 0;
    if (t.batch < t.batches && (due || interrupt() != 0)) save(t);
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
  report.interrupted = interrupt() != 0 && t.batch < t.batches;
  const double judged = validation ? report.valid_loss : report.train_loss;
  report.best = !report.interrupted && judged < totals_.best;
  if (metrics) report.metrics = metrics(report);
  agree_on_report(report);
  if (report.best) totals_.best = std::isnan(report.valid_loss) ? report.train_loss : report.valid_loss;
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
  average_statistics();
  {
    std::optional<optim::AveragedWeights> judged;
    if (validation && optimizer_.has_averages()) judged.emplace(optimizer_, parameters_);
    t.report = finish_epoch(t, validation);
    if (t.report.best && on_best && leads()) on_best(t.report);
    call(&detail::AnyCallback::epoch_end, t);
    if (on_epoch_end) on_epoch_end(t.report);
  }
  const bool whole = t.batch == t.batches;
  if (whole) {
    ++t.epoch;
    t.batch = 0;
    totals_ = {.seconds_before = t.seconds, .best = totals_.best, .ended = totals_.ended};
    require_equal_parameters();
    save(t);
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
  if (const Index unused = optimizer_.accumulated_steps(); unused > 0 && options_.warn && interrupt() == 0 && leads())
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
  std::optional<InterruptGuard> guard;
  if (leads() || !options_.world->in_one_process()) guard.emplace();
  interrupted_by_ = agreed_interrupt_ = 0;
  std::optional<FolderLock> held;
  Training t{.parameters = parameters_, .optimizer = optimizer_, .tape = tape, .items = options_.items};
  t.batches = batches;
  t.measures = static_cast<bool>(metrics);
  begin_training(t);
  try {
    if (checkpoints_) held = checkpoints_->lock();
    begin_ranks(t);
    std::vector<EpochReport> reports = train(t, loss, validation, start_epoch);
    end_training(t);
    return reports;
  } catch (...) {
    tell_failure();
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
  while (t.epoch <= t.epochs && !totals_.ended && interrupt() == 0) {
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
  if (t.epoch <= t.epochs && !totals_.ended) interrupted_by_ = interrupt();
  call(&detail::AnyCallback::train_end, t);
  return reports;
}

double Trainer::evaluate(Tape& tape, Index batches, const Loss& loss) {
  return evaluate(tape, batches, loss, {}, BatchesInTurn::no);
}

double Trainer::evaluate(Tape& tape, Index batches, const Loss& loss, MetricList measured, BatchesInTurn turn) {
  require<ValueError>(batches > 0, "Trainer::evaluate: no batches");
  const NoGradient inference(tape);
  return mean_score(options_.world, batches, measured, turn, [&](Index i) {
    samples_ = 0;
    weight_.reset();
    const Var value = loss(tape, i);
    require<StateError>(value.defined(), "Trainer::evaluate: the loss of batch {} is an undefined Var", i + 1);
    const BatchScore score{value.item(), weight_of_batch()};
    tape.reset();
    return score;
  });
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
