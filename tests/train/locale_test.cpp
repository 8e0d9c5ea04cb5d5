#include "../temporary_directory.h"
#include "toy_training.h"

#include <recur/io/csv.h>
#include <recur/io/line_plot.h>
#include <recur/layers/config/config.h>
#include <recur/optim/config.h>
#include <recur/optim/optimizers.h>
#include <recur/train/callbacks/loggers.h>

#include <boost/test/unit_test.hpp>

#include <clocale>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <locale>
#include <optional>

namespace {

using namespace recur;

struct Commas : std::numpunct<char> {
  [[nodiscard]] char do_decimal_point() const override { return ','; }
  [[nodiscard]] char do_thousands_sep() const override { return '.'; }
  [[nodiscard]] std::string do_grouping() const override { return "\3"; }
};

// While it lives, numbers have a decimal comma: for C++ streams, and for C too where a German locale can be made.
class German {
 public:
  explicit German(const TemporaryDirectory& folder)
      : before_(std::locale::global(std::locale(std::locale::classic(), new Commas))) {
    const std::string command =
        "localedef -i de_DE -f UTF-8 '" + folder.file("de_DE.UTF-8").string() + "' >/dev/null 2>&1";
    const bool made = std::system(command.c_str()) == 0;
    ::setenv("LOCPATH", folder.directory().c_str(), 1);
    if (!made || std::setlocale(LC_ALL, "de_DE.UTF-8") == nullptr) BOOST_TEST_MESSAGE("no German locale for C");
    ::unsetenv("LOCPATH");
  }
  German(const German&) = delete;
  German& operator=(const German&) = delete;
  ~German() {
    std::setlocale(LC_ALL, "C");
    std::locale::global(before_);
  }

 private:
  std::locale before_;
};

// A training of some epochs with logs. Returns the logs but for times.
std::string train(const std::filesystem::path& folder, Index epochs, double& kernel) {
  Line line;
  Trainer trainer(parameters(line.dense), optim::adam({.learning_rate = 0.12345}),
                  {.epochs = epochs, .progress = false, .checkpoint = {.directory = folder / "c", .resume = true}});
  trainer.add(CsvLogger(folder / "log.csv"));
  Tape tape;
  trainer.fit(tape, 3, [&](Tape& t, Index) { return line.loss(t); });
  kernel = line.kernel();
  const CsvTable table(folder / "log.csv", {.missing = MissingNumbers::nan});
  std::string log;
  for (const char* name : {"train_loss", "learning_rate", "gradient_norm"})
    for (const double number : table.column(name)) log += fmt::format("{} ", number);
  return log;
}

BOOST_AUTO_TEST_SUITE(locale)

// Written under one locale and read under the other, both ways.
BOOST_AUTO_TEST_CASE(checkpoints_and_logs_are_the_same_in_any_locale) {
  const TemporaryDirectory folder;
  double expected = 0;
  const std::string log = train(folder.file("plain"), 4, expected);
  double kernel = 0;
  for (const bool german_first : {true, false}) {
    const auto run = folder.file(german_first ? "first" : "second");
    for (const bool first : {true, false}) {
      std::optional<German> german;
      if (first == german_first) german.emplace(folder);
      const std::string now = train(run, first ? 2 : 4, kernel);
      if (!first) BOOST_TEST(now == log);
    }
    BOOST_TEST(kernel == expected);
  }
}

BOOST_AUTO_TEST_CASE(configs_tables_and_pictures_are_the_same_in_any_locale) {
  const TemporaryDirectory folder;
  TemporaryDirectory::write(folder.file("t.csv"), "a,b\n1.5,1234.25\n");
  const auto all = [&] {
    LinePlot plot("a", "b", "c");
    plot.add("d", std::vector<double>{0.5, 1.5, 2500}, std::vector<double>{1234.5, 0.25, -0.125});
    const auto layer = layer_from_config(R"({"class_name": "LSTM", "config": {"units": 2, "dropout": 0.125}})");
    const auto optimizer = optim::from_config("keras.optimizers.Adam", R"({"learning_rate": 0.0625})");
    TrainingState state;
    state.put("x", 0.1);
    return fmt::format("{} {} {} {} {} {}", plot.svg(), get_config(layer), optim::get_config(optimizer).config,
                       CsvTable(folder.file("t.csv")).column("b")[0], state.text("x"), state.number("x"));
  };
  const std::string plain = all();
  const German german(folder);
  BOOST_TEST(all() == plain);
}

BOOST_AUTO_TEST_CASE(numbers_of_checkpoints_are_numbers) {
  TrainingState state;
  for (const double number : {0.0, -0.0, 1.5, -0.1, 0x1p-1074, 1.7976931348623157e308,
                              std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    state.put("x", number);
    BOOST_TEST(state.number("x") == number);
    BOOST_TEST(std::signbit(state.number("x")) == std::signbit(number));
  }
  state.put("x", std::nan(""));
  BOOST_TEST(std::isnan(state.number("x")));
  for (const char* text : {"", "-", "0x", "--1", "0x-1p0", "1,5", "1.5x", " 1"}) {
    state.texts["x"] = text;
    BOOST_CHECK_THROW((void)state.number("x"), FormatError);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
