#include "support.h"

#include <recur/framework/ops/ctc_loss.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/transpose.h>

#include <limits>
#include <numeric>

using namespace recur;

namespace {

using Labels = std::vector<std::int32_t>;

// Repeats merged, blanks removed.
Labels merged(const Labels& path, std::int32_t blank) {
  Labels labels;
  for (std::size_t t = 0; t < path.size(); ++t)
    if (path[t] != blank && (t == 0 || path[t] != path[t - 1])) labels.push_back(path[t]);
  return labels;
}

// -ln of the sum of the probabilities of all paths, one after the other.
double enumerated(const Tensor<double>& x, Index b, Index steps, const Labels& labels, std::int32_t blank) {
  const Index classes = x.shape()[2];
  double total = 0;
  Labels path(static_cast<std::size_t>(steps));
  for (;;) {
    if (merged(path, blank) == labels) {
      double probability = 1;
      for (Index t = 0; t < steps; ++t) {
        double sum = 0;
        for (Index k = 0; k < classes; ++k) sum += std::exp(x(b, t, k));
        probability *= std::exp(x(b, t, path[static_cast<std::size_t>(t)])) / sum;
      }
      total += probability;
    }
    std::size_t at = 0;
    while (at < path.size() && ++path[at] == classes) path[at++] = 0;
    if (at == path.size()) break;
  }
  return -std::log(total);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ctc_loss_suite)

BOOST_AUTO_TEST_CASE(it_is_the_sum_over_all_paths) {
  const Tensor<double> x = test::normal({1, 5, 4});
  for (const std::int32_t blank : {0, 3, 1})
    for (const Labels& labels : {Labels{}, Labels{2}, Labels{2, 2}, Labels{2, 2, 2}}) {
      Tape tape(DType::float64);
      const std::vector<Index> counts = {static_cast<Index>(labels.size())};
      const Var loss = ctc_loss(tape.constant(x), {labels, counts}, {.blank = blank});
      BOOST_TEST(std::abs(loss.item() - enumerated(x, 0, 5, labels, blank)) < 1e-12);
    }
  const Labels several = {1, 3, 1};
  const std::vector<Index> counts = {3};
  for (const Index steps : {3, 4, 5}) {
    Tape tape(DType::float64);
    const std::vector<Index> lengths = {steps};
    const Var loss = ctc_loss(tape.constant(x), {several, counts}, {.lengths = lengths});
    BOOST_TEST(std::abs(loss.item() - enumerated(x, 0, steps, several, 0)) < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(batches_lengths_and_reductions) {
  const Tensor<double> x = test::normal({3, 5, 3});
  const Labels labels = {1, 2, 2, 1};
  const std::vector<Index> counts = {2, 0, 2}, lengths = {4, 3, 5};
  const std::vector<double> each = {enumerated(x, 0, 4, {1, 2}, 0), enumerated(x, 1, 3, {}, 0),
                                    enumerated(x, 2, 5, {2, 1}, 0)};
  const double total = std::accumulate(each.begin(), each.end(), 0.0);
  for (const bool time_major : {false, true}) {
    Tape tape(DType::float64);
    Var logits = tape.constant(x);
    if (time_major) logits = transpose(logits, 0, 1);
    CtcOptions options{.lengths = lengths, .time_major = time_major};
    BOOST_TEST(std::abs(ctc_loss(logits, {labels, counts}, options).item() - total / 3) < 1e-12);
    options.reduction = Reduction::sum;
    BOOST_TEST(std::abs(ctc_loss(logits, {labels, counts}, options).item() - total) < 1e-12);
    options.reduction = Reduction::none;
    test::check_close(ctc_loss(logits, {labels, counts}, options).to_doubles(), each, 1e-12);
  }
}

// Losses and gradients to the logits by PyTorch 1.13's ctc_loss of log_softmax, in double.
BOOST_AUTO_TEST_CASE(values_of_another_library) {
  Tensor<double> x({3, 7, 5});
  for (Index b = 0; b < 3; ++b)
    for (Index t = 0; t < 7; ++t)
      for (Index k = 0; k < 5; ++k)
        x(b, t, k) = 2 * std::sin(1 + 0.7 * static_cast<double>(b) + 1.3 * static_cast<double>(t) +
                                  2.1 * static_cast<double>(k));
  const Labels labels = {1, 2, 2, 4, 3, 1, 3, 1};
  const std::vector<Index> counts = {3, 1, 4}, lengths = {7, 4, 6};
  Tape tape(DType::float64);
  const Var logits = tape.input(x);
  const Var loss = ctc_loss(logits, {labels, counts}, {.lengths = lengths, .reduction = Reduction::none});
  test::check_close(loss.to_doubles(), {9.111165494801, 4.830484739827, 8.682128390512}, 1e-11);
  tape.backward(sum(loss));
  const auto all = logits.gradient().to_doubles();
  const auto of_step = [&](Index b, Index t) {
    const auto first = all.begin() + (b * 7 + t) * 5;
    return std::vector<double>(first, first + 5);
  };
  test::check_close(of_step(0, 0), {0.134701442744, -0.643522026952, 0.012974950280, 0.416049044912, 0.079796589016},
                    1e-11);
  test::check_close(of_step(0, 3), {-0.044985808926, 0.303507327576, -0.665981580840, 0.014528895583, 0.392931166607},
                    1e-11);
  test::check_close(of_step(1, 1), {-0.729611845239, 0.020086043591, 0.625774647048, 0.164114349329, -0.080363194729},
                    1e-11);
  test::check_close(of_step(2, 5), {0.077505497188, -0.737357743459, 0.329036855090, 0.314707682215, 0.016107708966},
                    1e-11);
  test::check_close(of_step(2, 6), {0, 0, 0, 0, 0});
}

BOOST_AUTO_TEST_CASE(gradients) {
  const Labels labels = {1, 2, 2, 3, 1, 3};
  const std::vector<Index> counts = {3, 0, 3}, lengths = {6, 4, 5};
  for (const bool time_major : {false, true})
    for (const Reduction reduction : {Reduction::mean, Reduction::none})
      test::check_jacobian(
          [&](Tape&, auto in) {
            return ctc_loss(in[0], {labels, counts},
                            {.lengths = lengths, .time_major = time_major, .reduction = reduction});
          },
          {time_major ? Shape{6, 3, 4} : Shape{3, 6, 4}});
}

// Probabilities of a thousand steps are far below the least double.
BOOST_AUTO_TEST_CASE(long_sequences_neither_overflow_nor_underflow) {
  constexpr Index steps = 2000;
  Labels labels;
  for (std::int32_t i = 0; i < 500; ++i) labels.push_back(1 + i % 9);
  const std::vector<Index> counts = {500};
  for (const DType dtype : {DType::float32, DType::float64}) {
    Tape tape(dtype);
    const Var x = tape.input(test::normal({1, steps, 10}));
    const Var loss = ctc_loss(x, {labels, counts});
    tape.backward(loss);
    BOOST_TEST(loss.item() > 1000);
    const auto d = x.gradient().to_doubles();
    // At each step the gradient is one probability minus another one.
    for (Index t = 0; t < steps; ++t) {
      const double sum = std::accumulate(d.begin() + t * 10, d.begin() + (t + 1) * 10, 0.0);
      BOOST_TEST(std::abs(sum) < (dtype == DType::float32 ? 2e-6 : 1e-9));
    }
  }
}

BOOST_AUTO_TEST_CASE(steps_beyond_the_length_have_no_gradient) {
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({1, 4, 3}));
  const Labels labels = {1};
  const std::vector<Index> counts = {1}, lengths = {2};
  tape.backward(ctc_loss(x, {labels, counts}, {.lengths = lengths}));
  const auto d = x.gradient().to_doubles();
  for (std::size_t i = 6; i < 12; ++i) BOOST_TEST(d[i] == 0);
}

BOOST_AUTO_TEST_CASE(sequences_that_are_too_short) {
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({2, 3, 3}));
  const Labels labels = {1, 1, 2, 1};
  const std::vector<Index> counts = {3, 1};
  BOOST_CHECK_EXCEPTION((void)ctc_loss(x, {labels, counts}), ValueError, [](const ValueError& error) {
    return std::string(error.what()).find("sequence 0 has 3 steps, its 3 labels need 4") != std::string::npos;
  });
  const Var loss = ctc_loss(x, {labels, counts}, {.skip_impossible = true, .reduction = Reduction::none});
  BOOST_TEST(loss.to_doubles()[0] == 0);
  tape.backward(sum(loss));
  const auto d = x.gradient().to_doubles();
  for (std::size_t i = 0; i < 9; ++i) BOOST_TEST(d[i] == 0);
  BOOST_TEST(d[9] != 0);
}

BOOST_AUTO_TEST_CASE(refusals) {
  Tape tape(DType::float64);
  const Var x = tape.zeros({1, 3, 3});
  const std::vector<Index> one = {1}, two = {1, 1}, long_ones = {4};
  const auto refused = [&]<class E>(E, const Labels& labels, const std::vector<Index>& counts, CtcOptions options) {
    BOOST_CHECK_THROW((void)ctc_loss(x, {labels, counts}, options), E);
  };
  refused(ValueError(""), {0}, one, {});
  refused(ValueError(""), {3}, one, {});
  refused(ValueError(""), {1}, one, {.blank = 3});
  refused(ShapeError(""), {1, 2}, one, {});
  refused(ShapeError(""), {1, 2}, two, {});
  refused(ShapeError(""), {}, one, {});
  refused(ShapeError(""), {1}, one, {.lengths = long_ones});
  BOOST_CHECK_THROW((void)ctc_loss(tape.zeros({3, 3}), {{}, one}), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
