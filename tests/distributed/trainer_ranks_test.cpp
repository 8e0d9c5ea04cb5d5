#include "../temporary_directory.h"
#include "small_training.h"

namespace {

using namespace small_training;

BOOST_AUTO_TEST_SUITE(trainer_ranks)

BOOST_AUTO_TEST_CASE(ranks_make_the_steps_of_one_process_that_adds_up_their_shares_to_the_bit) {
  const TensorDataset data =
      numbers(17);  // batches of 7, 7 and 3 rows: shares of 4 ranks are uneven, the last is empty
  for (const DType dtype : {DType::float32, DType::float64})
    for (const int ranks : {2, 3, 4}) {
      const auto trained = on_all(
          ranks,
          [&](World& world, Sequential& model) {
            TrainerOptions options = quiet;
            options.world = &world;
            ModelTrainer trainer(model, "mse", clipped_adam(), options);
            (void)trainer.fit(Batches(data, {.batch = 7, .seed = 4}));
          },
          dtype);
      Sequential model = model_of(dtype);
      Batches batches(data, {.batch = 7, .seed = 4});
      const auto loss = [&](Tape& tape, const Batch& batch) { return squared_error(model, tape, batch); };
      BOOST_TEST((trained == by_shares<Batches>(model, batches, ranks, quiet.epochs, loss)));

      Sequential alone = model_of(dtype);
      ModelTrainer trainer(alone, "mse", clipped_adam(), quiet);
      (void)trainer.fit(Batches(data, {.batch = 7, .seed = 4}));
      // Sums in another order; nine steps of Adam with a rate of 0.02 enlarge what is rounding in a gradient.
      BOOST_TEST(largest_difference(trained, values_of(alone)) < (dtype == DType::float32 ? 2e-5 : 1e-13));
    }
}

BOOST_AUTO_TEST_CASE(reports_are_those_of_all_rows_and_alike_on_all_ranks) {
  const TensorDataset data = numbers(17), held = numbers(11);
  Sequential alone = model_of();
  ModelTrainer one(alone, "mse", optim::sgd({.learning_rate = 0}), quiet);
  one.measure("mae");
  const auto wanted = one.fit(Batches(data, {.batch = 7, .seed = 4}), Batches(held, {.batch = 2, .shuffle = false}));
  std::mutex mutex;
  (void)on_all(3, [&](World& world, Sequential& model) {
    TrainerOptions options = quiet;
    options.world = &world;
    ModelTrainer trainer(model, "mse", optim::sgd({.learning_rate = 0}), options);
    trainer.measure("mae");
    const auto reports =
        trainer.fit(Batches(data, {.batch = 7, .seed = 4}), Batches(held, {.batch = 2, .shuffle = false}));
    const std::lock_guard lock(mutex);
    BOOST_TEST(reports.size() == wanted.size());
    for (std::size_t i = 0; i < reports.size(); ++i) {
      // Validation has the bits of one process, as batches are not divided.
      BOOST_TEST(reports[i].valid_loss == wanted[i].valid_loss);
      BOOST_TEST(reports[i].metrics[0].second == wanted[i].metrics[0].second);
      BOOST_TEST(reports[i].train_loss == wanted[i].train_loss, boost::test_tools::tolerance(1e-6));
      BOOST_TEST(reports[i].best == wanted[i].best);
      BOOST_TEST(reports[i].step == wanted[i].step);
    }
  });
}

BOOST_AUTO_TEST_CASE(ragged_batches_are_dealt_out_by_length_and_weighed_by_steps) {
  const Ragged data;
  const PaddedBatch whole = data[0];
  std::vector<Index> steps;
  Index rows = 0;
  for (Index rank = 0; rank < 3; ++rank) {
    const PaddedBatch share = share_of(whole, Share{rank, 3});
    steps.push_back(share.steps());
    rows += batch_rows(share);
    BOOST_TEST(share.inputs.shape()[1] == whole.inputs.shape()[1]);
  }
  BOOST_TEST(rows == 7);
  BOOST_TEST(steps[0] + steps[1] + steps[2] == whole.steps());
  BOOST_TEST(*std::ranges::max_element(steps) - *std::ranges::min_element(steps) <= 9);

  std::vector<std::vector<double>> all(3);
  for (const std::string& thrown : on_ranks(3, [&](World& world) {
         Sequential model = model_of_steps();
         TrainerOptions options = quiet;
         options.world = &world;
         ModelTrainer trainer(model, "binary_crossentropy", clipped_adam(), options);
         (void)trainer.fit(data);
         all[static_cast<std::size_t>(world.rank())] = values_of(model);
       }))
    BOOST_TEST(thrown == "");
  BOOST_TEST((all[1] == all[0] && all[2] == all[0]));
  Sequential in_shares = model_of_steps();
  const auto loss = [&](Tape& tape, const PaddedBatch& batch) { return steps_loss(in_shares, tape, batch); };
  BOOST_TEST((all[0] == by_shares<const Ragged>(in_shares, data, 3, quiet.epochs, loss)));
  Sequential alone = model_of_steps();
  ModelTrainer trainer(alone, "binary_crossentropy", clipped_adam(), quiet);
  (void)trainer.fit(data);
  BOOST_TEST(largest_difference(all[0], values_of(alone)) < 2e-5);
}

struct Killed {};

// Trains on 5 streams; `stop`: throws there, as if killed.
std::vector<double> streams(World* world, const std::filesystem::path& folder, Index stop = -1,
                            const ExchangeOptions& exchange = {}) {
  Sequential model = model_of_ids();
  TrainerOptions options{.epochs = 2, .progress = false, .world = world, .exchange = exchange};
  if (!folder.empty()) options.checkpoint = {.directory = folder, .every = 3, .resume = true};
  ModelTrainer trainer(model, sparse_softmax_cross_entropy, clipped_adam(), options);
  struct Stop {
    Index at;
    void on_step_end(Training& t) const {
      if (t.step == at) throw Killed();
    }
  };
  if (stop >= 0) trainer.add(Stop{stop});
  try {
    (void)trainer.fit(streams_of_ids());
  } catch (const Killed&) {
  } catch (const RankError&) {
    if (stop < 0) throw;
  }
  return values_of(model);
}

BOOST_AUTO_TEST_CASE(streams_keep_their_states_on_their_rank) {
  for (const int ranks : {2, 3, 4}) {
    std::vector<double> trained;
    for (const std::string& thrown : on_ranks(ranks, [&](World& world) {
           auto own = streams(&world, "");
           if (world.leads()) trained = std::move(own);
         }))
      BOOST_TEST(thrown == "");
    Sequential model = model_of_ids();
    StreamBatches data = streams_of_ids();
    const auto loss = [&](Tape& tape, const StreamWindow& window) { return streams_loss(model, tape, window); };
    BOOST_TEST((trained == by_shares<StreamBatches>(model, data, ranks, 2, loss)));
  }
}

BOOST_AUTO_TEST_CASE(streams_are_resumed_on_any_number_of_ranks) {
  const std::vector<double> alone = streams(nullptr, "");
  for (const auto& [before, after] : std::vector<std::pair<int, int>>{{2, 2}, {2, 3}, {3, 1}, {1, 4}, {6, 2}}) {
    const TemporaryDirectory folder;
    const auto part = [&](int ranks, Index stop) {
      std::vector<double> result;
      (void)on_ranks(ranks, [&](World& world) {
        auto own = streams(&world, folder.directory(), stop);
        if (world.leads()) result = std::move(own);
      });
      return result;
    };
    (void)part(before, 4);  // the checkpoint is that of step 3, in the middle of an epoch
    const std::vector<double> resumed = part(after, -1);
    BOOST_TEST(largest_difference(resumed, alone) < 2e-5, before << " then " << after << " ranks");
    if (before != after) continue;
    const TemporaryDirectory other;
    std::vector<double> straight;
    (void)on_ranks(after, [&](World& world) {
      auto own = streams(&world, other.directory());
      if (world.leads()) straight = std::move(own);
    });
    BOOST_TEST((resumed == straight));
  }
}

BOOST_AUTO_TEST_CASE(rows_of_an_embedding_have_the_bits_of_the_whole_and_fewer_bytes) {
  std::vector<std::vector<double>> results;
  std::vector<std::uint64_t> bytes;
  for (const bool sparse : {false, true}) {
    std::mutex mutex;
    for (const std::string& thrown : on_ranks(2, [&](World& world) {
           auto own = streams(&world, "", -1, {.sparse_rows = sparse});
           const std::lock_guard lock(mutex);
           if (!world.leads()) return;
           results.push_back(std::move(own));
           bytes.push_back(world.bytes_sent());
         }))
      BOOST_TEST(thrown == "");
  }
  BOOST_TEST((results.at(0) == results.at(1)));
  // 20 of 1000 rows of 3 numbers are reached: 12 kB a step are not sent, 2 x 10 steps.
  BOOST_TEST(bytes.at(0) - bytes.at(1) > 100'000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
