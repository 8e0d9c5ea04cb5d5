#include <recur/framework/tensor/error.h>
#include <recur/io/heat_map.h>

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace recur;

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

HeatMap two_by_three() {
  return {.title = "a < b",
          .rows = {"row", {"x & y", "second"}},
          .columns = {"column", {"1", "", "3"}},
          .shares = {0, 0.25, 1, 2, -1, 0.001}};
}

BOOST_AUTO_TEST_SUITE(heat_map)

BOOST_AUTO_TEST_CASE(cells_are_as_opaque_as_their_shares) {
  const std::string svg = two_by_three().fragment();
  BOOST_TEST(count(svg, "class=\"cell\"") == 3);  // empty cells are not drawn
  BOOST_TEST(count(svg, "fill-opacity=\"0.250\"") == 1);
  BOOST_TEST(count(svg, "fill-opacity=\"1.000\"") == 2);              // shares are clamped to [0, 1]
  BOOST_TEST(count(svg, "<title>x &amp; y · 1: 0.25</title>") == 1);  // a column without a name is told by number
  BOOST_TEST(count(svg, "aria-label=\"a &lt; b\"") == 1);
  BOOST_TEST(count(svg, ">x &amp; y</text>") == 1);
  BOOST_TEST(count(svg, "rotate(-90") == 1);  // the label of the rows
  BOOST_TEST(count(svg, "<circle") == 0);
}

BOOST_AUTO_TEST_CASE(texts_are_light_on_dark_cells) {
  HeatMap map = two_by_three();
  map.texts = {"0", "1", "4", "", "", "7"};
  const std::string svg = map.fragment();
  BOOST_TEST(count(svg, " class=\"on\">4<") == 1);
  BOOST_TEST(count(svg, "class=\"on\"") == 1);
  BOOST_TEST(count(svg, "class=\"cell\"") == 5);  // a text has a cell
}

BOOST_AUTO_TEST_CASE(names_that_do_not_fit_are_turned_and_cut) {
  HeatMap map{.title = "", .rows = {"", {"a"}}, .columns = {"", {}}, .shares = {}};
  for (int i = 0; i < 40; ++i) map.columns.names.push_back("Größenänderungsgeschwindigkeit");
  map.shares.assign(40, 0.5);
  const std::string svg = map.fragment();
  BOOST_TEST(count(svg, "rotate(-90") == 41);
  BOOST_TEST(count(svg, ">Größenänderungsge…<") == 40);
}

BOOST_AUTO_TEST_CASE(marks_are_rings_in_the_middle_of_their_cells) {
  HeatMap map = two_by_three();
  map.marks = {{1, 2}};
  map.marked = "begins";
  const std::string svg = map.fragment();
  BOOST_TEST(count(svg, "class=\"ring\"") == 2);  // one explains the mark
  BOOST_TEST(count(svg, ">begins<") == 1);
  map.marks = {{2, 0}};
  BOOST_CHECK_THROW((void)map.fragment(), ShapeError);
}

BOOST_AUTO_TEST_CASE(maps_that_do_not_fit_are_refused) {
  HeatMap map = two_by_three();
  map.texts = {"1"};
  BOOST_CHECK_THROW((void)map.fragment(), ShapeError);
  map = two_by_three();
  map.shares.pop_back();
  BOOST_CHECK_THROW((void)map.fragment(), ShapeError);
  BOOST_CHECK_THROW((void)HeatMap{}.fragment(), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
