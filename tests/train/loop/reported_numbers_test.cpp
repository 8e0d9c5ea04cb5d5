#include "toy_training.h"

#include <recur/framework/expr/fuse.h>
#include <recur/optim/averaged_weights.h>
#include <recur/optim/optimizers.h>
#include <recur/train/callbacks/early_stopping.h>
#include <recur/train/callbacks/learning_rate.h>
#include <recur/train/callbacks/model_checkpoint.h>
#include <recur/train/data/dataset.h>
#include <recur/train/loop/trainer.h>

#include <boost/test/unit_test.hpp>

#include "../temporary_directory.h"

#include <cmath>
#include <limits>

// The numbers of a report are those that training used, and what is judged by them is what is kept.

namespace {

using namespace recur;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
// The norm of the gradient of Line's loss at the kernel 0 and the bias 0: of -8 and -1.
const double norm_at_zero = std::hypot(8.0, 1.0);
constexpr double rounding = 1e-6;  // of float

struct ZeroLine : Line {
  ZeroLine() { dense.kernel.edit().fill(0); }
  std::vector<EpochReport> fit(optim::Optimizer optimizer, Index epochs, Index batches) {
    Trainer trainer(parameters(dense), std::move(optimizer), options(epochs));
    return trainer.fit(tape, batches, [&](Tape& t, Index) { return loss(t); });
  }
  TrainerOptions options(Index epochs) {
    return {.epochs = epochs, .progress = false, .warn = [&](const std::string& text) { warnings.push_back(text); }};
  }
  Tape tape;
  std::vector<std::string> warnings;
};

optim::Optimizer accumulating(double rate, Index steps) {
  return optim::sgd({.learning_rate = rate, .common = {.gradient_accumulation_steps = steps}});
}

BOOST_AUTO_TEST_SUITE(reported_numbers)

BOOST_AUTO_TEST_CASE(the_gradient_norm_is_that_of_the_mean_over_accumulated_batches) {
  for (const Index steps : {1, 2, 4}) {
    const auto reports = ZeroLine().fit(accumulating(0, steps), 2, 8);
    for (const EpochReport& report : reports)
      BOOST_TEST(report.gradient_norm == norm_at_zero, boost::test_tools::tolerance(rounding));
  }
}

BOOST_AUTO_TEST_CASE(an_epoch_without_an_update_has_no_gradient_norm) {
  const auto reports = ZeroLine().fit(accumulating(0, 4), 2, 2);
  BOOST_TEST(std::isnan(reports[0].gradient_norm));
  BOOST_TEST(reports[1].gradient_norm == norm_at_zero, boost::test_tools::tolerance(rounding));
}

BOOST_AUTO_TEST_CASE(the_training_loss_is_a_mean_over_examples_as_the_validation_loss_is) {
  ZeroLine line;
  const TensorDataset data(Tensor<float>({5, 1}, {0, 0, 0, 0, 1}), Tensor<float>({5, 1}, {1, 1, 1, 1, 11}));
  Batches batches(data, {.batch = 4, .shuffle = false});
  Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0}), line.options(1));
  const auto loss = [&](Tape& t, const Batch& batch) {
    return mean_squared_error(line.dense(t.constant(batch.inputs)), t.constant(batch.targets));
  };
  const auto reports = trainer.fit(line.tape, batches, loss, batches);
  BOOST_TEST(reports[0].train_loss == 25.0, boost::test_tools::tolerance(rounding));  // (4 · 1 + 121) / 5
  BOOST_TEST(reports[0].valid_loss == 25.0, boost::test_tools::tolerance(rounding));
}

BOOST_AUTO_TEST_CASE(a_batch_counts_by_what_its_loss_is_a_mean_of) {
  ZeroLine line;
  Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0}), line.options(1));
  const auto loss = [&](Tape& t, Index batch) {
    trainer.weigh(batch == 0 ? 1 : 0.25);
    return Var(line.loss(t) * (batch == 0 ? 1.0 : 2.0));
  };
  const double once = line.loss(line.tape).item();
  line.tape.reset();
  const double mean = once * (1 + 0.25 * 2) / 1.25;
  BOOST_TEST(trainer.evaluate(line.tape, 2, loss) == mean, boost::test_tools::tolerance(rounding));
  BOOST_TEST(trainer.fit(line.tape, 2, loss)[0].train_loss == mean, boost::test_tools::tolerance(rounding));
  BOOST_CHECK_THROW(trainer.weigh(-1), ValueError);
}

BOOST_AUTO_TEST_CASE(the_rate_is_reported_with_its_decay) {
  ZeroLine line;
  const auto reports = line.fit(optim::sgd({.learning_rate = 0.1, .decay = 10}), 2, 5);
  BOOST_TEST(reports[0].learning_rate == 0.1 / (1 + 10.0 * 5), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(reports[1].learning_rate == 0.1 / (1 + 10.0 * 10), boost::test_tools::tolerance(1e-12));
}

// The rate that a plateau reduces is the one before decay, which would otherwise be applied twice.
BOOST_AUTO_TEST_CASE(a_plateau_and_a_decay_work_together) {
  ZeroLine line;
  Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0.1, .decay = 1}), line.options(2));
  trainer.add(ReduceLROnPlateau({.factor = 0.5, .patience = 1}));
  const auto reports = trainer.fit(
      line.tape, 1, [&](Tape& t, Index) { return line.loss(t); }, [] { return 1.0; });
  BOOST_TEST(reports[1].learning_rate == 0.1 / (1 + 2.0), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(trainer.optimizer().next_rate() == 0.05 / (1 + 2.0), boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(training_begins_without_gradients_of_before) {
  const auto kernel_after_one_step = [](const std::function<void(ZeroLine&)>& before) {
    ZeroLine line;
    before(line);
    line.fit(optim::sgd({.learning_rate = 0.1}), 1, 1);
    return line.kernel();
  };
  const double right = kernel_after_one_step([](ZeroLine&) {});
  BOOST_TEST(right == 0.8, boost::test_tools::tolerance(rounding));
  BOOST_TEST(kernel_after_one_step([](ZeroLine& l) { l.fit(accumulating(0, 4), 1, 6); }) == right);
  BOOST_TEST(kernel_after_one_step([](ZeroLine& l) { l.tape.backward(l.loss(l.tape)); }) == right);
  ZeroLine used;
  used.fit(accumulating(0, 4), 1, 6);
  BOOST_TEST(used.dense.kernel.gradient.to_doubles()[0] == 0.0);
}

BOOST_AUTO_TEST_CASE(gradients_of_which_no_update_is_made_are_told) {
  ZeroLine line;
  line.fit(accumulating(0.1, 4), 2, 3);
  BOOST_REQUIRE(line.warnings.size() == 1U);
  BOOST_TEST(line.warnings[0].find("the gradients of the last 2 batches are dropped") != std::string::npos);
  BOOST_CHECK_THROW(ZeroLine().fit(accumulating(0.1, 7), 2, 3), ValueError);
}

BOOST_AUTO_TEST_CASE(what_follows_a_loss_that_is_not_finite_trains) {
  ZeroLine line;
  Trainer trainer(parameters(line.dense), accumulating(0.1, 2), line.options(1));
  double factor = 1;
  const auto loss = [&](Tape& t, Index batch) {
    const Var own = line.loss(t);
    return batch == 1 ? Var(own * factor) : own;
  };
  factor = nan;
  BOOST_CHECK_THROW(trainer.fit(line.tape, 2, loss), StateError);
  BOOST_TEST(line.tape.size() == 0U);
  factor = 1;
  trainer.fit(line.tape, 2, loss);
  BOOST_TEST(line.kernel() == 0.8, boost::test_tools::tolerance(rounding));
}

BOOST_AUTO_TEST_CASE(a_validation_loss_that_is_nan_is_no_best_value) {
  const TemporaryDirectory folder;
  const auto file = folder.file("best.safetensors");
  for (const char* monitor : {"", "valid_loss"}) {
    ZeroLine line;
    Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0.1}), line.options(9));
    const auto& stopping =
        trainer.add(EarlyStopping({.monitor = monitor, .patience = 3, .restore_best_weights = true}));
    trainer.add(ModelCheckpoint({.path = file, .monitor = monitor}));
    const std::vector<double> losses = {900, 800, nan, 700, 600, 500, 400, 300, 200};
    std::size_t at = 0;
    std::vector<double> kernels;
    trainer.on_epoch_end = [&](const EpochReport&) { kernels.push_back(line.kernel()); };
    const auto reports = trainer.fit(
        line.tape, 1, [&](Tape& t, Index) { return line.loss(t); }, [&] { return losses[at++]; });
    BOOST_TEST(reports.size() == 9U);
    BOOST_TEST(!reports[2].best);
    BOOST_TEST(stopping.best_epoch() == 9);
    BOOST_TEST(line.kernel() == kernels[8]);
    (void)load_parameters(file, parameters(line.dense));
    BOOST_TEST(line.kernel() == kernels[8]);
  }
}

BOOST_AUTO_TEST_CASE(validation_that_is_always_nan_ends_the_training) {
  ZeroLine line;
  Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0.1}), line.options(20));
  trainer.add(EarlyStopping({.patience = 2}));
  const auto reports = trainer.fit(
      line.tape, 1, [&](Tape& t, Index) { return line.loss(t); }, [] { return nan; });
  BOOST_TEST(reports.size() == 2U);
}

BOOST_AUTO_TEST_CASE(averages_that_are_judged_are_restored_and_saved) {
  const TemporaryDirectory folder;
  const auto file = folder.file("best.safetensors");
  for (const bool by_hand : {false, true}) {
    ZeroLine line;
    const auto learned = parameters(line.dense);
    Trainer trainer(learned, optim::sgd({.learning_rate = 0.1, .common = {.ema_momentum = 0.9}}), line.options(5));
    trainer.add(EarlyStopping({.patience = 10, .restore_best_weights = true}));
    trainer.add(ModelCheckpoint({.path = file}));
    const auto score = [&] {
      const NoGradient inference(line.tape);
      const double value = line.loss(line.tape).item();
      line.tape.reset();
      return value;
    };
    const auto reports = trainer.fit(
        line.tape, 3, [&](Tape& t, Index) { return line.loss(t); },
        [&] {
          if (!by_hand) return score();
          const optim::AveragedWeights averaged(trainer.optimizer(), learned);
          return score();
        });
    BOOST_TEST(score() == reports.back().valid_loss);
    (void)load_parameters(file, learned);
    BOOST_TEST(score() == reports.back().valid_loss);
    BOOST_TEST(score() > 0.5);  // the values themselves are far better after 15 steps
  }
}

// Shuffled orders and noise depend on the number of the epoch.
BOOST_AUTO_TEST_CASE(a_second_fit_counts_epochs_on) {
  ZeroLine line;
  const TensorDataset data(Tensor<float>({8, 1}, {0, 1, 2, 3, 4, 5, 6, 7}), Tensor<float>(Shape{8, 1}));
  const auto orders = [&](Index epochs, int calls) {
    Batches batches(data, {.batch = 2, .seed = 3});
    Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0}), line.options(epochs));
    std::vector<float> seen;
    std::vector<Index> steps;
    for (int i = 0; i < calls; ++i)
      for (const EpochReport& report : trainer.fit(line.tape, batches, [&](Tape&t, const Batch&batch) {
             for (const float x : batch.inputs.values()) seen.push_back(x);
             return mean_squared_error(line.dense(t.constant(batch.inputs)), t.constant(batch.targets));
           }))
        steps.push_back(report.epoch * 100 + report.step);
    BOOST_TEST(steps == (std::vector<Index>{104, 208, 312}), boost::test_tools::per_element());
    return seen;
  };
  const auto at_once = orders(3, 1);
  BOOST_TEST(at_once == orders(1, 3), boost::test_tools::per_element());
  BOOST_TEST(!std::equal(at_once.begin(), at_once.begin() + 8, at_once.begin() + 8));
}

BOOST_AUTO_TEST_CASE(schedules_by_epochs_go_on_in_a_second_fit) {
  ZeroLine line;
  Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 1}), line.options(1));
  trainer.add(LearningRateScheduler(optim::step_decay({.initial = 0.1, .every = 1})));
  std::vector<double> rates;
  for (int i = 0; i < 3; ++i)
    rates.push_back(trainer.fit(line.tape, 1, [&](Tape& t, Index) { return line.loss(t); })[0].learning_rate);
  BOOST_TEST(rates == (std::vector<double>{0.1, 0.01, 0.001}), boost::test_tools::tolerance(1e-12)
                                                                   << boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_parameter_listed_twice_counts_once) {
  ZeroLine line;
  auto learned = parameters(line.dense);
  learned.insert(learned.end(), learned.begin(), learned.end());
  Trainer trainer(learned, optim::sgd({.learning_rate = 0}), line.options(1));
  const auto reports = trainer.fit(line.tape, 1, [&](Tape& t, Index) { return line.loss(t); });
  BOOST_TEST(reports[0].gradient_norm == norm_at_zero, boost::test_tools::tolerance(rounding));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
