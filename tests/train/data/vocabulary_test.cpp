#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/random.h>
#include <recur/train/data/vocabulary.h>

#include <boost/test/unit_test.hpp>

using namespace recur;

BOOST_AUTO_TEST_SUITE(vocabulary)

BOOST_AUTO_TEST_CASE(characters_are_numbered_in_order) {
  const Vocabulary v("hello");
  BOOST_TEST(v.size() == 4);
  BOOST_TEST(v.text() == "ehlo");
  BOOST_TEST(v.encode("hole") == (std::vector<std::int32_t>{1, 3, 2, 0}), boost::test_tools::per_element());
  BOOST_TEST(v.decode(v.encode("hole")) == "hole");
  BOOST_TEST(v.character(3) == "o");
}

BOOST_AUTO_TEST_CASE(a_code_point_is_one_character) {
  const std::string text = "z\u00E9\u20AC\U0001F600z";
  const Vocabulary v(text);
  BOOST_TEST(v.size() == 4);
  BOOST_TEST(v.encode(text).size() == 5U);
  BOOST_TEST(v.character(2) == "\u20AC");
  BOOST_TEST(v.decode(v.encode(text)) == text);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf8_stand_for_themselves) {
  // A stray continuation, an overlong '/', a surrogate, a code point past the last, a cut-off sequence.
  for (const std::string text : {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\xE2\x82", "\xFF\xFE"}) {
    const Vocabulary v(text);
    BOOST_TEST(v.encode(text).size() == text.size());
    BOOST_TEST(v.decode(v.encode(text)) == text);
  }
  const std::string last = "\xF4\x8F\xBF\xBF";  // U+10FFFF is valid
  BOOST_TEST(Vocabulary(last).size() == 1);
}

BOOST_AUTO_TEST_CASE(any_bytes_come_back_and_the_text_gives_the_same_vocabulary) {
  Generator generator(1);
  for (int trial = 0; trial < 200; ++trial) {
    std::string text;
    for (int i = 0; i < 60; ++i)
      text += static_cast<char>(generator.bernoulli(0.5) ? 0x80 + generator.below(128) : generator.below(256));
    text += "\u00E9\u20AC";
    const Vocabulary v(text);
    BOOST_REQUIRE(v.decode(v.encode(text)) == text);
    BOOST_REQUIRE((Vocabulary(v.text()) == v));
  }
}

BOOST_AUTO_TEST_CASE(hexadecimal_gives_the_same_vocabulary) {
  const Vocabulary v("z\u20ACa\xFF\n");
  BOOST_TEST(v.hex() == "0a617ae282acff");
  BOOST_TEST((Vocabulary::from_hex(v.hex()) == v));
  for (const char* wrong : {"", "6", "0a6", "0g", "+1", "0x"})
    BOOST_CHECK_THROW((void)Vocabulary::from_hex(wrong), FormatError);
}

BOOST_AUTO_TEST_CASE(a_copy_does_not_depend_on_the_original) {
  auto original = std::make_unique<Vocabulary>("abc");
  const Vocabulary copy = *original;
  original.reset();
  BOOST_TEST(copy.decode(copy.encode("cab")) == "cab");
}

BOOST_AUTO_TEST_CASE(unknown_characters_and_ids_are_refused) {
  const Vocabulary v("abc");
  BOOST_CHECK_EXCEPTION((void)v.encode("ab\u00E9"), ValueError, [](const ValueError& error) {
    return std::string(error.what()).find("'\u00E9' at byte 2") != std::string::npos;
  });
  BOOST_CHECK_THROW((void)v.decode(std::vector<std::int32_t>{3}), ValueError);
  BOOST_CHECK_THROW((void)v.character(-1), ValueError);
  BOOST_CHECK_THROW(Vocabulary(""), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
