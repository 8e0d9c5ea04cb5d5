#include <recur/train/trainer.h>

#include <recur/train/interrupt.h>
#include <recur/train/progress.h>

#include <chrono>
#include <cmath>

namespace recur {

Trainer::Trainer(std::vector<NamedParameter> parameters, optim::Optimizer optimizer, TrainerOptions options)
    : parameters_(std::move(parameters)), optimizer_(std::move(optimizer)), options_(std::move(options)) {
  require<ValueError>(options_.epochs >= 0, "Trainer: epochs must not be negative, got {}", options_.epochs);
  require<ValueError>(options_.patience >= 0, "Trainer: patience must not be negative, got {}", options_.patience);
  if (!options_.checkpoint.directory.empty()) checkpoints_.emplace(options_.checkpoint);
}

void Trainer::refuse_non_finite(Index epoch, Index batch, double loss) const {
  std::string culprit = "all gradients are finite so far";
  for (const NamedParameter& named : parameters_) {
    for (const double g : named.parameter->gradient.to_doubles())
      if (!std::isfinite(g)) {
        culprit = "'" + named.path + "' is the first parameter with such a gradient";
        fail<StateError>(
            "Trainer::fit: the loss is {} at batch {} of epoch {}; {} (a lower learning rate or clipping helps)", loss,
            batch, epoch, culprit);
      }
  }
  fail<StateError>("Trainer::fit: the loss is {} at batch {} of epoch {}; {} (look at the data and the learning rate)",
                   loss, batch, epoch, culprit);
}

void Trainer::train_epoch(Tape& tape, Index batches, const Loss& loss) {
  const auto start = std::chrono::steady_clock::now();
  const double seconds_before = position_.seconds;
  ProgressLine progress(options_.progress);
  const std::string label = fmt::format("epoch {}", position_.epoch);
  while (position_.batch < batches && !InterruptGuard::requested()) {
    const Var value = loss(tape, position_.batch);
    const double number = value.item();
    tape.backward(value);
    if (!std::isfinite(number)) refuse_non_finite(position_.epoch, position_.batch + 1, number);
    optimizer_.step(parameters_);
    tape.reset();
    position_.loss += number;
    ++position_.batch;
    ++position_.step;
    position_.seconds =
        seconds_before + std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress.update(label, position_.batch, batches,
                    fmt::format("loss {:.4f}", position_.loss / static_cast<double>(position_.batch)));
    const bool due = options_.checkpoint.every > 0 && position_.step % options_.checkpoint.every == 0;
    if (checkpoints_ && position_.batch < batches && (due || InterruptGuard::requested())) save(tape, batches);
  }
}

// What the epoch came to; after it `position_` is at the beginning of the next one.
EpochReport Trainer::finish_epoch(const Validation& validation) {
  EpochReport report{.epoch = position_.epoch, .seconds = position_.seconds, .metrics = {}};
  report.train_loss = position_.batch > 0 ? position_.loss / static_cast<double>(position_.batch)
                                          : std::numeric_limits<double>::quiet_NaN();
  if (validation) report.valid_loss = validation();
  report.interrupted = InterruptGuard::requested();
  const double judged = validation ? report.valid_loss : report.train_loss;
  report.best = judged < position_.best;
  position_.since_best = report.best ? 0 : position_.since_best + 1;
  if (report.best) position_.best = judged;
  position_.batch = 0;
  position_.loss = 0;
  ++position_.epoch;
  return report;
}

std::vector<EpochReport> Trainer::fit(Tape& tape, Index batches, const Loss& loss, const Validation& validation) {
  require<ValueError>(batches > 0, "Trainer::fit: no batches to train on");
  const InterruptGuard interrupt;
  position_ = {};
  std::optional<TrainingState> resumed = newest_state(batches);
  const auto finished = [&] {
    return position_.epoch > options_.epochs || (options_.patience > 0 && position_.since_best >= options_.patience);
  };
  std::vector<EpochReport> reports;
  // A checkpoint between two epochs was made before the later one began, one within an epoch after that.
  const bool within_epoch = position_.batch > 0;
  if (resumed && !within_epoch) restore(tape, *resumed);
  while (!finished() && !InterruptGuard::requested()) {
    if (on_epoch_begin) on_epoch_begin(position_.epoch);
    if (resumed && within_epoch) restore(tape, *resumed);
    resumed.reset();
    train_epoch(tape, batches, loss);
    const bool complete = position_.batch == batches;
    EpochReport report = finish_epoch(validation);
    if (metrics) report.metrics = metrics(report);
    if (report.best && on_best) on_best(report);
    if (checkpoints_ && complete) save(tape, batches);
    if (on_epoch_end) on_epoch_end(report);
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace recur
