#include <recur/framework/autodiff/tape.h>
#include <recur/framework/tensor/error.h>
#include <recur/train/loop/metrics.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace recur;

namespace {

/// A metric and what it must be for the batches below, weighted (1, 1, 0, 2), by hand.
struct Row {
  const char* name;
  double expected;
};

double sigmoid_loss(double z, double y) { return std::log1p(std::exp(y > 0.5 ? -z : z)); }
double softmax_loss(std::vector<double> z, std::size_t id) {
  double sum = 0;
  for (const double x : z) sum += std::exp(x);
  return std::log(sum) - z[id];
}

const std::vector<double> prediction{2, 1, -1, 0.5, 3, 0.25, 9, 9, 9, -2, 1, 0.5};
const std::vector<double> target{1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0};
const std::vector<std::int32_t> ids{0, 2, 77, 2};  // the third is masked
const std::vector<double> weights{1, 1, 0, 2};

const double mean_nll =
    (softmax_loss({2, 1, -1}, 0) + softmax_loss({0.5, 3, 0.25}, 2) + 2 * softmax_loss({-2, 1, 0.5}, 2)) / 4;
const double mean_square = ((1 + 1 + 1) + (0.25 + 9 + 0.5625) + 2 * (4 + 0 + 0.25)) / 12;

const Row rows[] = {
    {"binary_accuracy", (2.0 / 3 + 1.0 / 3 + 2 * (2.0 / 3)) / 4},
    {"categorical_accuracy", (1 + 0 + 2 * 1) / 4.0},
    {"sparse_categorical_accuracy", 1 / 4.0},
    {"accuracy", 1 / 4.0},
    {"top_1_accuracy", 1 / 4.0},
    {"top_2_accuracy", (1 + 0 + 2) / 4.0},
    {"top_5_accuracy", 1},
    {"nll", mean_nll},
    {"perplexity", std::exp(mean_nll)},
    {"bits_per_character", mean_nll / std::log(2.0)},
    {"nll_per_frame",
     (sigmoid_loss(2, 1) + sigmoid_loss(1, 0) + sigmoid_loss(-1, 0) + sigmoid_loss(0.5, 0) + sigmoid_loss(3, 0) +
      sigmoid_loss(0.25, 1) + 2 * (sigmoid_loss(-2, 0) + sigmoid_loss(1, 1) + sigmoid_loss(0.5, 0))) /
         4},
    {"label_error", (2.0 / 3 + 3.75 / 3 + 2 * (-0.5 / 3)) / 4},
    {"mean_absolute_error", ((1 + 1 + 1) + (0.5 + 3 + 0.75) + 2 * (2 + 0 + 0.5)) / 12},
    {"mae", ((1 + 1 + 1) + (0.5 + 3 + 0.75) + 2 * (2 + 0 + 0.5)) / 12},
    {"mean_squared_error", mean_square},
    {"mse", mean_square},
    {"root_mean_squared_error", std::sqrt(mean_square)},
    {"rmse", std::sqrt(mean_square)},
    {"mean_absolute_percentage_error", ((100 + 1e9 + 1e9) + (0.5e9 + 3e9 + 75) + 2 * (2e9 + 0 + 0.5e9)) / 12},
    {"mape", ((100 + 1e9 + 1e9) + (0.5e9 + 3e9 + 75) + 2 * (2e9 + 0 + 0.5e9)) / 12},
};

MetricBatch batch(std::size_t first, std::size_t count) {
  return {.prediction = std::span(prediction).subspan(3 * first, 3 * count),
          .target = std::span(target).subspan(3 * first, 3 * count),
          .target_ids = std::span(ids).subspan(first, count),
          .weights = std::span(weights).subspan(first, count),
          .rows = static_cast<Index>(count),
          .columns = 3};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(follow_their_formulas) {
  for (const Row& row : rows) {
    const auto metric = make_metric(row.name);
    BOOST_TEST(metric->name() == row.name);
    BOOST_TEST(std::isnan(metric->result()));
    metric->update(batch(0, 3));
    metric->update(batch(3, 1));
    BOOST_TEST(std::abs(metric->result() - row.expected) <= 1e-13 * std::abs(row.expected),
               row.name << " is " << metric->result() << ", not " << row.expected);
    metric->reset();
    BOOST_TEST(std::isnan(metric->result()));
    metric->update(batch(0, 4));
    BOOST_TEST(std::abs(metric->result() - row.expected) <= 1e-13 * std::abs(row.expected));
  }
}

BOOST_AUTO_TEST_CASE(all_names_are_in_the_table) {
  for (const std::string& name : metric_names())
    BOOST_TEST(std::any_of(std::begin(rows), std::end(rows), [&](const Row& row) { return name == row.name; }), name);
  BOOST_CHECK_EXCEPTION((void)make_metric("acuracy"), ValueError, [](const ValueError& error) {
    return std::string(error.what()).find("there are top_5_accuracy, binary_accuracy") != std::string::npos;
  });
  for (const char* name : {"", "top_0_accuracy", "top_-1_accuracy", "top__accuracy", "top_accuracy", "top_x_accuracy"})
    BOOST_CHECK_THROW((void)make_metric(name), ValueError);
}

BOOST_AUTO_TEST_CASE(take_values_on_a_tape) {
  Tape tape(DType::float64);
  const Var y = tape.constant(Shape{2, 1, 2}, std::span<const double>(std::vector<double>{1, 2, 3, 5}));
  const Var t = tape.constant(Shape{2, 1, 2}, std::span<const double>(std::vector<double>{1, 1, 1, 1}));
  const Var w = tape.constant(Shape{2, 1}, std::span<const double>(std::vector<double>{3, 1}));
  const auto error = make_metric("mae");
  error->update(y, t);
  BOOST_TEST(error->result() == 1.75);
  error->reset();
  error->update(y, t, w);
  BOOST_TEST(error->result() == (3 * 0.5 + 3) / 4);
  const auto accuracy = make_metric("accuracy");
  const std::vector<std::int32_t> classes{1, 0};
  accuracy->update(y, classes);
  BOOST_TEST(accuracy->result() == 0.5);
  BOOST_TEST(accuracy->larger_is_better());
  BOOST_TEST(!error->larger_is_better());
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused_and_not_counted) {
  const auto accuracy = make_metric("accuracy");
  auto wrong = batch(0, 4);
  wrong.weights = {};
  BOOST_CHECK_THROW(accuracy->update(wrong), ValueError);  // class 77
  BOOST_TEST(std::isnan(accuracy->result()));
  wrong.weights = std::span(weights).first(3);
  BOOST_CHECK_THROW(accuracy->update(wrong), ShapeError);
  wrong = batch(0, 4);
  wrong.target_ids = {};
  BOOST_CHECK_THROW(accuracy->update(wrong), ShapeError);
  wrong.columns = 2;
  BOOST_CHECK_THROW(make_metric("mae")->update(wrong), ShapeError);
  const std::vector<double> negative{-1, 1, 1, 1};
  wrong = batch(0, 4);
  wrong.weights = negative;
  BOOST_CHECK_THROW(make_metric("mae")->update(wrong), ValueError);
}

BOOST_AUTO_TEST_CASE(mean_of_losses) {
  MeanMetric loss;
  BOOST_TEST(std::isnan(loss.result()));
  loss.update(1, 3);
  loss.update(5);
  BOOST_TEST(loss.result() == 2);
  loss.reset();
  BOOST_TEST(std::isnan(loss.result()));
}

// A model that says the same of all classes knows nothing.
BOOST_AUTO_TEST_CASE(ties_are_worth_what_guessing_gives) {
  constexpr Index classes = 50;
  const auto judge = [&](const std::string& name, const std::vector<double>& row,
                         const std::vector<std::int32_t>& wanted) {
    std::vector<double> prediction;
    for (std::size_t i = 0; i < wanted.size(); ++i) prediction.insert(prediction.end(), row.begin(), row.end());
    const auto metric = make_metric(name);
    metric->update({.prediction = prediction,
                    .target = {},
                    .target_ids = wanted,
                    .weights = {},
                    .rows = static_cast<Index>(wanted.size()),
                    .columns = classes});
    return metric->result();
  };
  std::vector<std::int32_t> each(classes);
  std::iota(each.begin(), each.end(), 0);
  const std::vector<double> same(classes, 0.25);
  std::vector<double> sure(classes, 0.0);
  sure[7] = 1;
  constexpr double rounding = 1e-14;
  for (const auto& wanted : {each, std::vector<std::int32_t>(5, 3), std::vector<std::int32_t>(5, 0)}) {
    BOOST_TEST(judge("accuracy", same, wanted) == 1.0 / classes, boost::test_tools::tolerance(rounding));
    BOOST_TEST(judge("top_1_accuracy", same, wanted) == 1.0 / classes, boost::test_tools::tolerance(rounding));
    BOOST_TEST(judge("top_5_accuracy", same, wanted) == 5.0 / classes, boost::test_tools::tolerance(rounding));
  }
  BOOST_TEST(judge("top_1_accuracy", sure, each) == 1.0 / classes, boost::test_tools::tolerance(rounding));
  BOOST_TEST(judge("top_2_accuracy", sure, each) == 2.0 / classes, boost::test_tools::tolerance(rounding));
  BOOST_TEST(judge("top_50_accuracy", sure, each) == 1.0);
}

BOOST_AUTO_TEST_CASE(nan_is_never_a_right_answer) {
  const double nan = std::nan("");
  const std::vector<double> bad = {nan, 1, 0, nan, nan, nan};
  const std::vector<double> zeros(6, 0.0);
  const std::vector<std::int32_t> classes = {1, 0};
  for (const char* name : {"binary_accuracy", "categorical_accuracy", "accuracy", "top_1_accuracy", "top_5_accuracy"}) {
    const auto metric = make_metric(name);
    metric->update({.prediction = bad, .target = zeros, .target_ids = classes, .weights = {}, .rows = 2, .columns = 3});
    BOOST_TEST(metric->result() == (name == std::string("binary_accuracy") ? 1.0 / 6 : 0.0), name);
  }
  for (const char* name : {"nll", "nll_per_frame", "mse", "mae", "rmse"}) {
    const auto metric = make_metric(name);
    metric->update({.prediction = bad, .target = zeros, .target_ids = classes, .weights = {}, .rows = 2, .columns = 3});
    BOOST_TEST(std::isnan(metric->result()), name);
  }
}

BOOST_AUTO_TEST_CASE(infinite_logits_are_certain) {
  const double inf = std::numeric_limits<double>::infinity();
  const auto judge = [](const char* name, const std::vector<double>& row, const std::vector<double>& target,
                        std::int32_t id) {
    const auto metric = make_metric(name);
    metric->update({.prediction = row,
                    .target = target,
                    .target_ids = std::span(&id, 1),
                    .weights = {},
                    .rows = 1,
                    .columns = static_cast<Index>(row.size())});
    return metric->result();
  };
  BOOST_TEST(judge("nll_per_frame", {-inf, inf, 3}, {0, 1, 1}, 0) == std::log1p(std::exp(-3.0)),
             boost::test_tools::tolerance(1e-14));
  BOOST_TEST(judge("nll_per_frame", {-inf, 0}, {1, 0}, 0) == inf);
  BOOST_TEST(judge("nll", {0, -inf, 1}, {}, 0) == std::log(1 + std::exp(1.0)), boost::test_tools::tolerance(1e-14));
  BOOST_TEST(judge("nll", {0, -inf, 1}, {}, 1) == inf);
}

BOOST_AUTO_TEST_SUITE_END()
