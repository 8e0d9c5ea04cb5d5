#include <recur/io/html.h>

#include <boost/test/unit_test.hpp>

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(html)

BOOST_AUTO_TEST_CASE(markup_becomes_text) {
  BOOST_TEST(escape_html("<script>alert(\"a & b\")</script>") ==
             "&lt;script&gt;alert(&quot;a &amp; b&quot;)&lt;/script&gt;");
  // What is escaped already is escaped again: the reader sees the text as it was given.
  BOOST_TEST(escape_html("&lt;") == "&amp;lt;");
}

BOOST_AUTO_TEST_CASE(other_text_stays) {
  for (const char* text : {"", "plain 'text', 1 = 1", "tab\tand lines\r\n", "\xc3\xa9\xe2\x82\xac"})
    BOOST_TEST(escape_html(text) == text);
}

// XML has no way to write them, and a browser drops a zero.
BOOST_AUTO_TEST_CASE(control_characters_are_replaced) {
  const std::string replacement = "\xef\xbf\xbd";
  BOOST_TEST(escape_html("a\x1b[0m") == "a" + replacement + "[0m");
  BOOST_TEST(escape_html("\x7f") == replacement);
  BOOST_TEST(escape_html(std::string_view("a\0b", 3)) == "a" + replacement + "b");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
