#include "../event_reader.h"
#include "../temporary_directory.h"
#include "toy_training.h"

#include <recur/optim/optimizers.h>
#include <recur/train/callbacks/early_stopping.h>
#include <recur/train/callbacks/learning_rate.h>
#include <recur/train/callbacks/loggers.h>
#include <recur/train/callbacks/model_checkpoint.h>
#include <recur/train/callbacks/run_folder.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <sstream>

namespace {

using namespace recur;

struct Killed {};

constexpr Index batches = 4;
constexpr Index epochs = 6;

// A training with every callback that keeps something; `stop` steps are made before it dies.
void run(const TemporaryDirectory& folder, int stop, bool resume = true) {
  Line line;
  Trainer trainer(parameters(line.dense), optim::adam({.learning_rate = 0.1}),
                  {.epochs = epochs,
                   .progress = false,
                   .checkpoint = {.directory = folder.file("checkpoints"), .every = 3, .resume = resume}});
  trainer.metrics = [](const EpochReport& r) { return NamedNumbers{{"squared, \"twice\"", r.valid_loss * 2}}; };
  trainer.add(ReduceLROnPlateau({.factor = 0.5, .patience = 1}));
  trainer.add(EarlyStopping({.patience = 5, .restore_best_weights = true}));
  trainer.add(ModelCheckpoint({.path = folder.file("best").string()}));
  trainer.add(CsvLogger(folder.file("log.csv")));
  trainer.add(JsonLinesLogger(folder.file("log.jsonl"), 2));
  trainer.add(TensorBoardLogger(folder.file("events"), 2));
  trainer.add(RunFolder({.directory = folder.file("run"), .config = R"({"a": "</script>"})", .summary = "<b>"}));
  Tape tape;
  Index in_all = 0;
  trainer.on_epoch_begin = [&](Index epoch) { in_all = epoch; };
  int made = 0;
  trainer.fit(
      tape, batches,
      [&](Tape& t, Index) {
        if (made++ == stop) throw Killed();
        return line.loss(t);
      },
      [&] { return in_all == 3 || in_all == 4 ? 9.0 : 5.0 / static_cast<double>(in_all); });
}

// A log without what depends on the clock.
std::string timeless_csv(const std::filesystem::path& path) {
  std::istringstream lines(TemporaryDirectory::read(path));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string field;
    for (int i = 0; std::getline(fields, field, ','); ++i)
      if (i != 6 && i != 7) kept += field + ',';
    kept += '\n';
  }
  return kept;
}
std::string timeless_json(const std::filesystem::path& path) {
  std::istringstream lines(TemporaryDirectory::read(path));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    auto object = nlohmann::json::parse(line);
    object.erase("seconds");
    object.erase("items_per_second");
    kept += object.dump() + '\n';
  }
  return kept;
}
std::string timeless_events(const std::filesystem::path& path) {
  std::string kept;
  for (const ReadEvent& event : read_events(TemporaryDirectory::read(path)))
    if (event.tag != "seconds" && event.tag != "items_per_second")
      kept += fmt::format("{}{} {} {}\n", event.version, event.step, event.tag, event.value);
  return kept;
}
std::string all_logs(const TemporaryDirectory& folder) {
  return timeless_csv(folder.file("log.csv")) + timeless_json(folder.file("log.jsonl")) +
         timeless_events(folder.file("events/events.out.tfevents.0.recur")) +
         timeless_csv(folder.file("run/metrics.csv")) + timeless_json(folder.file("run/metrics.jsonl")) +
         TemporaryDirectory::read(folder.file("best"));
}

BOOST_AUTO_TEST_SUITE(loggers)

BOOST_AUTO_TEST_CASE(logs_hold_every_epoch) {
  const TemporaryDirectory folder;
  run(folder, 1 << 20);
  const std::string csv = TemporaryDirectory::read(folder.file("log.csv"));
  BOOST_TEST(
      csv.starts_with("epoch,step,train_loss,valid_loss,learning_rate,gradient_norm,seconds,items_per_second,"
                      "\"squared, \"\"twice\"\"\"\n1,4,"));
  BOOST_TEST(std::ranges::count(csv, '\n') == 1 + epochs);
  std::istringstream lines(TemporaryDirectory::read(folder.file("log.jsonl")));
  Index reports = 0;
  Index steps = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto object = nlohmann::json::parse(line);
    if (object.contains("epoch")) BOOST_TEST(object.at("epoch") == ++reports);
    else BOOST_TEST(object.at("step") == 2 * ++steps);
  }
  BOOST_TEST(reports == epochs);
  BOOST_TEST(steps == epochs * batches / 2);
  const auto events = read_events(TemporaryDirectory::read(folder.file("events/events.out.tfevents.0.recur")));
  BOOST_TEST(events.front().version == "brain.Event:2");
  BOOST_TEST(std::ranges::count(events, "valid_loss", &ReadEvent::tag) == epochs);
  BOOST_TEST(std::ranges::count(events, "step/loss", &ReadEvent::tag) == epochs * batches / 2);
  BOOST_TEST(events.back().step == static_cast<std::uint64_t>(epochs * batches));
}

// Killed after each number of steps in turn: no line is lost, none comes twice, and what callbacks decide is the same.
BOOST_AUTO_TEST_CASE(resumed_logs_are_those_of_a_run_that_was_left_alone) {
  const TemporaryDirectory whole;
  run(whole, 1 << 20);
  for (int stop = 0; stop < epochs * batches; ++stop) {
    const TemporaryDirectory folder;
    BOOST_CHECK_THROW(run(folder, stop), Killed);
    run(folder, 1 << 20);
    BOOST_TEST((all_logs(folder) == all_logs(whole)), "stopped after " << stop);
  }
}

// Ctrl-C in an epoch that a callback ends at the same time: the checkpoint says that training is over, and has the
// weights.
BOOST_AUTO_TEST_CASE(a_training_that_ended_within_an_epoch_is_over_when_resumed) {
  struct EndAtThree {
    bool on_step_end(Training& t) { return t.step == 3; }
  };
  const TemporaryDirectory folder;
  const auto train = [&](Line& line) {
    Trainer trainer(parameters(line.dense), optim::sgd(),
                    {.progress = false, .checkpoint = {.directory = folder.directory(), .every = 3, .resume = true}});
    trainer.add(EndAtThree());
    Tape tape;
    return trainer.fit(tape, batches, [&](Tape& t, Index) { return line.loss(t); }).size();
  };
  Line first;
  BOOST_TEST(train(first) == 1U);
  Line second;
  BOOST_TEST(train(second) == 0U);
  BOOST_TEST(second.kernel() == first.kernel());
}

BOOST_AUTO_TEST_CASE(a_new_run_begins_new_logs) {
  const TemporaryDirectory folder;
  run(folder, 1 << 20);
  const std::string first = all_logs(folder);
  run(folder, 1 << 20, false);
  BOOST_TEST((all_logs(folder) == first));
}

// A log is not what a training is for: it goes on from what is left.
BOOST_AUTO_TEST_CASE(a_log_that_was_cut_or_lost_does_not_keep_a_run_from_going_on) {
  const TemporaryDirectory whole;
  run(whole, 1 << 20);
  const TemporaryDirectory folder;
  BOOST_CHECK_THROW(run(folder, 10), Killed);
  std::filesystem::remove(folder.file("log.csv"));
  TemporaryDirectory::write(folder.file("log.jsonl"), "{}\n");
  std::filesystem::remove(folder.file("events/events.out.tfevents.0.recur"));
  std::filesystem::remove(folder.file("run/metrics.csv"));
  TemporaryDirectory::write(folder.file("run/metrics.jsonl"), "damaged");
  run(folder, 1 << 20);
  BOOST_TEST(TemporaryDirectory::read(folder.file("log.csv")).starts_with("epoch,step,"));
  BOOST_TEST(TemporaryDirectory::read(folder.file("log.jsonl")).starts_with("{}\n{\"step\":10"));
  const auto events = read_events(TemporaryDirectory::read(folder.file("events/events.out.tfevents.0.recur")));
  BOOST_TEST(events.front().version == "brain.Event:2");
  BOOST_TEST(timeless_csv(folder.file("run/metrics.csv")) == timeless_csv(whole.file("run/metrics.csv")));
  BOOST_TEST(timeless_json(folder.file("run/metrics.jsonl")) == timeless_json(whole.file("run/metrics.jsonl")));
}

BOOST_AUTO_TEST_CASE(logs_and_pictures_that_cannot_be_written_end_no_training) {
  const TemporaryDirectory folder;
  std::filesystem::create_directories(folder.file("run/curves.svg"));
  std::filesystem::create_symlink("/dev/full", folder.file("log.csv"));
  run(folder, 1 << 20);
  BOOST_TEST(std::filesystem::exists(folder.file("checkpoints/checkpoint-000000024.safetensors")));
  BOOST_TEST(std::filesystem::is_symlink(folder.file("log.csv")));
}

BOOST_AUTO_TEST_CASE(other_callbacks_are_refused) {
  const TemporaryDirectory folder;
  BOOST_CHECK_THROW(run(folder, 10), Killed);
  Line line;
  Trainer trainer(parameters(line.dense), optim::adam(),
                  {.progress = false, .checkpoint = {.directory = folder.file("checkpoints"), .resume = true}});
  trainer.add(EarlyStopping());
  Tape tape;
  BOOST_CHECK_EXCEPTION(trainer.fit(tape, batches, [&](Tape& t, Index) { return line.loss(t); }), FormatError,
                        [](const FormatError& e) {
                          return std::string(e.what()).find(
                                     "[ReduceLROnPlateau, EarlyStopping, ModelCheckpoint, CsvLogger, JsonLinesLogger, "
                                     "TensorBoardLogger, RunFolder], here are [EarlyStopping]") != std::string::npos;
                        });
}

BOOST_AUTO_TEST_CASE(a_run_folder_has_a_page_that_stands_alone_and_texts_that_stay_texts) {
  const TemporaryDirectory folder;
  run(folder, 1 << 20);
  BOOST_TEST(nlohmann::json::parse(TemporaryDirectory::read(folder.file("run/config.json"))).at("a") == "</script>");
  const std::string curves = TemporaryDirectory::read(folder.file("run/curves.svg"));
  BOOST_TEST(curves.starts_with("<svg"));
  for (const char* panel :
       {">Loss<", ">Training loss by step<", ">learning rate<", ">gradient norm<", "squared, &quot;"})
    BOOST_TEST(curves.find(panel) != std::string::npos, panel);
  const std::string page = TemporaryDirectory::read(folder.file("run/report.html"));
  const auto has = [&](const char* text) { return page.find(text) != std::string::npos; };
  BOOST_TEST(!has("http"));
  BOOST_TEST(!has("src="));
  BOOST_TEST(!has("<b></pre>"));
  BOOST_TEST(has("&lt;b&gt;</pre>"));
  BOOST_TEST(has("&lt;/script&gt;"));
  BOOST_TEST(has("<h2>Loss</h2>"));
  BOOST_TEST(has("<h2>learning rate</h2>"));
  BOOST_TEST(has("<h2>gradient norm</h2>"));
  BOOST_TEST(has("squared, &quot;twice&quot;"));
  BOOST_CHECK_THROW(RunFolder({.directory = "unused", .config = "{"}), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
