#include "support.h"

#include <recur/layers/embedding.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(embedding)

BOOST_AUTO_TEST_CASE(it_refuses_other_ids) {
  Embedding table(5, 2);
  build(table, 1);
  Tape tape(DType::float64);
  const std::vector<std::int32_t> ids = {0, 4, 5};
  BOOST_CHECK_THROW((void)table(tape, ids, {3}), ValueError);
}

BOOST_AUTO_TEST_CASE(it_penalizes_its_output) {
  EmbeddingOptions options;
  options.activity_regularizer = l1_l2(0.5, 2);
  Embedding table(3, 2, options);
  build(table, 1);
  table.embeddings.edit().assign(std::vector<double>{1, -1, 2, 0, 3, -3});
  Tape tape(DType::float64);
  const std::vector<std::int32_t> ids = {1, 1, 2};
  LayerValue input;
  input.tape = &tape;
  input.ids = ids;
  input.ids_shape = {1, 3};
  BOOST_TEST(table.call(input).penalty.item() == 0.5 * 10 + 2 * 26);
}

BOOST_AUTO_TEST_CASE(a_mask_goes_with_zeros_but_not_with_lengths) {
  EmbeddingOptions options;
  options.mask_zero = true;
  Embedding table(5, 2, options);
  build(table, 1);
  Tape tape(DType::float64);
  const std::vector<std::int32_t> ids = {0, 4, 3, 0};
  LayerValue input;
  input.tape = &tape;
  input.ids = ids;
  input.ids_shape = {2, 2};
  const std::vector<double> expected = {0, 1, 1, 0};
  BOOST_TEST(table.call(input).mask.to_doubles() == expected, boost::test_tools::per_element());
  const std::vector<Index> lengths = {1, 2};
  input.lengths = lengths;
  BOOST_CHECK_EXCEPTION((void)table.call(input), ValueError, says<ValueError>("lengths were given"));
}

BOOST_AUTO_TEST_SUITE_END()
