#include <recur/train/callbacks/report_page.h>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>

namespace {

using namespace recur;

// Every text of a page, tagged with where it stands. Unescaped, each would be an element of its own.
std::string hostile(const std::string& where) { return "<i class=\"x\">" + where + "</i>&"; }
std::string harmless(const std::string& where) { return "&lt;i class=&quot;x&quot;&gt;" + where + "&lt;/i&gt;&amp;"; }

ReportPage page_of(const std::function<std::string(const std::string&)>& text) {
  ReportPage page;
  page.title = text("title");
  page.subtitle = text("subtitle");
  page.tiles = {{text("tile"), text("tile value")}};
  LinePlot plot(text("plot"), text("x label"), text("y label"));
  const std::vector<double> numbers = {1, 2};
  plot.add(text("curve"), numbers, numbers);
  plot.add(text("other curve"), numbers, numbers);
  page.plots.push_back(plot);
  page.maps.push_back({.title = text("map"),
                       .rows = {text("map rows"), {text("row")}},
                       .columns = {text("map columns"), {text("map column")}},
                       .shares = {0.5},
                       .texts = {text("map cell")},
                       .marks = {},
                       .marked = text("mark")});
  page.table.columns = {text("column")};
  page.table.rows = {{text("cell")}};
  page.texts = {{text("text title"), text("text"), true}};
  page.environment = {{text("fact"), text("fact value")}};
  return page;
}

int count(const std::string& page, const std::string& part) {
  int found = 0;
  for (auto at = page.find(part); at != std::string::npos; at = page.find(part, at + 1)) ++found;
  return found;
}

BOOST_AUTO_TEST_SUITE(report_page)

BOOST_AUTO_TEST_CASE(texts_are_escaped_wherever_they_stand) {
  const std::string page = page_of(hostile).html();
  for (const char* where : {"title",  "subtitle",    "tile",       "tile value", "plot",        "x label",   "y label",
                            "curve",  "other curve", "map",        "map rows",   "map columns", "map cell",  "mark",
                            "column", "cell",        "text title", "text",       "fact",        "fact value"})
    BOOST_TEST(count(page, harmless(where)) >= 1, where);
  // The tags of a page of plain texts, and none besides.
  const std::string plain = page_of([](const std::string& where) { return where; }).html();
  BOOST_TEST(count(page, "<") == count(plain, "<"));
  BOOST_TEST(count(page, "<i") == 0);
  BOOST_TEST(count(page, "</i") == 0);
}

// A browser ends a script element at the first "</script", in a string too.
BOOST_AUTO_TEST_CASE(names_of_curves_cannot_end_the_data) {
  ReportPage page;
  LinePlot plot("plot", "x", "y");
  const std::vector<double> numbers = {1, 2};
  plot.add("</script><script>alert(1)</script>", numbers, numbers);
  page.plots.push_back(plot);
  const std::string html = page.html();
  BOOST_TEST(count(html, "\\u003c/script>\\u003cscript>alert(1)\\u003c/script>") == 1);
  BOOST_TEST(count(html, "<script>alert") == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
