#include <recur/train/data/word_vocabulary.h>

#include <recur/framework/tensor/error.h>

#include <boost/test/unit_test.hpp>

using namespace recur;

BOOST_AUTO_TEST_SUITE(word_vocabulary)

BOOST_AUTO_TEST_CASE(the_most_frequent_words_are_known) {
  const WordVocabulary vocabulary = WordVocabulary::of_text("b a b  c\na b\td\n", 4);
  BOOST_TEST(vocabulary.list() == "<unk>\n<eos>\nb\na\n");
  const auto ids = vocabulary.encode("a b c\n\nb");
  BOOST_TEST(ids == (std::vector<std::int32_t>{3, 2, 0, 1, 1, 2}), boost::test_tools::per_element());
  BOOST_TEST(vocabulary.decode(ids) == "a b <unk>\n\nb");
  BOOST_TEST(WordVocabulary::of_text("b a", 9).list() == "<unk>\n<eos>\na\nb\n");
}

BOOST_AUTO_TEST_CASE(a_list_gives_the_same_vocabulary_again) {
  const WordVocabulary vocabulary = WordVocabulary::of_text("one two <unk> three\n");
  BOOST_TEST(WordVocabulary::of_list(vocabulary.list()).list() == vocabulary.list());
  BOOST_TEST(WordVocabulary::of_list("x\r\ny").list() == "x\ny\n<unk>\n<eos>\n");
  BOOST_TEST(WordVocabulary::of_list("x").size() == 3);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused) {
  BOOST_CHECK_THROW((void)WordVocabulary::of_text("a", 2), ValueError);
  BOOST_CHECK_THROW((void)WordVocabulary::of_text(" \n", 5), ValueError);
  BOOST_CHECK_THROW((void)WordVocabulary::of_list("a\na\n"), ValueError);
  BOOST_CHECK_THROW((void)WordVocabulary::of_list("a\n\nb\n"), ValueError);
  const std::int32_t wrong[] = {3};
  BOOST_CHECK_THROW((void)WordVocabulary::of_list("a").decode(wrong), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
