#include <recur/framework/tensor/error.h>
#include <recur/train/samples/even_process.h>
#include <recur/train/samples/text_process.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>

using namespace recur;
using namespace recur::samples;

BOOST_AUTO_TEST_SUITE(text_process)

BOOST_AUTO_TEST_CASE(all_give_texts_of_the_length_wanted_over_their_alphabet) {
  for (const TextProcess& process : {grammar_process(), markov_process(), even_text_process(), dyck_process(),
                                     dyck_process({.types = 4, .depth = 3})}) {
    Generator generator(1);
    const std::string text = process.draw(20'003, generator);
    BOOST_TEST(text.size() == 20'003U);
    const std::set<char> occurring(text.begin(), text.end());
    const std::set<char> alphabet(process.alphabet.begin(), process.alphabet.end());
    BOOST_TEST(occurring == alphabet, boost::test_tools::per_element());
    BOOST_CHECK_THROW((void)process.draw(-1, generator), ValueError);
    BOOST_TEST(process.entropy > 0);
    BOOST_TEST(process.entropy < std::log(static_cast<double>(alphabet.size())));
  }
}

BOOST_AUTO_TEST_CASE(options_reach_the_text) {
  Generator generator(1);
  BOOST_TEST(dyck_process({.types = 1, .depth = 1}).draw(6, generator) == "()()()");
  BOOST_TEST(dyck_process({.types = 1, .depth = 1}).entropy == 0, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(even_text_process().entropy == even_process_entropy);
  BOOST_CHECK_THROW((void)dyck_process({.types = 5}), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
