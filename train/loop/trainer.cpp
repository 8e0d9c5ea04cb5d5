#include <recur/train/loop/trainer.h>

#include <recur/train/callbacks/finite_guard.h>
#include <recur/train/callbacks/progress.h>
#include <recur/train/loop/interrupt.h>

#include <fmt/format.h>
#include <Eigen/Core>

#include <chrono>

namespace recur {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

template <class T>
double square_of(const Array& array) {
  const auto values = array.as<T>().values();
  const auto vector = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>>(values.data(), std::ssize(values));
  // Pieces of float are added up as such, faster and still far from overflow unless the gradient is lost anyway.
  constexpr Index piece = 4096;
  double square = 0;
  for (Index at = 0; at < vector.size(); at += piece)
    square += static_cast<double>(vector.segment(at, std::min(piece, vector.size() - at)).squaredNorm());
  return square;
}

}  // namespace

Trainer::Trainer(std::vector<NamedParameter> parameters, optim::Optimizer optimizer, TrainerOptions options)
    : parameters_(std::move(parameters)), optimizer_(std::move(optimizer)), options_(std::move(options)) {
  require<ValueError>(options_.epochs >= 0, "Trainer: epochs must not be negative, got {}", options_.epochs);
  require<ValueError>(options_.items_per_batch >= 0, "Trainer: items_per_batch must not be negative, got {}",
                      options_.items_per_batch);
  if (!options_.checkpoint.directory.empty()) checkpoints_.emplace(options_.checkpoint);
}

void Trainer::call(Hook hook, Training& training) {
  for (const auto& callback : callbacks_)
    if ((*callback.*hook)(training)) totals_.ended = true;
}

double Trainer::measure_gradients() const {
  double square = 0;
  for (const NamedParameter& p : parameters_)
    if (p.parameter->trainable)
      square += dispatch_real(p.parameter->dtype(), [&]<class T>() { return square_of<T>(p.parameter->gradient); });
  return std::sqrt(square);
}

void Trainer::train_step(Training& t, const Loss& loss) {
  const auto where = [&] { return fmt::format("Trainer::fit, batch {} of epoch {}", t.batch + 1, t.epoch); };
  const Var value = loss(t.tape, t.batch);
  t.loss = value.item();
  if (!std::isfinite(t.loss)) refuse_non_finite(where(), t.tape, value, parameters_);
  t.tape.backward(value);
  if (options_.gradient_norm) {
    t.gradient_norm = measure_gradients();
    if (!std::isfinite(t.gradient_norm)) require_finite_gradients(where(), t.tape, value, parameters_);
    totals_.gradient_norm += t.gradient_norm;
  }
  optimizer_.step(parameters_);
  t.tape.reset();
  totals_.loss += t.loss;
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
                    fmt::format("loss {:.4f}{}", totals_.loss / static_cast<double>(t.batch),
                                totals_.items > 0 ? "  " + short_number(rate) + " " + t.items + "/s" : ""));
    call(&detail::AnyCallback::step_end, t);
    const bool due = options_.checkpoint.every > 0 && t.step % options_.checkpoint.every == 0;
    if (checkpoints_ && t.batch < t.batches && (due || InterruptGuard::requested())) save(t);
  }
}

EpochReport Trainer::finish_epoch(const Training& t, const Validation& validation) {
  EpochReport report{.epoch = t.epoch, .seconds = t.seconds, .metrics = {}};
  const auto steps = static_cast<double>(t.batch);
  report.step = t.step;
  report.train_loss = totals_.loss / steps;
  if (optimizer_.has_learning_rate()) report.learning_rate = optimizer_.learning_rate();
  if (options_.gradient_norm) report.gradient_norm = totals_.gradient_norm / steps;
  if (totals_.items > 0) report.items_per_second = totals_.items / (t.seconds - totals_.seconds_before);
  if (validation) report.valid_loss = validation();
  report.interrupted = InterruptGuard::requested() && t.batch < t.batches;
  const double judged = validation ? report.valid_loss : report.train_loss;
  report.best = judged < totals_.best;
  if (report.best) totals_.best = judged;
  if (metrics) report.metrics = metrics(report);
  return report;
}

void Trainer::begin_epoch(Training& t, const EpochStart& start_epoch) {
  if (start_epoch) start_epoch(t.epoch);
  if (on_epoch_begin) on_epoch_begin(t.epoch);
  call(&detail::AnyCallback::epoch_begin, t);
}

// Whether the epoch came to its end; then `t` is at the beginning of the next one.
bool Trainer::end_epoch(Training& t, const Validation& validation) {
  t.report = finish_epoch(t, validation);
  if (t.report.best && on_best) on_best(t.report);
  call(&detail::AnyCallback::epoch_end, t);
  if (on_epoch_end) on_epoch_end(t.report);
  if (t.batch < t.batches) return false;
  ++t.epoch;
  t.batch = 0;
  totals_ = {.seconds_before = t.seconds, .best = totals_.best, .ended = totals_.ended};
  if (checkpoints_) save(t);
  return true;
}

std::vector<EpochReport> Trainer::run(Tape& tape, Index batches, const Loss& loss, const Validation& validation,
                                      const EpochStart& start_epoch) {
  require<ValueError>(batches > 0, "Trainer::fit: no batches to train on");
  const InterruptGuard interrupt;
  Training t{.parameters = parameters_, .optimizer = optimizer_, .tape = tape, .items = options_.items};
  t.epochs = options_.epochs;
  t.batches = batches;
  totals_ = {};
  samples_ = 0;
  std::optional<TrainingState> resumed = newest_state(t);
  call(&detail::AnyCallback::train_begin, t);
  std::vector<EpochReport> reports;
  // A checkpoint between two epochs was made before the later one began, one within an epoch after that.
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
  if (within_epoch) restore(t, *resumed);  // it was over already
  call(&detail::AnyCallback::train_end, t);
  return reports;
}

double Trainer::evaluate(Tape& tape, Index batches, const Loss& loss) {
  require<ValueError>(batches > 0, "Trainer::evaluate: no batches");
  const NoGradient inference(tape);
  double total = 0;
  double weight = 0;
  for (Index i = 0; i < batches; ++i) {
    samples_ = 0;
    const double value = loss(tape, i).item();
    tape.reset();
    const double counts = samples_ > 0 ? samples_ : 1;
    total += counts * value;
    weight += counts;
  }
  samples_ = 0;
  return total / weight;
}

std::vector<Array> Trainer::predict(Tape& tape, Index batches, const Loss& output) {
  const NoGradient inference(tape);
  std::vector<Array> outputs;
  for (Index i = 0; i < batches; ++i) {
    outputs.push_back(output(tape, i).to_array());
    tape.reset();
  }
  return outputs;
}

}  // namespace recur
