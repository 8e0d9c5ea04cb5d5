#include <recur/framework/tensor/error.h>
#include <recur/io/line_plot.h>

#include "../temporary_directory.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <limits>

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(line_plot)

BOOST_AUTO_TEST_CASE(curves_become_paths_that_break_where_values_are_missing) {
  const TemporaryDirectory directory;
  const auto path = directory.file("plot.svg");
  LinePlot plot("loss < 1 & falling", "step", "nats");
  const std::vector<double> x = {0, 1, 2, 3};
  const std::vector<double> y = {1, std::numeric_limits<double>::quiet_NaN(), 3, 2};
  plot.add("train", x, y);
  plot.add("valid", x, x, true);
  plot.save(path);
  const std::string svg = TemporaryDirectory::read(path);
  BOOST_TEST(svg.starts_with("<svg"));
  BOOST_TEST((svg.find("loss &lt; 1 &amp; falling") != std::string::npos));
  BOOST_TEST((svg.find("nan") == std::string::npos));
  const auto first = svg.find("<path d=\"");
  const std::string curve = svg.substr(first, svg.find("\" fill", first) - first);
  BOOST_TEST(std::count(curve.begin(), curve.end(), 'M') == 2);
  BOOST_TEST(std::count(curve.begin(), curve.end(), 'L') == 1);
}

BOOST_AUTO_TEST_CASE(a_constant_curve_has_a_range) {
  const TemporaryDirectory directory;
  LinePlot plot("", "", "");
  const std::vector<double> x = {5};
  plot.add("point", x, x);
  BOOST_CHECK_NO_THROW(plot.save(directory.file("plot.svg")));
}

BOOST_AUTO_TEST_CASE(panels_stand_side_by_side) {
  const std::vector<double> x = {1, 2};
  std::vector<LinePlot> plots;
  for (const char* title : {"first", "second", "third"}) {
    plots.emplace_back(title, "", "");
    plots.back().add("curve", x, x);
  }
  const std::string svg = panels_svg(plots);
  const auto has = [&](const char* text) { return svg.find(text) != std::string::npos; };
  BOOST_TEST(svg.starts_with("<svg"));
  BOOST_TEST(has("viewBox=\"0 0 1720 880\""));
  BOOST_TEST(has("translate(860 0)"));
  BOOST_TEST(has("translate(0 440)"));
  BOOST_TEST(!has("translate(860 440)"));
  for (const char* title : {">first<", ">second<", ">third<"}) BOOST_TEST(has(title));
  BOOST_TEST(svg.find("<style>") == svg.rfind("<style>"));
  BOOST_TEST(panels_svg(std::span(plots).first(1)) == plots[0].svg());
  BOOST_CHECK_THROW((void)panels_svg({}), StateError);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_drawn_is_refused) {
  LinePlot plot("", "", "");
  BOOST_CHECK_THROW(plot.save("unused.svg"), StateError);
  const std::vector<double> one = {1};
  const std::vector<double> two = {1, 2};
  BOOST_CHECK_THROW(plot.add("a", one, two), ShapeError);
  plot.add("a", one, one);
  BOOST_CHECK_THROW(plot.save("/nonexistent/folder/plot.svg"), FormatError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
