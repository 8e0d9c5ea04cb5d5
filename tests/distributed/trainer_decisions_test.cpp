#include "../temporary_directory.h"
#include "small_training.h"

#include <recur/layers/batch_normalization.h>
#include <recur/train/callbacks/early_stopping.h>
#include <recur/train/loop/sum_gradients.h>

#include <atomic>

namespace {

using namespace small_training;

BOOST_AUTO_TEST_SUITE(trainer_decisions)

BOOST_AUTO_TEST_CASE(masks_differ_by_rank_and_do_not_depend_on_restarts) {
  const TensorDataset data = numbers(16);
  const auto train = [&](const std::filesystem::path& folder, Index epochs) {
    return on_all(
        2,
        [&](World& world, Sequential& model) {
          TrainerOptions options{.epochs = epochs, .progress = false, .world = &world};
          if (!folder.empty()) options.checkpoint = {.directory = folder, .resume = true};
          ModelTrainer trainer(model, "mse", clipped_adam(), options, 9);
          (void)trainer.fit(Batches(data, {.batch = 8, .seed = 4}));
        },
        DType::float32, 0.5);
  };
  const TemporaryDirectory folder;
  const auto straight = train("", 4);
  (void)train(folder.directory(), 2);
  BOOST_TEST((train(folder.directory(), 4) == straight));
  BOOST_TEST(!straight.empty());

  // Rows that are alike: gradients of the two ranks differ by their masks alone.
  std::vector<double> norms(2);
  (void)on_ranks(2, [&](World& world) {
    Sequential model = model_of(DType::float32, 0.5);
    Tape tape(DType::float32, 9);
    Trainer trainer(parameters(model), optim::sgd({.learning_rate = 0}),
                    {.epochs = 1, .progress = false, .world = &world});
    double& drawn = norms[static_cast<std::size_t>(world.rank())];
    (void)trainer.fit(tape, 1, [&](Tape& t, Index) {
      drawn = Generator(t.generator().state()).uniform();
      return squared_error(model, t, numbers(2).gather(std::vector<Index>{0, 1}));
    });
  });
  BOOST_TEST(norms[0] != norms[1]);
}

BOOST_AUTO_TEST_CASE(gradients_are_accumulated_before_they_are_summed) {
  const TensorDataset data = numbers(16);
  const auto accumulating = [] {
    return optim::adam({.learning_rate = 0.02, .common = {.gradient_accumulation_steps = 4}});
  };
  Sequential alone = model_of();
  ModelTrainer one(alone, "mse", accumulating(), quiet);
  (void)one.fit(Batches(data, {.batch = 4, .seed = 4}));
  for (const Index every : {0, 3}) {  // checkpoints in the middle of an update, too
    const TemporaryDirectory folder;
    const auto trained = on_all(3, [&](World& world, Sequential& model) {
      TrainerOptions options = quiet;
      options.world = &world;
      if (every > 0) options.checkpoint = {.directory = folder.directory(), .every = every};
      ModelTrainer trainer(model, "mse", accumulating(), options);
      (void)trainer.fit(Batches(data, {.batch = 4, .seed = 4}));
    });
    BOOST_TEST(largest_difference(trained, values_of(alone)) < 2e-5);
  }
}

BOOST_AUTO_TEST_CASE(local_steps_end_with_one_model_that_learns) {
  const TensorDataset data = numbers(32);
  std::vector<double> losses;
  for (const Index local : {1, 4}) {
    std::mutex mutex;
    const auto trained = on_all(2, [&](World& world, Sequential& model) {
      TrainerOptions options{.epochs = 30, .progress = false, .world = &world, .exchange = {.local_steps = local}};
      ModelTrainer trainer(model, "mse", clipped_adam(), options);
      const auto reports = trainer.fit(Batches(data, {.batch = 8, .seed = 4}));
      const std::lock_guard lock(mutex);
      if (world.leads()) losses.push_back(reports.back().train_loss);
    });
    BOOST_TEST(!trained.empty());
  }
  BOOST_TEST(losses[0] < 0.5);
  BOOST_TEST(losses[1] < 0.5);
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_on_one_rank_ends_all_with_its_place) {
  for (const bool in_gradient : {false, true}) {
    const auto thrown = on_ranks(3, [&](World& world) {
      Sequential model = model_of();
      Tape tape;
      Trainer trainer(parameters(model), clipped_adam(), {.epochs = 1, .progress = false, .world = &world});
      const TensorDataset data = numbers(9);
      Batches batches(data, {.batch = 3});
      Index step = 0;
      (void)trainer.fit(tape, batches, [&](Tape& t, const Batch& batch) {
        const Var loss = squared_error(model, t, batch);
        if (world.rank() != 1 || ++step != 2) return loss;
        return in_gradient ? Var(sqrt(loss * 0.0)) : Var(log(loss * 0.0));
      });
    });
    for (const std::string& text : thrown) {
      BOOST_TEST(text.find("batch 2 of epoch 1") != std::string::npos, text);
      BOOST_TEST(text.find(in_gradient ? "sqrt" : "log") != std::string::npos, text);
    }
    BOOST_TEST(thrown[0].find("rank 1 of 3") == 0U);
  }
}

// Counts the epochs that it sees.
struct Writes {
  static constexpr bool leader_only = true;
  std::atomic<int>* count;
  void on_epoch_end(Training&) const { ++*count; }
};

BOOST_AUTO_TEST_CASE(stop_best_and_callbacks_that_write_are_those_of_rank_0) {
  std::atomic<int> written = 0, bests = 0;
  const TensorDataset data = numbers(8);
  std::mutex mutex;
  (void)on_all(3, [&](World& world, Sequential& model) {
    Tape tape;
    Trainer trainer(parameters(model), clipped_adam(), {.epochs = 9, .progress = false, .world = &world});
    trainer.add(EarlyStopping({.patience = 2}));
    trainer.add(Writes{&written});
    trainer.on_best = [&](const EpochReport&) { ++bests; };
    Batches batches(data, {.batch = 4});
    double next = world.leads() ? 5 : 1;  // ranks do not agree: rank 0 gets worse, the others better
    const auto reports = trainer.fit(
        tape, batches, [&](Tape& t, const Batch& batch) { return squared_error(model, t, batch); },
        [&] { return world.leads() ? next++ : next--; });
    const std::lock_guard lock(mutex);
    BOOST_TEST(reports.size() == 3U);
    BOOST_TEST(reports.back().valid_loss == 7);
  });
  BOOST_TEST(written == 3);
  BOOST_TEST(bests == 1);
}

BOOST_AUTO_TEST_CASE(trainings_that_differ_are_refused_before_the_first_step) {
  const auto thrown = on_ranks(2, [](World& world) {
    Sequential model = model_of();
    const TensorDataset data = numbers(8);
    ModelTrainer trainer(model, "mse", clipped_adam(),
                         {.epochs = world.leads() ? 2 : 3, .progress = false, .world = &world});
    (void)trainer.fit(Batches(data, {.batch = 4}));
  });
  for (const std::string& text : thrown)
    BOOST_TEST(text.find("Trainer::fit: training: rank 0 of 2") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(statistics_of_batches_are_averaged_over_ranks) {
  const TensorDataset data = numbers(8);
  std::vector<std::vector<double>> all(2);
  for (const std::string& thrown : on_ranks(2, [&](World& world) {
         Sequential model{BatchNormalization({.momentum = 0.5}), LSTM(4), Dense(1)};
         model.build(features, 2);
         ModelTrainer trainer(model, "mse", optim::sgd({.learning_rate = 0}),
                              {.epochs = 1, .progress = false, .world = &world});
         (void)trainer.fit(Batches(data, {.batch = 4, .shuffle = false}));
         all[static_cast<std::size_t>(world.rank())] = values_of(model);
       }))
    BOOST_TEST(thrown == "");
  BOOST_TEST((all[0] == all[1]));
  // The moving mean after batches 1 and 2: a quarter of that of the rows of batch 1, half of that of batch 2.
  const auto mean_of = [&](Index first) {
    const Batch batch = data.gather(std::vector<Index>{first, first + 1, first + 2, first + 3});
    double sum = 0;
    for (Index row = 0; row < 4 * time_steps; ++row)
      sum += batch.inputs.values()[static_cast<std::size_t>(row * features)];
    return sum / static_cast<double>(4 * time_steps);
  };
  // Of the three features gamma and beta come first.
  BOOST_TEST(all[0].at(6) == 0.25 * mean_of(0) + 0.5 * mean_of(4), boost::test_tools::tolerance(1e-5));
}

BOOST_AUTO_TEST_CASE(a_loop_by_hand_sums_by_one_call) {
  const TensorDataset data = numbers(6);
  const Batch whole = data.gather(std::vector<Index>{0, 1, 2, 3, 4, 5});
  const auto trained = on_all(2, [&](World& world, Sequential& model) {
    const auto list = parameters(model);
    auto optimizer = clipped_adam();
    Tape tape;
    const Batch own = share_of(whole, world.share());
    for (int step = 0; step < 5; ++step) {
      tape.backward(Var(squared_error(model, tape, own) * 0.5));
      sum_gradients(world, list);
      optimizer.step(list);
      tape.reset();
    }
  });
  Sequential alone = model_of();
  auto optimizer = clipped_adam();
  Tape tape;
  for (int step = 0; step < 5; ++step) {
    tape.backward(squared_error(alone, tape, whole));
    optimizer.step(parameters(alone));
    tape.reset();
  }
  BOOST_TEST(largest_difference(trained, values_of(alone)) < 2e-5);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
