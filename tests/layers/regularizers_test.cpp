#include "support.h"

#include <recur/layers/dense.h>
#include <recur/layers/regularizers.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(regularizers)

BOOST_AUTO_TEST_CASE(penalty_is_l1_and_l2) {
  DenseOptions options;
  options.kernel_regularizer = l1_l2(0.5, 2);
  options.activity_regularizer = l2(1);
  Dense dense(1, options);
  Builder builder(2, DType::float64, Generator(1));
  dense.build(builder);
  dense.kernel.edit().assign(std::vector<double>{3, -1});
  Tape tape(DType::float64);
  BOOST_TEST(penalty(tape, parameters(dense)).item() == 0.5 * 4 + 2 * 10);
  LayerValue input;
  input.value = tape.filled({1, 2}, 1);
  BOOST_TEST(dense.call(input).penalty.item() == 4);
}

BOOST_AUTO_TEST_CASE(a_parameter_listed_twice_is_penalized_once) {
  Parameter w("w");
  w.create({2}, DType::float64);
  w.edit().fill(3);
  w.l2 = 0.5;
  Tape tape(DType::float64);
  const std::vector<NamedParameter> twice{{"w", &w}, {"w", &w}};
  BOOST_TEST(penalty(tape, twice).item() == 9.0);
}

BOOST_AUTO_TEST_SUITE_END()
