#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/cross_entropy.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/softmax.h>
#include <recur/framework/ops/split.h>

#include <cmath>

using namespace recur;

namespace {

constexpr Index rows = 6;

std::vector<std::int32_t> some_targets(Index classes) {
  std::vector<std::int32_t> targets;
  for (Index r = 0; r < rows; ++r) targets.push_back(static_cast<std::int32_t>((r * 5 + 1) % classes));
  return targets;
}

Tensor<double> one_hot(std::span<const std::int32_t> targets, Index classes) {
  Tensor<double> q({static_cast<Index>(targets.size()), classes});
  for (Index r = 0; r < q.shape()[0]; ++r) q(r, targets[static_cast<std::size_t>(r)]) = 1;
  return q;
}

/// -Σ q' ln softmax(x), from the definition.
std::vector<double> row_losses(const Tensor<double>& x, const Tensor<double>& q, double smoothing) {
  std::vector<double> losses;
  const Index classes = x.shape().cols();
  for (Index r = 0; r < rows; ++r) {
    double total = 0;
    for (Index c = 0; c < classes; ++c) total += std::exp(x(r, c));
    double loss = 0;
    for (Index c = 0; c < classes; ++c)
      loss -= ((1 - smoothing) * q(r, c) + smoothing / static_cast<double>(classes)) * (x(r, c) - std::log(total));
    losses.push_back(loss);
  }
  return losses;
}

std::vector<double> reduced(const std::vector<double>& losses, const CrossEntropyOptions& options) {
  std::vector<double> weighted;
  double total = 0;
  double weights = 0;
  double counted = 0;
  for (std::size_t r = 0; r < losses.size(); ++r) {
    const double w = options.weights.empty() ? 1 : static_cast<double>(options.weights[r]);
    weighted.push_back(w * losses[r]);
    total += w * losses[r];
    weights += w;
    counted += w != 0 ? 1 : 0;
  }
  if (options.reduction == Reduction::none) return weighted;
  if (options.reduction == Reduction::sum) return {total};
  return {total / (options.reduction == Reduction::mean ? counted : weights)};
}

/// All combinations of the options.
template <class Check>
void for_all_options(Check check) {
  static constexpr std::array<float, rows> weights = {1, 0, 0.5F, 2, 0, 1};
  for (const auto reduction : {Reduction::mean, Reduction::weighted_mean, Reduction::sum, Reduction::none})
    for (const double smoothing : {0.0, 0.1})
      for (const bool weighted : {false, true}) {
        CrossEntropyOptions options;
        options.reduction = reduction;
        options.label_smoothing = smoothing;
        if (weighted) options.weights = weights;
        check(options);
      }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cross_entropy)

BOOST_AUTO_TEST_CASE(sparse_values_and_gradients) {
  for (const Index classes : {1, 2, 7, 16, 17, 65}) {
    const Tensor<double> x = test::normal({rows, classes});
    const auto targets = some_targets(classes);
    for_all_options([&](const CrossEntropyOptions& options) {
      const auto expected = reduced(row_losses(x, one_hot(targets, classes), options.label_smoothing), options);
      Tape tape(DType::float64);
      const Var loss = sparse_softmax_cross_entropy(tape.constant(x), targets, options);
      BOOST_CHECK(loss.shape() == (options.reduction == Reduction::none ? Shape{rows} : Shape{}));
      test::check_close(loss.to_doubles(), expected);
      const auto f = [&](Tape&, auto in) { return sparse_softmax_cross_entropy(in[0], targets, options); };
      test::check_gradient(f, {x});
      const auto strided = [&](Tape&, auto in) -> Var {
        const Var part = slice(in[0], -1, 1, classes);
        return sparse_softmax_cross_entropy(part, targets, options) + sum(part);
      };
      test::check_gradient(strided, {Shape{rows, classes + 2}}, {}, "strided");
    });
  }
}

BOOST_AUTO_TEST_CASE(dense_values_and_gradients) {
  for (const Index classes : {1, 2, 7, 16, 17, 65}) {
    const Tensor<double> x = test::normal({rows, classes}, 1);
    const Tensor<double> q = test::uniform({rows, classes}, 0, 1, 2);  // need not add up to 1
    for_all_options([&](const CrossEntropyOptions& options) {
      const auto expected = reduced(row_losses(x, q, options.label_smoothing), options);
      Tape tape(DType::float64);
      test::check_close(softmax_cross_entropy(tape.constant(x), tape.constant(q), options).to_doubles(), expected);
      test::check_gradient([&](Tape&, auto in) { return softmax_cross_entropy(in[0], in[1], options); }, {x, q});
      test::check_gradient([&](Tape&, auto in) { return softmax_cross_entropy(in[0], in[0], options); }, {x}, {},
                           "itself");
    });
  }
}

BOOST_AUTO_TEST_CASE(binary_values_and_gradients) {
  for (const Index classes : {1, 2, 7, 16, 17}) {
    const Tensor<double> x = test::normal({rows, classes}, 1);
    const Tensor<double> q = test::uniform({rows, classes}, 0, 1, 2);
    for_all_options([&](const CrossEntropyOptions& options) {
      std::vector<double> losses;
      for (Index r = 0; r < rows; ++r) {
        double loss = 0;
        for (Index c = 0; c < classes; ++c) {
          const double p = 1 / (1 + std::exp(-x(r, c)));
          const double t = (1 - options.label_smoothing) * q(r, c) + options.label_smoothing / 2;
          loss -= t * std::log(p) + (1 - t) * std::log(1 - p);
        }
        losses.push_back(loss / static_cast<double>(classes));
      }
      Tape tape(DType::float64);
      test::check_close(binary_cross_entropy(tape.constant(x), tape.constant(q), options).to_doubles(),
                        reduced(losses, options));
      test::check_gradient([&](Tape&, auto in) { return binary_cross_entropy(in[0], in[1], options); }, {x, q});
    });
  }
}

BOOST_AUTO_TEST_CASE(sparse_dense_and_composed_agree) {
  const Index classes = 65;
  const auto targets = some_targets(classes);
  const Tensor<double> x = test::normal({rows, classes});
  for (const DType dtype : {DType::float32, DType::float64}) {
    const double tolerance = dtype == DType::float32 ? 1e-6 : 1e-13;
    std::vector<std::vector<double>> gradients;
    std::vector<double> losses;
    for (int form = 0; form < 3; ++form) {
      Tape tape(dtype);
      const Var logits = tape.input(x);
      const Var q = tape.constant(one_hot(targets, classes));
      Var loss;
      if (form == 0) loss = sparse_softmax_cross_entropy(logits, targets);
      if (form == 1) loss = softmax_cross_entropy(logits, q);
      if (form == 2) loss = sum(Var(log_softmax(logits) * q)) * (-1.0 / rows);
      losses.push_back(loss.item());
      tape.backward(loss);
      gradients.push_back(logits.gradient().to_doubles());
    }
    for (const int form : {1, 2}) {
      test::check_close({losses[static_cast<std::size_t>(form)]}, {losses[0]}, 4 * tolerance);
      test::check_close(gradients[static_cast<std::size_t>(form)], gradients[0], tolerance);
    }
  }
}

BOOST_AUTO_TEST_CASE(sequences_have_a_loss_for_each_step) {
  Tape tape(DType::float64);
  const Var logits = tape.input(test::normal({3, 2, 5}));
  const std::vector<std::int32_t> targets = {0, 1, 2, 3, 4, 0};
  CrossEntropyOptions options;
  options.reduction = Reduction::none;
  const Var loss = sparse_softmax_cross_entropy(logits, targets, options);
  BOOST_CHECK(loss.shape() == (Shape{3, 2}));
}

BOOST_AUTO_TEST_CASE(large_logits_are_stable) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    Tape tape(dtype);
    const Var logits = tape.input(Tensor<double>({2, 3}, {1e4, 0, -1e4, 1e4, 0, -1e4}));
    const std::vector<std::int32_t> targets = {0, 2};
    const Var loss = sparse_softmax_cross_entropy(logits, targets);
    BOOST_TEST(loss.item() == 1e4);
    const Var binary = binary_cross_entropy(logits, tape.constant(Tensor<double>({2, 3}, {1, 0.5, 0, 0, 0.5, 1})));
    BOOST_TEST(std::abs(binary.item() - (2e4 + std::log(2.0)) / 6 - std::log(2.0) / 6) < 1e-3);
    tape.backward(loss);
    for (const double g : logits.gradient().to_doubles()) BOOST_TEST(std::isfinite(g));
  }
}

// What is under the mask may be anything, even an id that does not exist or not a number.
BOOST_AUTO_TEST_CASE(masked_rows_are_not_read) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::int32_t> targets = {1, -1};
  const std::array<float, 2> weights = {1, 0};
  CrossEntropyOptions options;
  options.weights = weights;
  for (const auto reduction : {Reduction::mean, Reduction::weighted_mean, Reduction::sum}) {
    options.reduction = reduction;
    Tape tape(DType::float64);
    const Var logits = tape.input(Tensor<double>({2, 2}, {0, 0, nan, nan}));
    const Var loss = sparse_softmax_cross_entropy(logits, targets, options);
    BOOST_TEST(std::abs(loss.item() - std::log(2.0)) < 1e-14);
    tape.backward(loss);
    test::check_close(logits.gradient().to_doubles(), {0.5, -0.5, 0, 0});
  }
}

BOOST_AUTO_TEST_CASE(a_loss_with_every_row_masked_is_zero) {
  const std::vector<std::int32_t> targets = {1, 0};
  const std::array<float, 2> weights = {0, 0};
  CrossEntropyOptions options;
  options.weights = weights;
  Tape tape(DType::float64);
  const Var logits = tape.input(test::normal({2, 2}));
  const Var loss = sparse_softmax_cross_entropy(logits, targets, options);
  BOOST_TEST(loss.item() == 0.0);
  tape.backward(loss);
  test::check_close(logits.gradient().to_doubles(), {0, 0, 0, 0}, 0);
}

BOOST_AUTO_TEST_CASE(wrong_arguments_are_refused) {
  Tape tape(DType::float64);
  const Var logits = tape.constant(test::normal({2, 3}));
  const auto sparse = [&](const std::vector<std::int32_t>& targets, const CrossEntropyOptions& options = {}) {
    return sparse_softmax_cross_entropy(logits, targets, options);
  };
  BOOST_CHECK_THROW(sparse({0}), ShapeError);
  BOOST_CHECK_THROW(sparse({0, -1}), ValueError);
  BOOST_CHECK_THROW(sparse({0, 0}, {.label_smoothing = 1.5}), ValueError);
  const std::array<float, 3> weights = {1, 1, 1};
  BOOST_CHECK_THROW(sparse({0, 0}, {.weights = weights}), ShapeError);
  BOOST_CHECK_THROW((void)softmax_cross_entropy(logits, tape.constant(test::normal({2}))), ShapeError);
  BOOST_CHECK_THROW((void)binary_cross_entropy(logits, tape.constant(test::normal({3, 2}))), ShapeError);
  BOOST_CHECK_THROW((void)sparse_softmax_cross_entropy(tape.constant(1.0), {}), ShapeError);
  Tape other(DType::float64);
  const Var foreign = other.constant(test::normal({2, 3}));
  BOOST_CHECK_THROW((void)softmax_cross_entropy(logits, foreign), ForeignVar);
  BOOST_CHECK_THROW((void)binary_cross_entropy(logits, foreign), ForeignVar);
  try {
    (void)sparse({0, 3});
    BOOST_ERROR("not refused");
  } catch (const ValueError& error) {
    const std::string message = error.what();
    BOOST_TEST(message.find("target 3 at position 1") != std::string::npos, message);
  }
}

// A class that cannot be: no loss where it is not wanted.
BOOST_AUTO_TEST_CASE(logits_of_minus_infinity_cost_nothing_where_they_are_right) {
  const double inf = std::numeric_limits<double>::infinity();
  const double expected = (std::log(1 + std::exp(1.0)) + std::log(1 + std::exp(-2.0)) + 1) / 2;
  for (const DType dtype : {DType::float32, DType::float64}) {
    Tape tape(dtype);
    const Var logits = tape.input(Tensor<double>({2, 3}, {0, -inf, 1, 2, 0, -inf}));
    const Var targets = tape.constant(Tensor<double>({2, 3}, {1, 0, 0, 0.5, 0.5, 0}));
    const Var loss = softmax_cross_entropy(logits, targets);
    BOOST_TEST(loss.item() == expected, boost::test_tools::tolerance(1e-6));
    tape.backward(loss);
    for (const double g : logits.gradient().to_doubles()) BOOST_TEST(std::isfinite(g));
    tape.reset();
    const Var certain = tape.input(Tensor<double>({1, 3}, {-inf, inf, 2}));
    const Var binary = binary_cross_entropy(certain, tape.constant(Tensor<double>({1, 3}, {0, 1, 1})));
    BOOST_TEST(binary.item() == std::log1p(std::exp(-2.0)) / 3, boost::test_tools::tolerance(1e-6));
    tape.backward(binary);
    for (const double g : certain.gradient().to_doubles()) BOOST_TEST(std::isfinite(g));
    tape.reset();
    const Var wrong = tape.constant(Tensor<double>({1, 2}, {-inf, 0}));
    BOOST_TEST(std::isinf(softmax_cross_entropy(wrong, tape.constant(Tensor<double>({1, 2}, {1, 0}))).item()));
    BOOST_TEST(std::isinf(binary_cross_entropy(wrong, tape.constant(Tensor<double>({1, 2}, {1, 0}))).item()));
  }
}

BOOST_AUTO_TEST_SUITE_END()
