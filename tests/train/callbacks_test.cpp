#include "../temporary_directory.h"

#include "standard_error.h"
#include "toy_training.h"

#include <recur/io/model_file.h>
#include <recur/optim/optimizers.h>
#include <recur/train/callbacks/early_stopping.h>
#include <recur/train/callbacks/learning_rate.h>
#include <recur/train/callbacks/loggers.h>
#include <recur/train/callbacks/model_checkpoint.h>
#include <recur/train/callbacks/run_folder.h>

#include <boost/test/unit_test.hpp>

namespace {

using namespace recur;

// Writes down which hooks were called.
struct Diary {
  std::string* text;
  void on_train_begin(Training&) { *text += "("; }
  void on_epoch_begin(Training& t) { *text += fmt::format("{}:", t.epoch); }
  void on_step_end(Training& t) { *text += fmt::format("{}", t.batch); }
  void on_epoch_end(Training& t) { *text += fmt::format(" e{} ", t.report.epoch); }
  void on_train_end(Training&) { *text += ")"; }
};

struct EndAtStep {
  Index step;
  [[nodiscard]] bool on_step_end(Training& t) const { return t.step >= step; }
};
struct WrongSignature {
  void on_epoch_end(int) {}
  void on_step_end(Training&) {}
};
struct NoHooks {};
struct HalfAState {
  void on_step_end(Training&) {}
  void save(TrainingState&) const {}
};

static_assert(Callback<Diary> && Callback<EndAtStep> && Callback<EarlyStopping>);
static_assert(!Callback<WrongSignature> && !Callback<NoHooks> && !Callback<HalfAState>);

// A training whose validation losses are given.
std::vector<EpochReport> fit(Line& line, Trainer& trainer, std::vector<double> losses) {
  Tape tape;
  std::size_t at = 0;
  return trainer.fit(
      tape, 1, [&](Tape& t, Index) { return line.loss(t); }, [&] { return losses.at(at++); });
}

BOOST_AUTO_TEST_SUITE(callbacks)

BOOST_AUTO_TEST_CASE(hooks_are_called_in_order) {
  Line line;
  Trainer trainer(parameters(line.dense), optim::sgd(), {.epochs = 2, .progress = false});
  std::string diary;
  trainer.add(Diary{&diary});
  Tape tape;
  trainer.fit(tape, 3, [&](Tape& t, Index) { return line.loss(t); });
  BOOST_TEST(diary == "(1:123 e1 2:123 e2 )");
}

BOOST_AUTO_TEST_CASE(a_hook_that_returns_true_ends_the_training) {
  Line line;
  Trainer trainer(parameters(line.dense), optim::sgd(), {.epochs = 5, .progress = false});
  std::string diary;
  trainer.add(Diary{&diary});
  trainer.add(EndAtStep{5});
  Tape tape;
  const auto reports = trainer.fit(tape, 3, [&](Tape& t, Index) { return line.loss(t); });
  BOOST_TEST(diary == "(1:123 e1 2:12 e2 )");
  BOOST_TEST(reports.size() == 2U);
  BOOST_TEST(!reports.back().interrupted);
}

BOOST_AUTO_TEST_CASE(early_stopping_waits_and_brings_the_best_weights_back) {
  Line line;
  Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0.01}), {.epochs = 50, .progress = false});
  auto& stopping = trainer.add(EarlyStopping({.min_delta = 0.1, .patience = 2, .restore_best_weights = true}));
  std::vector<double> kernels;
  trainer.on_epoch_end = [&](const EpochReport&) { kernels.push_back(line.kernel()); };
  const auto reports = fit(line, trainer, {3, 2, 1.95, 1.5, 1.45, 1.41, 0});
  BOOST_TEST(reports.size() == 6U);  // the third is not better by more than 0.1, nor are the fifth and sixth
  BOOST_TEST(stopping.best_epoch() == 4);
  BOOST_TEST(line.kernel() == kernels[3]);
  BOOST_TEST(line.kernel() != kernels[5]);
}

BOOST_AUTO_TEST_CASE(early_stopping_may_watch_a_metric_that_grows_from_a_baseline) {
  Line line;
  Trainer trainer(parameters(line.dense), optim::sgd(), {.epochs = 50, .progress = false});
  trainer.metrics = [](const EpochReport& r) { return NamedNumbers{{"accuracy", 0.1 * static_cast<double>(r.epoch)}}; };
  auto& stopping =
      trainer.add(EarlyStopping({.monitor = "accuracy", .patience = 3, .baseline = 0.35, .maximize = true}));
  const auto reports = fit(line, trainer, {1, 1, 1, 1});
  BOOST_TEST(reports.size() == 3U);  // 0.4 would have come one epoch later
  BOOST_TEST(stopping.best_epoch() == 0);
  Trainer other(parameters(line.dense), optim::sgd(), {.progress = false});
  other.add(EarlyStopping({.monitor = "acuracy"}));
  BOOST_CHECK_EXCEPTION(fit(line, other, {1}), ValueError, [](const ValueError& e) {
    return std::string(e.what()).find("'acuracy'; it has step, train_loss") != std::string::npos;
  });
  BOOST_CHECK_THROW(EarlyStopping({.patience = 0}), ValueError);
}

// Told when training begins; the first epoch may take hours.
BOOST_AUTO_TEST_CASE(a_misspelt_name_of_a_number_is_told_when_training_begins) {
  const TemporaryDirectory folder;
  const auto told_of = [&](auto callback, bool measures = true) {
    Line line;
    Trainer trainer(parameters(line.dense), optim::sgd(), {.epochs = 1, .progress = false});
    if (measures) trainer.metrics = [](const EpochReport&) { return NamedNumbers{{"accuracy", 0.5}}; };
    trainer.add(std::move(callback));
    const StandardError errors(folder);
    std::string before_first_step;
    Tape tape;
    try {
      trainer.fit(tape, 1, [&](Tape& t, Index) { return before_first_step = errors.text(), line.loss(t); });
    } catch (const ValueError&) {  // after the epoch
    }
    return before_first_step;
  };
  const auto hints = [&](const std::string& text, const char* name) {
    return text.find(std::string("(did you mean ") + name + "?)") != std::string::npos;
  };
  BOOST_TEST(hints(told_of(EarlyStopping({.monitor = "val_los"})), "val_loss"));
  BOOST_TEST(hints(told_of(EarlyStopping({.monitor = "valid_los"})), "valid_loss"));
  BOOST_TEST(hints(told_of(ReduceLROnPlateau({}, "trian_loss")), "train_loss"));
  BOOST_TEST(hints(told_of(ModelCheckpoint({.path = folder.file("a").string(), .monitor = "lsos"})), "loss"));
  BOOST_TEST(hints(told_of(ModelCheckpoint({.path = folder.file("b-{val_los}").string()})), "val_loss"));
  const std::string told = told_of(EarlyStopping({.monitor = "val_accuracy"}), false);
  BOOST_TEST(told.find("'val_accuracy', but the training has no metrics; there are loss, val_loss, step") !=
             std::string::npos);
  for (const char* known : {"loss", "val_loss", "accuracy", ""})
    BOOST_TEST(told_of(EarlyStopping({.monitor = known})) == "", known);
}

BOOST_AUTO_TEST_CASE(the_best_model_or_every_model_is_saved) {
  const TemporaryDirectory folder;
  Line line;
  Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0.01}), {.epochs = 3, .progress = false});
  trainer.add(ModelCheckpoint({.path = folder.file("best").string(), .metadata = {{"who", "me"}}}));
  trainer.add(ModelCheckpoint({.path = folder.file("epoch-{epoch}").string(), .best_only = false}));
  std::vector<double> kernels;
  trainer.on_epoch_end = [&](const EpochReport&) { kernels.push_back(line.kernel()); };
  fit(line, trainer, {3, 1, 2});
  const auto saved = [&](const char* name) {
    Line other;
    const Metadata metadata = load_parameters(folder.file(name), parameters(other.dense));
    BOOST_TEST(metadata.contains("who") == (std::string(name) == "best"));
    return other.kernel();
  };
  BOOST_TEST(saved("best") == kernels[1]);
  BOOST_TEST(saved("epoch-1") == kernels[0]);
  BOOST_TEST(saved("epoch-3") == kernels[2]);
  BOOST_CHECK_THROW(ModelCheckpoint({.path = ""}), ValueError);
}

BOOST_AUTO_TEST_CASE(names_of_models_have_numbers_in_them) {
  const TemporaryDirectory folder;
  Line line;
  Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0.01}), {.epochs = 3, .progress = false});
  trainer.add(
      ModelCheckpoint({.path = folder.file("new/m-{epoch:02d}-{valid_loss:.2f}{{}}").string(), .best_only = false}));
  fit(line, trainer, {3, 1, 2});
  for (const char* name : {"new/m-01-3.00{}", "new/m-02-1.00{}", "new/m-03-2.00{}"})
    BOOST_TEST(std::filesystem::exists(folder.file(name)), name);
  for (const char* path : {"{epoch", "epoch}", "{}", "{:02d}", "{epoch:zz}", "{valid_loss:02d}", "{epoch:.2f}"})
    BOOST_CHECK_THROW(ModelCheckpoint({.path = path}), ValueError);
}

// Before the first step, not after the first epoch.
BOOST_AUTO_TEST_CASE(files_that_cannot_be_written_are_told_when_training_begins) {
  const TemporaryDirectory folder;
  TemporaryDirectory::write(folder.file("taken"), "");
  const auto steps_before_error = [&](auto callback) {
    Line line;
    Trainer trainer(parameters(line.dense), optim::sgd(), {.epochs = 1, .progress = false});
    trainer.add(std::move(callback));
    Tape tape;
    int steps = 0;
    BOOST_CHECK_THROW(trainer.fit(tape, 3, [&](Tape& t, Index) { return ++steps, line.loss(t); }), FormatError);
    return steps;
  };
  BOOST_TEST(steps_before_error(ModelCheckpoint({.path = folder.file("taken/model").string()})) == 0);
  BOOST_TEST(steps_before_error(CsvLogger(folder.file("taken/log.csv"))) == 0);
  BOOST_TEST(steps_before_error(JsonLinesLogger(folder.directory())) == 0);
  BOOST_TEST(steps_before_error(RunFolder({.directory = folder.file("taken")})) == 0);
}

BOOST_AUTO_TEST_CASE(learning_rates_follow_epochs_and_plateaus) {
  Line line;
  std::vector<double> rates;
  const auto note = [&](const EpochReport& report) { rates.push_back(report.learning_rate); };
  Trainer scheduled(parameters(line.dense), optim::sgd(), {.epochs = 4, .progress = false});
  scheduled.add(LearningRateScheduler(optim::step_decay({.initial = 0.5, .every = 2})));
  scheduled.on_epoch_end = note;
  fit(line, scheduled, {1, 1, 1, 1});
  const std::vector<double> steps = {0.5, 0.5, 0.05, 0.05};
  BOOST_TEST(rates == steps, boost::test_tools::per_element());

  rates.clear();
  Trainer reduced(parameters(line.dense), optim::sgd({.learning_rate = 0.5}), {.epochs = 5, .progress = false});
  reduced.add(ReduceLROnPlateau({.factor = 0.5, .patience = 2}));
  reduced.on_epoch_end = note;
  fit(line, reduced, {3, 2, 2, 2, 2});  // reduced after the fourth
  const std::vector<double> plateau = {0.5, 0.5, 0.5, 0.5, 0.25};
  BOOST_TEST(rates == plateau, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
