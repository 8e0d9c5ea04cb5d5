#include "toy_training.h"

#include <recur/framework/expr/fuse.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>
#include <recur/optim/optimizers.h>
#include <recur/train/callbacks/early_stopping.h>
#include <recur/train/data/dataset.h>
#include <recur/train/loop/interrupt.h>
#include <recur/train/loop/snapshot.h>
#include <recur/train/loop/trainer.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <csignal>
#include <limits>

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(trainer)

BOOST_AUTO_TEST_CASE(learns_a_line_and_reports_every_epoch) {
  Line line;
  Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0.1}), {.epochs = 20, .progress = false});
  std::vector<Index> begun;
  std::size_t bests = 0;
  trainer.on_epoch_begin = [&](Index epoch) { begun.push_back(epoch); };
  trainer.on_best = [&](const EpochReport&) { ++bests; };
  Tape tape;
  const auto reports = trainer.fit(tape, 10, [&](Tape& t, Index) { return line.loss(t); });
  BOOST_TEST(reports.size() == 20U);
  BOOST_TEST(begun.size() == 20U);
  BOOST_TEST(begun.back() == 20);
  BOOST_TEST(bests >= 5U);  // the loss falls until it is all rounding
  BOOST_TEST(reports.back().train_loss < 1e-8);
  BOOST_TEST(std::isnan(reports.back().valid_loss));
  BOOST_TEST(line.dense.kernel.value().to_doubles()[0] == 3.0, boost::test_tools::tolerance(1e-3));
}

BOOST_AUTO_TEST_CASE(stops_when_validation_does_not_improve) {
  Line line;
  Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0.01}), {.epochs = 50, .progress = false});
  trainer.add(EarlyStopping({.patience = 3}));
  Tape tape;
  const std::vector<double> losses = {3, 2, 2.5, 1, 1.5, 1.2, 1.1, 0.1};
  std::size_t at = 0;
  const auto reports = trainer.fit(
      tape, 1, [&](Tape& t, Index) { return line.loss(t); }, [&] { return losses.at(at++); });
  BOOST_TEST(reports.size() == 7U);
  BOOST_TEST(reports[3].best);
  BOOST_TEST(!reports[2].best);
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_names_the_place_and_the_parameter) {
  Line line;
  line.y.fill(std::numeric_limits<float>::infinity());
  Trainer trainer(parameters(line.dense), optim::sgd(), {.epochs = 1, .progress = false});
  Tape tape;
  BOOST_CHECK_EXCEPTION(
      trainer.fit(tape, 2, [&](Tape& t, Index) { return line.loss(t); }), StateError, [](const StateError& e) {
        const std::string text = e.what();
        return text.find("batch 1 of epoch 1") != std::string::npos && text.find("'kernel'") != std::string::npos &&
               text.find(
                   "first operation with such a result: subtract, square (operation 4 of 5, shape [4, 1], inf)") !=
                   std::string::npos;
      });
}

BOOST_AUTO_TEST_CASE(a_gradient_that_is_not_finite_is_refused_before_it_does_harm) {
  Line line;
  const auto before = line.kernel();
  Trainer trainer(parameters(line.dense), optim::sgd(), {.epochs = 1, .progress = false});
  Tape tape;
  const auto root_of_nothing = [&](Tape& t, Index) {
    const Var loss = line.loss(t);
    return Var(sqrt(loss * 0.0));
  };
  BOOST_CHECK_EXCEPTION(trainer.fit(tape, 1, root_of_nothing), StateError, [](const StateError& e) {
    const std::string text = e.what();
    return text.find("the loss is 0, but the gradient of parameter 'kernel'") != std::string::npos;
  });
  BOOST_TEST(line.kernel() == before);
}

BOOST_AUTO_TEST_CASE(the_gradient_norm_is_measured) {
  Line line;
  line.dense.kernel.edit().fill(0);
  Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0}), {.epochs = 1, .progress = false});
  Tape tape;
  const auto reports = trainer.fit(tape, 2, [&](Tape& t, Index) { return line.loss(t); });
  // Of mean error²: 2/4 Σ error · x and 2/4 Σ error, where error is -y = {4, 1, -2, -5}.
  BOOST_TEST(reports[0].gradient_norm == std::hypot(-8.0, -1.0), boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(batches_are_trained_on_evaluated_and_predicted) {
  Line line;
  const TensorDataset data(line.x.clone(), line.y.clone());
  Batches batches(data, {.batch = 3, .shuffle = false});
  Trainer trainer(parameters(line.dense), optim::sgd({.learning_rate = 0.1}), {.epochs = 60, .progress = false});
  Tape tape;
  const auto loss = [&](Tape& t, const Batch& batch) {
    return mean_squared_error(line.dense(t.constant(batch.inputs)), t.constant(batch.targets));
  };
  const double whole = line.loss(tape).item();
  tape.reset();
  BOOST_TEST(trainer.evaluate(tape, batches, loss) == whole, boost::test_tools::tolerance(1e-5));  // 3 and 1 examples
  const auto reports = trainer.fit(tape, batches, loss, batches);
  BOOST_TEST(reports.back().valid_loss < 1e-4);
  BOOST_TEST(reports.back().items_per_second > 0);
  const auto outputs = Trainer::predict(
      tape, batches, [&](Tape& t, const Batch& batch) { return line.dense(t.constant(batch.inputs)); });
  BOOST_TEST(outputs.size() == 2U);
  BOOST_TEST(outputs[1].to_doubles()[0] == 5.0, boost::test_tools::tolerance(0.01));
  BOOST_TEST(tape.recording());
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_after_the_step_at_hand) {
  Line line;
  Trainer trainer(parameters(line.dense), optim::sgd(), {.epochs = 5, .progress = false});
  Tape tape;
  Index steps = 0;
  bool validated = false;
  const auto reports = trainer.fit(
      tape, 10,
      [&](Tape& t, Index index) {
        if (index == 3) std::raise(SIGINT);
        ++steps;
        return line.loss(t);
      },
      [&] {
        validated = true;
        return 1.0;
      });
  BOOST_TEST(steps == 4);
  BOOST_TEST(validated);
  BOOST_TEST(reports.size() == 1U);
  BOOST_TEST(reports[0].interrupted);
  BOOST_TEST(InterruptGuard::requested());
}

BOOST_AUTO_TEST_CASE(a_snapshot_brings_values_back) {
  Line line;
  const auto all = parameters(line.dense);
  const auto before = line.dense.kernel.value().to_doubles();
  Snapshot snapshot;
  snapshot.restore(all);  // nothing taken: nothing changes
  snapshot.take(all);
  line.dense.kernel.edit().fill(9);
  snapshot.restore(all);
  BOOST_TEST(line.dense.kernel.value().to_doubles() == before, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_refused) {
  Line line;
  BOOST_CHECK_THROW(Trainer(parameters(line.dense), optim::sgd(), {.epochs = -1}), ValueError);
  Trainer trainer(parameters(line.dense), optim::sgd());
  Tape tape;
  BOOST_CHECK_THROW(trainer.fit(tape, 0, [&](Tape& t, Index) { return line.loss(t); }), ValueError);
}

// A stream that is trained on in windows, with validation in between or without.
BOOST_AUTO_TEST_CASE(validation_leaves_the_states_of_a_stateful_model_alone) {
  const auto train = [](bool validates) {
    Sequential model(LSTM(3, {}, {.return_sequences = true, .stateful = true}), Dense(1));
    Builder builder(1, DType::float32, Generator(1));
    model.build(builder);
    Trainer trainer(parameters(model), optim::sgd({.learning_rate = 0.1}), {.epochs = 3, .progress = false});
    trainer.carry_states(recurrent_layers(model));
    Tape tape;
    const auto loss_of = [&](Tape& t, Index batch, Index window) {
      Tensor<float> x({batch, 2, 1});
      x.fill(static_cast<float>(window + 1));
      return mean_squared_error(model(t.constant(x)), t.filled({batch, 2, 1}, 0.5));
    };
    const auto validate = [&] {
      return trainer.evaluate(tape, 2, [&](Tape& t, Index i) { return loss_of(t, 5, i + 7); });
    };
    const auto loss = [&](Tape& t, Index i) { return loss_of(t, 2, i); };
    if (validates) trainer.fit(tape, 2, loss, validate);
    else trainer.fit(tape, 2, loss);
    std::vector<double> all = model.layers()[0]->rnn()->states()[0].to_doubles();
    for (const NamedParameter& p : parameters(model))
      for (const double value : p.parameter->value().to_doubles()) all.push_back(value);
    return all;
  };
  BOOST_TEST(train(true) == train(false), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
