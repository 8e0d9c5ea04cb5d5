#include <recur/train/samples/grammar.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace recur;
using samples::Grammar;

namespace {

std::string message_of(const std::string& notation) {
  try {
    (void)Grammar(notation);
  } catch (const ValueError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(grammar)

// Small enough to count by hand: 2 x 2 nouns, one choice between two forms of weights 3 and 1.
constexpr const char* small = R"(
N = one many      # two values
Sentence: Subject.N Verb.N .
Subject.N: 3 the Noun.N
  | 1 the old Noun.N
Noun.one: dog | cat
Noun.many: dogs | cats
Verb.one: runs
Verb.many: run
)";

BOOST_AUTO_TEST_CASE(entropy_and_length_are_those_counted_by_hand) {
  const Grammar g(small);
  const double choice = -(0.75 * std::log(0.75) + 0.25 * std::log(0.25));
  BOOST_TEST(g.nats() == 2 * std::log(2) + choice, boost::test_tools::tolerance(1e-14));
  // " the dog runs." and " the dogs run." have 14 characters, " old" 4 more in one of four.
  BOOST_TEST(g.expected_characters() == 15.0, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(g.entropy_per_character() == g.nats() / 15, boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(sentences_are_read_with_their_probability) {
  const Grammar g(small);
  BOOST_TEST(g.read("the dogs run.").derivations == 1);
  BOOST_TEST(g.read("the dogs run.").probability == 0.5 * 0.75 * 0.5, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(g.read("the old cat runs.").probability == 0.5 * 0.25 * 0.5, boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(what_the_rules_do_not_generate_is_ungrammatical) {
  const Grammar g(small);
  for (const char* wrong :
       {"the dogs runs.", "the dog run.", "the dog runs", "the dog runs..", "the  dog runs.", "the dog runs .",
        " the dog runs.", "the dog runs. ", "old dog runs.", "the DOG runs.", "the do runs.", ".", ""})
    BOOST_TEST(!g.is_grammatical(wrong), wrong);
}

BOOST_AUTO_TEST_CASE(several_derivations_are_counted) {
  const Grammar g("S: A B | a b\nA: a | c\nB: b");
  BOOST_TEST(g.read("a b").derivations == 2);
  BOOST_TEST(g.read("a b").probability == 0.75, boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(a_feature_on_the_right_alone_makes_alternatives_and_one_in_the_name_makes_rules) {
  const Grammar g("F = x y\nG = x y\nS: 3 A.F.G | 1 z\nA.x.G: a B.G\nA.y.x: c\nA.y.y: d\nB.x: b\nB.y: e");
  for (const char* sentence : {"a b", "a e", "c", "d"})
    BOOST_TEST(g.read(sentence).probability == 0.75 / 4, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(g.read("z").probability == 0.25, boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(brackets_and_commas_are_set_as_in_print) {
  const Grammar g("S: the dog ( old or not ) , it runs .");
  Generator generator(1);
  BOOST_TEST(g.sentence(generator) == "the dog (old or not), it runs.");
  BOOST_TEST(g.is_grammatical("the dog (old or not), it runs."));
  BOOST_TEST(!g.is_grammatical("the dog ( old or not), it runs."));
  BOOST_TEST(!g.is_grammatical("the dog(old or not), it runs."));
  BOOST_TEST(g.expected_characters() == 31);
}

BOOST_AUTO_TEST_CASE(text_consists_of_whole_sentences) {
  const Grammar g(small);
  Generator generator(3);
  const std::string text = g.text(1000, generator);
  BOOST_TEST(text.size() >= 1000U);
  BOOST_TEST(text.size() < 1020U);
  BOOST_TEST(text.back() == '.');
  std::string again;
  for (const std::string& sentence : samples::split_sentences(text)) {
    BOOST_TEST(g.is_grammatical(sentence), sentence);
    again += (again.empty() ? "" : " ") + sentence;
  }
  BOOST_TEST(again == text);
  BOOST_TEST(g.text(0, generator).empty());
  BOOST_CHECK_THROW((void)g.text(-1, generator), ValueError);
  Generator same(3);
  BOOST_TEST(g.text(1000, same) == text);
}

BOOST_AUTO_TEST_CASE(sentences_are_split_at_full_stops) {
  const std::vector<std::string> expected{"a b.", "c.", "."};
  BOOST_TEST(samples::split_sentences("a b.  c. . d") == expected, boost::test_tools::per_element());
  BOOST_TEST(samples::split_sentences("no end").empty());
}

BOOST_AUTO_TEST_CASE(mistakes_in_the_rules_are_named) {
  const std::pair<std::string, std::string> rows[] = {
      {"", "there are no rules"},
      {"S: A .", "nothing defines 'A'"},
      {"S: a\nS: b", "line 2: 'S' is defined twice"},
      {"N = x y\nA.N: a\nS: A.x\nA.x: b", "line 4: 'A.x' is defined twice"},
      {"S: a S", "'S' contains itself"},
      {"S: a A\nA: b B\nB: c | A", "'A' contains itself"},
      {"S: a | | b", "an alternative is empty"},
      {"S: a | 3", "an alternative is empty"},
      {"S: 0 a | 3 b", "a weight is not positive"},
      {"S: a2", "'a2' is no name, word or punctuation"},
      {"S a", "begins neither a rule"},
      {"s: a", "begins neither a rule"},
      {"S: ( , a )", "'(' without a word behind it"},
      {"S: a (", "'(' without a word behind it"},
  };
  for (const auto& [notation, part] : rows) {
    const std::string message = message_of(notation);
    BOOST_TEST(message.find(part) != std::string::npos, notation << ": " << message);
  }
}

BOOST_AUTO_TEST_SUITE_END()
