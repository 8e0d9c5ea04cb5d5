#include <recur/framework/tensor/random.h>
#include <recur/io/model_file.h>
#include <recur/layers/dense.h>
#include <recur/layers/dropout.h>
#include <recur/layers/global_pooling.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/train/model/saved_model.h>
#include <recur/train/tables/stepped_model.h>
#include <recur/train/tables/table_windows.h>

#include "../../temporary_directory.h"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace recur;

constexpr Index length = 30;

/// A river's days as a file, the table read from it, and a model of random weights over windows of 30 days.
struct Fixture {
  TemporaryDirectory directory;
  TableSource source;
  SeriesTable table;
  std::vector<std::pair<double, double>> days;  // rain and warmth; NaN where the file has none
  Scaling scaling;
  Sequential model{LSTM(5, {}, {.return_sequences = true}), Dropout(0.3), LSTM(4), Dense(2)};

  explicit Fixture(MissingInputs missing = MissingInputs::previous) {
    Generator random(5);
    std::string text = "day,rain,warmth,flow\n";
    for (int d = 0; d < length; ++d) {
      const bool gap = d == 12;
      days.emplace_back(gap ? std::nan("") : 10 * random.uniform(), 15 * random.normal());
      text += fmt::format("2001-01-{:02},{},{},{}\n", 1 + d, gap ? "NA" : fmt::format("{:.17g}", days.back().first),
                          days.back().second, 3 + d % 7);
    }
    TemporaryDirectory::write(directory.file("river.csv"), text);
    source = {.path = directory.file("river.csv"), .keys = {.time = {"day"}}, .inputs = {"rain", "warmth"}};
    source.calendar = {"day_of_year"};
    source.targets = {{.column = "flow", .unit = "mm/day"}};
    source.missing = missing;
    table = read_series(source);
    for (Series& one : table.series) one.parts.assign(one.times.size(), Part::training);
    scaling = Scaling::fit(table, {.columns = {{"rain", ScaleKind::log}}});
    scaling.apply(table);
    model.build(table.features(), 7);
  }

  std::filesystem::path save(const Scaling& scales, Index season = 0) {
    TableModelNotes notes{.missing = source.missing};
    notes.describe(table);
    notes.season = season;
    notes.numbers = 2;
    notes.point = 1;
    const auto file = directory.file("model.safetensors");
    save_model(file, model, {{"scaling", scales.to_json()}, {"table", notes.to_json()}});
    return file;
  }

  /// What the model says of the window of all days, in the user's units.
  double windowed() {
    const TableWindows windows(table, scaling, {.length = length});
    const WindowEnd last{0, length - 1};
    const WindowBatch batch = windows.gather(std::span(&last, 1));
    Tape tape;
    const NoGradient inference(tape);
    return windows.undo(0, model(tape.constant(batch.inputs)).to_doubles()[1], batch.scales[0]);
  }
};

void step(SteppedModel& river, const std::pair<double, double>& day) {
  river.set_value("rain", day.first);
  river.set_value("warmth", day.second);
  river.update();
}

auto says(const std::string& words) {
  return [words](const Error& error) { return std::string(error.what()).find(words) != std::string::npos; };
}

BOOST_FIXTURE_TEST_SUITE(stepped_model, Fixture)

BOOST_AUTO_TEST_CASE(gives_what_the_window_of_the_same_days_gives) {
  SteppedModel river(save(scaling), {.start = "2001-01-01"});
  BOOST_TEST(river.input_names() == (std::vector<std::string>{"rain", "warmth"}), boost::test_tools::per_element());
  BOOST_TEST(river.units("flow") == "mm/day");
  for (const auto& day : days) step(river, day);
  BOOST_TEST(river.get_value("flow") == windowed(), boost::test_tools::tolerance(1e-5));  // sums of floats
  BOOST_TEST(river.current_time() == "2001-01-30");
  BOOST_TEST(river.steps() == length);
}

BOOST_AUTO_TEST_CASE(goes_on_from_a_stored_state) {
  const auto file = save(scaling), state = directory.file("state.safetensors");
  SteppedModel whole(file, {.start = "2001-01-01"});
  for (std::size_t d = 0; d < days.size(); ++d) {
    step(whole, days[d]);
    if (d == 11) whole.save_state(state);  // the day before the gap, which takes its rain
  }
  SteppedModel rest(file, {.start = "1990-01-01"});
  rest.load_state(state);
  BOOST_TEST(rest.steps() == 12);
  for (std::size_t d = 12; d < days.size(); ++d) step(rest, days[d]);
  BOOST_TEST(rest.get_value("flow") == whole.get_value("flow"));
  BOOST_TEST(rest.current_time() == whole.current_time());
  whole.reset();
  for (const auto& day : days) step(whole, day);
  BOOST_TEST(whole.get_value("flow") == rest.get_value("flow"));
  BOOST_CHECK_THROW(rest.load_state(file), FormatError);
}

BOOST_AUTO_TEST_CASE(refuses_what_a_step_cannot_do) {
  SteppedModel river;
  BOOST_CHECK_THROW(river.update(), StateError);
  BOOST_CHECK_EXCEPTION(river.initialize(save(scaling)), ValueError, says("looks at the calendar"));
  BOOST_CHECK_EXCEPTION(river.initialize(save(scaling, 7), {.start = "2001-01-01"}), ValueError,
                        says("differences from 7 rows before"));
  const Scaling of_windows = Scaling::fit(table, {.inputs = ScaleKind::window});
  BOOST_CHECK_EXCEPTION(river.initialize(save(of_windows), {.start = "2001-01-01"}), ValueError,
                        says("'rain' is scaled by its window"));
  river.initialize(save(scaling), {.start = "2001-01-01"});
  BOOST_CHECK_THROW((void)river.get_value("flow"), StateError);
  BOOST_CHECK_EXCEPTION(river.set_value("rian", 1), ValueError, says("did you mean rain?"));
  river.set_value("warmth", 3);
  BOOST_CHECK_EXCEPTION(river.update(), StateError, says("the input 'rain' is missing at step 1"));
  step(river, days[0]);
  BOOST_CHECK_THROW((void)river.get_value("flow", 1), ValueError);
  BOOST_CHECK_THROW((void)river.get_value("flood"), ValueError);
}

BOOST_AUTO_TEST_CASE(masks_say_what_is_missing) {
  Fixture masked(MissingInputs::mask);
  SteppedModel river(masked.save(masked.scaling), {.start = "2001-01-01"});
  for (const auto& day : masked.days) step(river, day);
  BOOST_TEST(river.get_value("flow") == masked.windowed(), boost::test_tools::tolerance(1e-5));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
