#include <recur/train/samples/markov_text.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <map>

using namespace recur;

namespace {

// Conditional entropy of a letter given the `order` letters before it, estimated from counts.
double estimated_entropy(const std::string& text, std::size_t order) {
  std::map<std::string, std::map<char, double>> counts;
  for (std::size_t i = order; i < text.size(); ++i) counts[text.substr(i - order, order)][text[i]] += 1;
  double sum = 0;
  for (const auto& [context, letters] : counts) {
    double total = 0;
    for (const auto& [letter, count] : letters) total += count;
    for (const auto& [letter, count] : letters) sum -= count * std::log(count / total);
  }
  return sum / static_cast<double>(text.size() - order);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(markov_text)

// Figures of an independent computation (linear algebra over the 64 states), given to four digits.
BOOST_AUTO_TEST_CASE(entropies_are_the_known_ones) {
  const samples::MarkovEntropy entropy = samples::markov_entropy();
  BOOST_TEST(std::abs(entropy.unigram - 2.0763) < 0.00005);
  BOOST_TEST(std::abs(entropy.first_order - 2.0181) < 0.00005);
  BOOST_TEST(std::abs(entropy.rate - 1.6604) < 0.00005);
}

// The standard error of each estimate is about 0.69 / sqrt(400,000) = 0.0011; counting biases it by 448 / 800,000.
BOOST_AUTO_TEST_CASE(the_text_has_these_entropies) {
  Generator generator(1);
  const std::string text = samples::markov_text(400'000, generator);
  const samples::MarkovEntropy entropy = samples::markov_entropy();
  BOOST_TEST(text.size() == 400'000U);
  BOOST_TEST(std::abs(estimated_entropy(text, 0) - entropy.unigram) < 0.005);
  BOOST_TEST(std::abs(estimated_entropy(text, 1) - entropy.first_order) < 0.005);
  BOOST_TEST(std::abs(estimated_entropy(text, 2) - entropy.rate) < 0.005);
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_text) {
  Generator a(5);
  Generator b(5);
  const std::string first = samples::markov_text(40, a);
  BOOST_TEST(first == samples::markov_text(40, b));
  BOOST_TEST(first != samples::markov_text(40, b));
  BOOST_TEST(first.find_first_not_of("abcdefgh") == std::string::npos);
  BOOST_TEST(samples::markov_text(0, a).empty());
  BOOST_CHECK_THROW((void)samples::markov_text(-1, a), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
