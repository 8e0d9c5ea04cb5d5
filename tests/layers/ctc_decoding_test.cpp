#include "support.h"

#include <recur/framework/ops/ctc_loss.h>
#include <recur/layers/ctc_decoding.h>

#include <map>

using namespace recur;
using namespace recur::test;

namespace {

using Labels = std::vector<std::int32_t>;

// Logits whose softmax has these probabilities.
Tensor<double> logits_of(const Shape& shape, const std::vector<double>& probabilities) {
  Tensor<double> logits(shape);
  for (std::size_t i = 0; i < probabilities.size(); ++i) logits.data()[i] = std::log(probabilities[i]);
  return logits;
}

// All labellings of at most `steps` labels, and the most likely one by the loss.
std::pair<double, Labels> most_likely(const Tensor<double>& x, Index steps) {
  const auto classes = static_cast<std::int32_t>(x.shape()[2]);
  std::pair<double, Labels> best{-1e300, {}};
  std::vector<Labels> all = {{}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Labels labels = all[i];
    if (static_cast<Index>(labels.size()) < steps)
      for (std::int32_t k = 1; k < classes; ++k) {
        all.push_back(labels);
        all.back().push_back(k);
      }
    Tape tape(DType::float64);
    const std::vector<Index> counts = {static_cast<Index>(labels.size())};
    try {
      const double ln = -ctc_loss(tape.constant(x), {labels, counts}).item();
      if (ln > best.first) best = {ln, labels};
    } catch (const ValueError&) {  // too few steps for equal neighbours
    }
  }
  return best;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ctc_decoding)

BOOST_AUTO_TEST_CASE(greedy_merges_repeats_and_removes_blanks) {
  Tensor<double> x({2, 8, 4});
  const Labels path = {0, 1, 1, 0, 1, 2, 2, 3}, other = {2, 2, 0, 0, 0, 3, 3, 3};
  for (std::size_t t = 0; t < 8; ++t) {
    x(0, static_cast<Index>(t), path[t]) = 5;
    x(1, static_cast<Index>(t), other[t]) = 5;
  }
  const std::vector<Index> lengths = {8, 5};
  const auto readings = ctc_greedy(x.clone(), {.lengths = lengths});
  BOOST_TEST(readings[0].labels == (Labels{1, 1, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST(readings[0].steps == (std::vector<Index>{1, 4, 5, 7}), boost::test_tools::per_element());
  BOOST_TEST(readings[1].labels == (Labels{2}), boost::test_tools::per_element());
  const double each = 5 - std::log(std::exp(5.0) + 3);
  BOOST_TEST(std::abs(readings[1].log_probability - 5 * each) < 1e-12);
  Tensor<double> turned({8, 2, 4});
  for (Index b = 0; b < 2; ++b)
    for (Index t = 0; t < 8; ++t)
      for (Index k = 0; k < 4; ++k) turned(t, b, k) = x(b, t, k);
  BOOST_TEST(ctc_greedy(std::move(turned), {.lengths = lengths, .time_major = true})[0].labels == readings[0].labels,
             boost::test_tools::per_element());
}

// Twice blank is the most likely path, 0.36, but three paths of the label have 0.64 together (Graves 2006, figure 2).
BOOST_AUTO_TEST_CASE(the_beam_adds_up_paths) {
  const Tensor<double> x = logits_of({1, 2, 2}, {0.6, 0.4, 0.6, 0.4});
  BOOST_TEST(ctc_greedy(x.clone())[0].labels.empty());
  const CtcReading reading = ctc_beam_search(x.clone())[0];
  BOOST_TEST(reading.labels == (Labels{1}), boost::test_tools::per_element());
  BOOST_TEST(std::abs(reading.log_probability - std::log(0.64)) < 1e-12);
}

BOOST_AUTO_TEST_CASE(a_wide_beam_finds_the_most_likely_labelling) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Tensor<double> x = random_tensor({1, 4, 3}, seed);
    const auto [ln, labels] = most_likely(x, 4);
    const CtcReading reading = ctc_beam_search(x.clone(), {.width = 1000})[0];
    BOOST_TEST(reading.labels == labels, boost::test_tools::per_element());
    BOOST_TEST(std::abs(reading.log_probability - ln) < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(refusals) {
  const Tensor<double> x({1, 2, 3});
  const std::vector<Index> lengths = {3};
  BOOST_CHECK_EXCEPTION((void)ctc_greedy(x.clone(), {.blank = 3}), ValueError, says<ValueError>("blank 3"));
  BOOST_CHECK_EXCEPTION((void)ctc_beam_search(x.clone(), {.width = 0}), ValueError, says<ValueError>("width of 0"));
  BOOST_CHECK_THROW((void)ctc_greedy(x.clone(), {.lengths = lengths}), ShapeError);
  BOOST_CHECK_THROW((void)ctc_greedy(Tensor<double>({2, 3})), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
