#include "../../temporary_directory.h"
#include "../toy_training.h"

#include <recur/optim/optimizers.h>
#include <recur/train/callbacks/early_stopping.h>
#include <recur/train/callbacks/learning_rate.h>
#include <recur/train/callbacks/model_checkpoint.h>
#include <recur/train/callbacks/run_folder.h>
#include <recur/train/loop/interrupt.h>
#include <recur/train/loop/trainer.h>

#include <boost/test/unit_test.hpp>

#include <csignal>

namespace {

using namespace recur;

using Handler = void (*)(int);
Handler handler_of(int signal) {
  struct sigaction action {};
  ::sigaction(signal, nullptr, &action);
  return action.sa_handler;
}
void own_handler(int) {}

BOOST_AUTO_TEST_SUITE(interrupt)

BOOST_AUTO_TEST_CASE(handlers_come_back_and_ignored_signals_stay_ignored) {
  std::signal(SIGINT, own_handler);
  std::signal(SIGHUP, SIG_IGN);
  {
    const InterruptGuard guard;
    BOOST_TEST((handler_of(SIGHUP) == SIG_IGN));
    BOOST_TEST((handler_of(SIGINT) != own_handler));
    std::raise(SIGHUP);
    BOOST_TEST(!InterruptGuard::requested());
    std::raise(SIGTERM);
    BOOST_TEST(InterruptGuard::signal() == SIGTERM);
    // A second one, whichever, kills.
    BOOST_TEST((handler_of(SIGTERM) == SIG_DFL));
    BOOST_TEST((handler_of(SIGINT) == SIG_DFL));
  }
  BOOST_TEST((handler_of(SIGINT) == own_handler));
  BOOST_TEST((handler_of(SIGHUP) == SIG_IGN));
  BOOST_TEST((handler_of(SIGTERM) == SIG_DFL));
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGHUP, SIG_DFL);
}

// Interrupted after each number of steps in turn, with a validation that is best within epochs: the resumed training
// ends with the bits, files and logs of one that was left alone.
BOOST_AUTO_TEST_CASE(an_interrupted_epoch_is_never_the_best) {
  constexpr Index batches = 4;
  constexpr Index epochs = 4;
  const auto go = [&](const TemporaryDirectory& folder, int stop) {
    Line line;
    Trainer trainer(
        parameters(line.dense), optim::adam({.learning_rate = 0.1}),
        {.epochs = epochs, .progress = false, .checkpoint = {.directory = folder.file("c"), .resume = true}});
    trainer.add(EarlyStopping({.patience = 9, .restore_best_weights = true}));
    trainer.add(ReduceLROnPlateau({.factor = 0.5, .patience = 1}));
    trainer.add(ModelCheckpoint({.path = folder.file("best").string()}));
    trainer.add(RunFolder({.directory = folder.file("run")}));
    std::string best;
    trainer.on_best = [&](const EpochReport& report) {
      best += std::to_string(report.epoch);
      save_parameters(folder.file("model"), parameters(line.dense));
    };
    Tape tape;
    int made = 0;
    bool within = false;
    const auto reports = trainer.fit(
        tape, batches,
        [&](Tape& t, Index index) {
          if (++made == stop) std::raise(SIGINT);
          within = index + 1 < batches;
          return line.loss(t);
        },
        [&] { return within ? 0.0 : 1.0 + line.kernel(); });
    for (const EpochReport& report : reports) BOOST_TEST((!report.interrupted || !report.best));
    BOOST_TEST(trainer.interrupted_by() == (stop < epochs * batches ? SIGINT : 0));
    return line.kernel();
  };
  const TemporaryDirectory whole;
  const double expected = go(whole, 1 << 20);
  const auto csv = [](const TemporaryDirectory& folder) {
    const std::string text = TemporaryDirectory::read(folder.file("run/metrics.csv"));
    return std::count(text.begin(), text.end(), '\n');
  };
  for (int stop = 1; stop < epochs * batches; ++stop) {
    const TemporaryDirectory folder;
    (void)go(folder, stop);
    BOOST_TEST(go(folder, 1 << 20) == expected, "stopped at step " << stop);
    for (const char* file : {"model", "best"})
      BOOST_TEST((TemporaryDirectory::read(folder.file(file)) == TemporaryDirectory::read(whole.file(file))),
                 file << ", stopped at step " << stop);
    BOOST_TEST(csv(folder) == csv(whole));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
