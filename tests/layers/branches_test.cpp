#include <recur/layers/branches.h>

#include <recur/layers/category_embedding.h>
#include <recur/layers/config/config.h>
#include <recur/layers/dense.h>
#include <recur/layers/fold_steps.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/select.h>
#include <recur/layers/sequential.h>

#include "layer_gradients.h"

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(branches)

BOOST_AUTO_TEST_CASE(a_skip_adds_the_last_step_to_what_the_recurrent_branch_gives) {
  std::vector<AnyLayer> both;
  both.emplace_back(Sequential(LSTM(3), Dense(1)));
  both.emplace_back(Select(1, 1));
  Branches layer(std::move(both), "add");
  build(layer, 2);
  BOOST_TEST(layer.output_size() == 1);
  BOOST_TEST((layer.output_shape({4, 5, 2}) == Shape{4, 1}));
  Tape tape(DType::float64);
  const Tensor<double> x = random_tensor({2, 4, 2}, 3);
  LayerValue input;
  input.value = tape.constant(x);
  const auto alone = layer.config().branches[0]->call(input).value.to_doubles();
  const auto found = layer.call(input).value.to_doubles();
  BOOST_REQUIRE(found.size() == 2U);
  for (Index b = 0; b < 2; ++b)
    BOOST_TEST(found[static_cast<std::size_t>(b)] == alone[static_cast<std::size_t>(b)] + x(b, 3, 1));
  check_layer_gradient("Branches", layer, {2, 4, 2});
}

BOOST_AUTO_TEST_CASE(joins_sequences_side_by_side) {
  std::vector<AnyLayer> both;
  both.emplace_back(LSTM(3, {}, {.return_sequences = true}));
  both.emplace_back(Select(0));
  Branches layer(std::move(both));
  build(layer, 2);
  BOOST_TEST(layer.output_size() == 5);
  BOOST_TEST((layer.output_shape({4, 6, 2}) == Shape{4, 6, 5}));
  check_layer_gradient("Branches, concat", layer, {2, 4, 2});
}

BOOST_AUTO_TEST_CASE(refuses_what_does_not_fit) {
  std::vector<AnyLayer> unequal;
  unequal.emplace_back(Dense(3));
  unequal.emplace_back(Dense(2));
  Branches layer(std::move(unequal), "add");
  BOOST_CHECK_THROW(build(layer, 2), ValueError);
  BOOST_CHECK_THROW(Branches(std::vector<AnyLayer>()), ValueError);
  std::vector<AnyLayer> one;
  one.emplace_back(Dense(3));
  BOOST_CHECK_THROW(Branches(std::move(one), "multiply"), ValueError);
  Select select(1, 2);
  BOOST_CHECK_THROW(build(select, 2), ValueError);
}

BOOST_AUTO_TEST_CASE(a_category_becomes_its_row_behind_the_other_features) {
  CategoryEmbedding layer(1, 3, 2);
  build(layer, 3);
  BOOST_TEST(layer.output_size() == 4);
  Tape tape(DType::float64);
  const std::vector<double> table = tape.leaf(layer.embeddings).to_doubles();
  const Var y = layer(tape.constant(Tensor<double>({1, 2, 3}, {10, 2, 11, 12, 0, 13})));
  BOOST_TEST((y.shape() == Shape{1, 2, 4}));
  const std::vector<double> expected = {10, 11, table[4], table[5], 12, 13, table[0], table[1]};
  BOOST_TEST(y.to_doubles() == expected, boost::test_tools::per_element());
  BOOST_CHECK_THROW((void)layer(tape.constant(Tensor<double>({1, 1, 3}, {0, 3, 0}))), ValueError);
  BOOST_CHECK_THROW((void)layer(tape.constant(Tensor<double>({1, 1, 3}, {0, 0.5, 0}))), ValueError);
  BOOST_CHECK_THROW(CategoryEmbedding(0, 0, 1), ValueError);
}

BOOST_AUTO_TEST_CASE(fold_steps_makes_one_step_of_several) {
  FoldSteps layer(2);
  build(layer, 2);
  BOOST_TEST(layer.output_size() == 4);
  BOOST_TEST((layer.output_shape({3, 6, 2}) == Shape{3, 3, 4}));
  Tape tape(DType::float64);
  LayerValue input;
  input.value = tape.constant(Tensor<double>({1, 4, 2}, {1, 2, 3, 4, 5, 6, 7, 8}));
  const Var y = layer.call(input).value;
  BOOST_TEST((y.shape() == Shape{1, 2, 4}));
  BOOST_TEST(y.to_doubles() == (std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}), boost::test_tools::per_element());
  input.value = tape.constant(Tensor<double>({1, 3, 2}, {1, 2, 3, 4, 5, 6}));
  BOOST_CHECK_THROW((void)layer.call(input), ShapeError);
  BOOST_CHECK_THROW(FoldSteps(0), ValueError);
}

BOOST_AUTO_TEST_CASE(configs_come_back) {
  for (const char* text :
       {R"({"class_name": "Branches", "config": {"merge": "add", "branches": [
             {"class_name": "Dense", "config": {"units": 2}}, {"class_name": "Select", "config": {"first": 1}}]}})",
        R"({"class_name": "CategoryEmbedding", "config": {"column": 1, "input_dim": 4, "output_dim": 2}})",
        R"({"class_name": "FoldSteps", "config": {"steps": 24}})"}) {
    const AnyLayer layer = layer_from_config(text);
    BOOST_TEST(get_config(layer_from_config(get_config(layer))) == get_config(layer));
  }
}

BOOST_AUTO_TEST_SUITE_END()
