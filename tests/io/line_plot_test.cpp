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

// A range without width is widened by half of its value, or to [-0.5, 0.5], so that the curve lies in the middle of the
// frame.
BOOST_AUTO_TEST_CASE(a_constant_curve_has_a_range) {
  struct Expected {
    double value;
    const char* limits;
  };
  for (const auto& [value, limits] :
       {Expected{5, "data-low=\"2.5\" data-high=\"7.5\""}, Expected{-4, "data-low=\"-6\" data-high=\"-2\""},
        Expected{0, "data-low=\"-0.5\" data-high=\"0.5\""}}) {
    LinePlot plot("", "", "");
    const std::vector<double> values = {value, value};
    plot.add("constant", values, values);
    const std::string svg = plot.svg();
    const auto count = [&](std::string_view text) {
      int found = 0;
      for (auto at = svg.find(text); at != std::string::npos; at = svg.find(text, at + 1)) ++found;
      return found;
    };
    BOOST_TEST_CONTEXT("value " << value) {
      BOOST_TEST(count(limits) == 1);
      // The middle of a frame of 70..840 by 44..388; both points are there.
      BOOST_TEST(count("M455.0 216.0 L455.0 216.0") == 1);
      BOOST_TEST(count("cx=\"455.0\" cy=\"216.0\"") == 2);
      BOOST_TEST(count("class=\"grid\"") >= 3);
      BOOST_TEST(count("nan") == 0);
      BOOST_TEST(count("inf") == 0);
    }
  }
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
