#include "../../temporary_directory.h"
#include "../standard_error.h"
#include "../toy_training.h"

#include <recur/io/file_format.h>
#include <recur/layers/sequential.h>
#include <recur/optim/optimizers.h>
#include <recur/optim/schedules.h>
#include <recur/train/callbacks/learning_rate.h>
#include <recur/train/loop/trainer.h>

#include <boost/test/unit_test.hpp>

namespace {

using namespace recur;

struct Killed {};

struct Way {
  double rate = 0.1;
  Index batches = 4;
  Index epochs = 2;
  int stop = 1 << 20;
  bool resume = true;
  Metadata identity{};
  Metadata circumstances{};
};

struct Result {
  int steps = 0;
  double kernel = 0;
  std::vector<EpochReport> reports{};
};

Result train(const std::filesystem::path& folder, const Way& way, optim::Optimizer optimizer) {
  Line line;
  line.dense.kernel.edit().fill(0);
  Trainer trainer(parameters(line.dense), std::move(optimizer),
                  {.epochs = way.epochs,
                   .progress = false,
                   .checkpoint = {.directory = folder,
                                  .every = 3,
                                  .resume = way.resume,
                                  .identity = way.identity,
                                  .circumstances = way.circumstances}});
  Tape tape;
  Result result;
  try {
    result.reports = trainer.fit(tape, way.batches, [&](Tape& t, Index) {
      if (result.steps == way.stop) throw Killed();
      ++result.steps;
      return line.loss(t);
    });
  } catch (const Killed&) {
    tape.reset();
  }
  result.kernel = line.kernel();
  return result;
}
Result train(const std::filesystem::path& folder, const Way& way) {
  return train(folder, way, optim::sgd({.learning_rate = way.rate, .momentum = 0.5}));
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

BOOST_AUTO_TEST_SUITE(run_identity)

// The second run is killed before it has as many steps as the first: what is resumed is the second.
BOOST_AUTO_TEST_CASE(checkpoints_of_an_earlier_run_are_not_resumed_from) {
  const TemporaryDirectory folder;
  (void)train(folder.directory(), {.epochs = 5, .resume = false});
  (void)train(folder.directory(), {.rate = 0.001, .epochs = 5, .stop = 7, .resume = false});
  const Result resumed = train(folder.directory(), {.rate = 0.001, .epochs = 5});
  BOOST_TEST(resumed.steps == 20 - 6);
  const TemporaryDirectory alone;
  BOOST_TEST(resumed.kernel == train(alone.directory(), {.rate = 0.001, .epochs = 5}).kernel);
}

BOOST_AUTO_TEST_CASE(another_optimizer_or_identity_is_refused) {
  const TemporaryDirectory folder;
  (void)train(folder.directory(), {.identity = {{"loss", "huber"}}});
  const auto refused = [&](const std::string& part, auto go) {
    BOOST_CHECK_EXCEPTION(go(), FormatError, [&](const FormatError& e) { return has(e.what(), part); });
  };
  refused("another loss: huber, here squared", [&] {
    (void)train(folder.directory(), {.epochs = 3, .identity = {{"loss", "squared"}}});
  });
  refused("another optimizer",
          [&] { (void)train(folder.directory(), {.epochs = 3}, optim::sgd({.learning_rate = 0.1, .momentum = 0.6})); });
  BOOST_TEST(train(folder.directory(), {.epochs = 3, .identity = {{"loss", "huber"}}}).steps == 4);
}

BOOST_AUTO_TEST_CASE(another_rate_number_of_epochs_or_circumstance_is_used_and_said) {
  const TemporaryDirectory folder;
  (void)train(folder.file("run"), {.circumstances = {{"data", "a"}}});
  const StandardError error(folder);
  const Result changed = train(folder.file("run"), {.rate = 0.01, .epochs = 3, .circumstances = {{"data", "b"}}});
  BOOST_TEST(changed.reports.back().learning_rate == 0.01);
  for (const char* part : {"epochs: 3 (was 2)", "learning rate: 0.01 (was 0.1)", "data: b (was a)"})
    BOOST_TEST(has(error.text(), part), error.text());
}

BOOST_AUTO_TEST_CASE(a_schedule_in_place_of_a_rate_is_used) {
  const TemporaryDirectory folder;
  (void)train(folder.file("run"), {});
  const StandardError error(folder);
  const auto schedule = optim::exponential_decay({.initial = 0.5, .decay_steps = 1'000'000, .decay_rate = 0.5});
  const Result changed =
      train(folder.file("run"), {.epochs = 3}, optim::sgd({.learning_rate = schedule, .momentum = 0.5}));
  BOOST_TEST(changed.reports.back().learning_rate > 0.49);
  BOOST_TEST(has(error.text(), "learning rate: changed"), error.text());
}

// Another size of batches: the training goes on where as much of the epoch is done.
BOOST_AUTO_TEST_CASE(another_number_of_batches_goes_on_at_the_same_part_of_the_epoch) {
  const TemporaryDirectory folder;
  (void)train(folder.file("run"), {.batches = 4, .stop = 7});
  const StandardError error(folder);
  const Result changed = train(folder.file("run"), {.batches = 8});
  BOOST_TEST(changed.steps == 4);  // the checkpoint of step 6 has half of the second epoch
  BOOST_TEST(has(error.text(), "batches of an epoch: 8 (was 4)"), error.text());
}

BOOST_AUTO_TEST_CASE(an_unchanged_run_says_nothing) {
  const TemporaryDirectory folder;
  (void)train(folder.file("run"), {.stop = 7});
  const StandardError error(folder);
  (void)train(folder.file("run"), {});
  BOOST_TEST(error.text() == "");
}

BOOST_AUTO_TEST_CASE(a_damaged_newest_checkpoint_gives_way_to_an_older_one) {
  const TemporaryDirectory folder;
  (void)train(folder.file("run"), {});
  const auto newest = folder.file("run/checkpoint-000000008.safetensors");
  std::filesystem::resize_file(newest, std::filesystem::file_size(newest) - 3);
  {
    const StandardError error(folder);
    BOOST_TEST(train(folder.file("run"), {}).steps == 2);  // from step 6
    BOOST_TEST(has(error.text(), "checkpoint-000000008"), error.text());
    BOOST_TEST(has(error.text(), "going on from"), error.text());
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder.file("run")))
    std::filesystem::resize_file(entry.path(), 20);
  BOOST_CHECK_THROW((void)train(folder.file("run"), {}), FormatError);
}

// A newer checkpoint is not damaged: an older one in its place would lose what it holds.
BOOST_AUTO_TEST_CASE(a_checkpoint_of_a_newer_program_is_refused) {
  const TemporaryDirectory folder;
  (void)train(folder.directory(), {});
  const auto newest = folder.file("checkpoint-000000008.safetensors");
  std::string bytes = TemporaryDirectory::read(newest);
  const std::string mark = R"("recur.checkpoint":"2")";
  bytes.replace(bytes.find(mark), mark.size(), R"("recur.checkpoint":"3")");
  TemporaryDirectory::write(newest, bytes);
  BOOST_CHECK_THROW((void)train(folder.directory(), {}), VersionError);
}

BOOST_AUTO_TEST_CASE(a_folder_of_checkpoints_is_of_one_training_at_a_time) {
  const TemporaryDirectory folder;
  const FolderLock other(folder.directory());
  BOOST_CHECK_THROW((void)train(folder.directory(), {}), StateError);
}

// Frozen at the beginning of the third epoch, or thawed there; killed after the fourth.
BOOST_AUTO_TEST_CASE(what_is_trainable_is_part_of_a_checkpoint) {
  for (const bool trainable_at_first : {true, false}) {
    const auto go = [&](const std::filesystem::path& folder, Index epochs) {
      Sequential model{Dense(3), Dense(1)};
      Builder builder(1, DType::float32, Generator(1));
      model.build(builder);
      const auto all = parameters(model);
      const auto set_trainable = [&](bool trainable) {
        for (std::size_t i = 0; i < 2; ++i) all[i].parameter->trainable = trainable;
      };
      set_trainable(trainable_at_first);
      Trainer trainer(all, optim::adam({.learning_rate = 0.05}),
                      {.epochs = epochs, .progress = false, .checkpoint = {.directory = folder, .resume = true}});
      trainer.on_epoch_begin = [&](Index epoch) {
        if (epoch == 3) set_trainable(!trainable_at_first);
      };
      const Line line;
      Tape tape;
      trainer.fit(tape, 3,
                  [&](Tape& t, Index) { return mean_squared_error(model(t.constant(line.x)), t.constant(line.y)); });
      std::vector<double> values;
      for (const NamedParameter& p : all)
        for (const double value : p.parameter->value().to_doubles()) values.push_back(value);
      return values;
    };
    const TemporaryDirectory whole;
    const TemporaryDirectory killed;
    const auto expected = go(whole.directory(), 6);
    (void)go(killed.directory(), 4);
    BOOST_TEST(go(killed.directory(), 6) == expected, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
