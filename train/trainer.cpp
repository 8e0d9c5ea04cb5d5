#include <recur/train/trainer.h>

#include <recur/train/interrupt.h>
#include <recur/train/progress.h>

#include <chrono>
#include <cmath>

namespace recur {

Trainer::Trainer(std::vector<NamedParameter> parameters, optim::Optimizer optimizer, TrainerOptions options)
    : parameters_(std::move(parameters)), optimizer_(std::move(optimizer)), options_(options) {
  require<ValueError>(options.epochs >= 0, "Trainer: epochs must not be negative, got {}", options.epochs);
  require<ValueError>(options.patience >= 0, "Trainer: patience must not be negative, got {}", options.patience);
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

double Trainer::train_epoch(Tape& tape, Index epoch, Index batches, const Loss& loss) {
  ProgressLine progress(options_.progress);
  const std::string label = fmt::format("epoch {}", epoch);
  double sum = 0;
  Index done = 0;
  while (done < batches && !InterruptGuard::requested()) {
    const Var value = loss(tape, done);
    const double number = value.item();
    tape.backward(value);
    if (!std::isfinite(number)) refuse_non_finite(epoch, done + 1, number);
    optimizer_.step(parameters_);
    tape.reset();
    sum += number;
    ++done;
    progress.update(label, done, batches, fmt::format("loss {:.4f}", sum / static_cast<double>(done)));
  }
  return done > 0 ? sum / static_cast<double>(done) : std::numeric_limits<double>::quiet_NaN();
}

std::vector<EpochReport> Trainer::fit(Tape& tape, Index batches, const Loss& loss, const Validation& validation) {
  require<ValueError>(batches > 0, "Trainer::fit: no batches to train on");
  const InterruptGuard interrupt;
  std::vector<EpochReport> reports;
  double best = std::numeric_limits<double>::infinity();
  double seconds = 0;
  Index since_best = 0;
  for (Index epoch = 1; epoch <= options_.epochs && !InterruptGuard::requested(); ++epoch) {
    if (on_epoch_begin) on_epoch_begin(epoch);
    const auto start = std::chrono::steady_clock::now();
    EpochReport report{.epoch = epoch, .train_loss = train_epoch(tape, epoch, batches, loss), .metrics = {}};
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    report.seconds = seconds;
    if (validation) report.valid_loss = validation();
    report.interrupted = InterruptGuard::requested();
    const double judged = validation ? report.valid_loss : report.train_loss;
    report.best = judged < best;
    since_best = report.best ? 0 : since_best + 1;
    if (report.best) best = judged;
    if (metrics) report.metrics = metrics(report);
    if (report.best && on_best) on_best(report);
    if (on_epoch_end) on_epoch_end(report);
    reports.push_back(std::move(report));
    if (options_.patience > 0 && since_best >= options_.patience) break;
  }
  return reports;
}

}  // namespace recur
