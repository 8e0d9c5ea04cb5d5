#include <recur/train/samples/grammar_text.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <map>
#include <numbers>

using namespace recur;

namespace {

// Bits a character of `test` under a model that has counted, in `training`, what follows each run of up to `order`
// characters, falling back on shorter runs (Witten–Bell).
double ngram_bits(const std::string& training, const std::string& test, std::size_t order) {
  std::map<std::string, std::map<char, double>> counts;
  for (std::size_t i = order; i < training.size(); ++i)
    for (std::size_t n = 0; n <= order; ++n) counts[training.substr(i - n, n)][training[i]] += 1;
  double bits = 0;
  for (std::size_t i = order; i < test.size(); ++i) {
    double p = 1.0 / 256;
    for (std::size_t n = 0; n <= order; ++n) {
      const auto found = counts.find(test.substr(i - n, n));
      if (found == counts.end()) break;
      double total = 0;
      for (const auto& [next, count] : found->second) total += count;
      const auto seen = found->second.find(test[i]);
      const auto kinds = static_cast<double>(found->second.size());
      p = ((seen == found->second.end() ? 0 : seen->second) + kinds * p) / (total + kinds);
    }
    bits -= std::log2(p);
  }
  return bits / static_cast<double>(test.size() - order);
}

struct Moments {
  double mean = 0;
  double error = 0;  // standard error of the mean
};
Moments moments(const std::vector<double>& values) {
  Moments m;
  const auto n = static_cast<double>(values.size());
  for (const double v : values) m.mean += v / n;
  double variance = 0;
  for (const double v : values) variance += (v - m.mean) * (v - m.mean) / (n - 1);
  m.error = std::sqrt(variance / n);
  return m;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(grammar_text)

// The parser, which knows nothing of how the entropy is added up, finds one derivation and the probability of each
// sentence.
BOOST_AUTO_TEST_CASE(every_sentence_has_one_derivation_and_costs_what_the_entropy_says) {
  const samples::Grammar grammar = samples::english_grammar();
  Generator generator(1);
  std::vector<double> costs;
  std::vector<double> lengths;
  std::vector<double> excess;  // of the cost over the entropy rate times the length: 0 on average
  for (int i = 0; i < 20'000; ++i) {
    const std::string sentence = grammar.sentence(generator);
    const samples::Grammar::Reading reading = grammar.read(sentence);
    BOOST_REQUIRE_EQUAL(reading.derivations, 1);
    BOOST_REQUIRE_EQUAL(sentence.find('.'), sentence.size() - 1);
    costs.push_back(-std::log(reading.probability));
    lengths.push_back(static_cast<double>(sentence.size() + 1));
    excess.push_back(costs.back() - grammar.entropy_per_character() * lengths.back());
  }
  const Moments cost = moments(costs);
  const Moments length = moments(lengths);
  const Moments difference = moments(excess);
  BOOST_TEST(std::abs(cost.mean - grammar.nats()) < 4 * cost.error);
  BOOST_TEST(std::abs(length.mean - grammar.expected_characters()) < 4 * length.error);
  BOOST_TEST(std::abs(difference.mean) < 4 * difference.error);
  BOOST_TEST(difference.error / length.mean < 0.002 * grammar.entropy_per_character());  // so the test is sharp
}

BOOST_AUTO_TEST_CASE(the_entropy_rate_is_what_it_was) {
  const double bits = samples::english_grammar().entropy_per_character() / std::numbers::ln2;
  BOOST_TEST(bits == 0.4516, boost::test_tools::tolerance(1e-4));
}

BOOST_AUTO_TEST_CASE(the_cost_of_a_text_is_that_of_its_sentences) {
  const samples::Grammar grammar = samples::english_grammar();
  const std::string first = "the old cat was sad yesterday.";
  const std::string second = "the owls (still mad) hide in the barn today.";
  const double sum = -std::log(grammar.read(first).probability) - std::log(grammar.read(second).probability);
  BOOST_TEST(grammar.nats_of(first + " " + second) == sum, boost::test_tools::tolerance(1e-12));
  BOOST_CHECK_THROW((void)grammar.nats_of(first + " the owls hides."), ValueError);
}

BOOST_AUTO_TEST_CASE(models_that_see_a_few_characters_are_clearly_worse) {
  const samples::Grammar grammar = samples::english_grammar();
  Generator generator(2);
  const std::string training = grammar.text(200'000, generator);
  const std::string test = grammar.text(20'000, generator);
  const double floor = grammar.entropy_per_character() / std::numbers::ln2;
  BOOST_TEST(ngram_bits(training, test, 2) > 2.0 * floor);
  BOOST_TEST(ngram_bits(training, test, 5) > 1.3 * floor);
}

BOOST_AUTO_TEST_CASE(it_is_small_english) {
  const samples::Grammar grammar = samples::english_grammar();
  Generator generator(3);
  const std::string text = grammar.text(20'000, generator);
  BOOST_TEST(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz .,()") == std::string::npos);
  for (const char* words : {" that the ", "(still ", ") ", ", and they were ", ", and she is ", " his ", " near the "})
    BOOST_TEST(text.find(words) != std::string::npos, words);
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_text) {
  const samples::Grammar grammar = samples::english_grammar();
  const auto text = [&](std::uint64_t seed) {
    Generator generator(seed);
    return grammar.text(5'000, generator);
  };
  BOOST_TEST(text(7) == text(7));
  BOOST_TEST(text(7) != text(8));
  Generator generator(1);
  BOOST_TEST(grammar.sentence(generator) ==
             "the horse that the judge feeds finds its tall bed, and it is quick at noon.");
}

BOOST_AUTO_TEST_CASE(agreement_is_judged) {
  const samples::Grammar grammar = samples::english_grammar();
  for (const char* right :
       {"the dogs near the mill were happy yesterday.", "the dog that the judges like is happy today.",
        "the owl (still ill) lost its egg, and it was sad last night.", "the old queen lost her egg last night.",
        "the king that the poets know sleeps in the tall tower every day."})
    BOOST_TEST(grammar.is_grammatical(right), right);
  for (const char* wrong :
       {"the dogs near the mill was happy yesterday.", "the dogs near the mill were happy today.",
        "the dog that the judges likes is happy today.", "the dog that the judges like are happy today.",
        "the owl (still ill lost its egg long ago.", "the owl lost their egg long ago.",
        "the nun lost his egg long ago.", "the owls lost their egg, and it was sad long ago.",
        "the king lost his egg, and she was sad long ago.", "the dogs were happy."})
    BOOST_TEST(!grammar.is_grammatical(wrong), wrong);
}

BOOST_AUTO_TEST_SUITE_END()
