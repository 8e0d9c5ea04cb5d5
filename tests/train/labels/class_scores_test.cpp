#include <recur/framework/tensor/error.h>
#include <recur/train/labels/class_scores.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(class_scores, *boost::unit_test::tolerance(1e-12))

/// Rows are classes: a 3 right, 1 taken for b; b 2 right, 1 for a, 1 for c; c none; d only as a mistake of none.
ConfusionMatrix example() {
  ConfusionMatrix matrix(4);
  for (const auto& [target, predicted] :
       std::vector<std::pair<int, int>>{{0, 0}, {0, 0}, {0, 0}, {0, 1}, {1, 1}, {1, 1}, {1, 0}, {1, 2}})
    matrix.add(target, predicted);
  return matrix;
}

BOOST_AUTO_TEST_CASE(confusion) {
  const ConfusionMatrix matrix = example();
  BOOST_TEST(matrix.count(1, 2) == 1);
  BOOST_TEST(matrix.targets(1) == 4);
  BOOST_TEST(matrix.predictions(0) == 4);
  BOOST_TEST(matrix.precision(1) == 2.0 / 3);
  BOOST_TEST(matrix.recall(1) == 0.5);
  BOOST_TEST(matrix.f1(1) == 2 * (2.0 / 3) * 0.5 / (2.0 / 3 + 0.5));
  BOOST_TEST(matrix.f1(3) == 0);
  BOOST_TEST(matrix.accuracy() == 5.0 / 8);
  BOOST_TEST(matrix.macro_f1() == (0.75 + 4.0 / 7 + 0) / 3);  // c was predicted, d neither there nor predicted
  BOOST_TEST(matrix.balanced_accuracy() == (0.75 + 0.5) / 2);
  BOOST_TEST(std::isnan(ConfusionMatrix(2).accuracy()));
  BOOST_CHECK_THROW(ConfusionMatrix(2).add(0, 2), ValueError);
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  const std::string text = matrix.text(names);
  BOOST_TEST(text.find("0.750") != std::string::npos);
  BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 5);
}

BOOST_AUTO_TEST_CASE(area_counts_pairs) {
  // Positives 0.9, 0.4, 0.4; negatives 0.4, 0.1: of six pairs four are in order, two are ties.
  const std::vector<double> scores = {0.9, 0.4, 0.4, 0.4, 0.1};
  BOOST_TEST(area_under_curve(scores, {true, true, true, false, false}) == (4 + 2 * 0.5) / 6);
  BOOST_TEST(area_under_curve(scores, {false, true, true, true, true}) == 0);
  BOOST_TEST(std::isnan(area_under_curve(scores, {true, true, true, true, true})));
  BOOST_CHECK_THROW((void)area_under_curve(scores, {true}), ShapeError);
}

BOOST_AUTO_TEST_CASE(scores_by_name) {
  const ClassDecisions decisions{3, {0.5, 0.3, 0.2, 0.1, 0.2, 0.7, 0.3, 0.4, 0.3, 0.2, 0.2, 0.6}, {0, 1, 0, -1}};
  BOOST_TEST(class_score("accuracy", decisions) == 1.0 / 3);
  BOOST_TEST(class_score("top_2_accuracy", decisions) == 1);
  BOOST_TEST(class_score("top_3_accuracy", decisions) == 1);
  BOOST_TEST(class_score("nll", decisions) == -(std::log(0.5) + std::log(0.2) + std::log(0.3)) / 3);
  // Class 0: positives 0.5, 0.3 above 0.1; class 1: positive 0.2 below 0.3, 0.4; class 2 is not there.
  BOOST_TEST(class_score("auc", decisions) == 0.5);
  BOOST_TEST(is_class_score("top_10_accuracy"));
  BOOST_TEST(!is_class_score("top_0_accuracy"));
  BOOST_CHECK_THROW((void)class_score("recal", decisions), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
