#include <recur/train/data/label_lists.h>

#include <boost/test/unit_test.hpp>

using namespace recur;

BOOST_AUTO_TEST_SUITE(label_lists_suite)

BOOST_AUTO_TEST_CASE(zeros_pad) {
  const LabelLists read = label_lists(Tensor<float>({3, 3}, {1, 2, 0, 0, 0, 0, 3, 3, 3}));
  BOOST_TEST(read.labels == (std::vector<std::int32_t>{1, 2, 3, 3, 3}), boost::test_tools::per_element());
  BOOST_TEST(read.counts == (std::vector<Index>{2, 0, 3}), boost::test_tools::per_element());
  BOOST_TEST(read.lists()[2].size() == 3);
  BOOST_CHECK_THROW((void)label_lists(Tensor<float>({1, 3}, {1, 0, 2})), ValueError);
  BOOST_CHECK_THROW((void)label_lists(Tensor<float>({1, 1}, {1.5F})), ValueError);
  BOOST_CHECK_THROW((void)label_lists(Tensor<float>({1, 1}, {-1})), ValueError);
  BOOST_CHECK_THROW((void)label_lists(Tensor<float>({2})), ShapeError);
}

BOOST_AUTO_TEST_CASE(sequences_and_labels_are_padded_by_themselves) {
  std::vector<Example> examples;
  examples.push_back({Tensor<float>({3, 1}, {1, 2, 3}), Tensor<float>({1}, {7})});
  examples.push_back({Tensor<float>({2, 1}, {4, 5}), Tensor<float>({2}, {8, 9})});
  const PaddedBatch batch = pad_label_lists(examples);
  BOOST_TEST(batch.labels);
  BOOST_TEST((batch.inputs.shape() == Shape{2, 3, 1}));
  BOOST_TEST((batch.targets.shape() == Shape{2, 2}));
  BOOST_TEST(batch.targets(0, 1) == 0);
  BOOST_TEST(batch.targets(1, 1) == 9);
  BOOST_TEST(batch.lengths == (std::vector<Index>{3, 2}), boost::test_tools::per_element());
  BOOST_CHECK_THROW((void)pad_label_lists(std::vector<Example>()), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
