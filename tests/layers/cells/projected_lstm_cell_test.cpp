#include "cell_gradients.h"

#include <recur/layers/cells/projected_lstm_cell.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(projected_lstm_cell)

BOOST_AUTO_TEST_CASE(gradients) {
  ProjectedLSTMCellOptions options;
  options.projection = 3;
  check_cell_gradients<ProjectedLSTMCell>("ProjectedLSTM", options);
  options.cell_clip = 0.4;
  options.proj_clip = 0.5;
  check_cell_gradients("clipped", [&] { return ProjectedLSTMCell(4, options); });
}

BOOST_AUTO_TEST_CASE(projected_by_the_identity_it_is_an_lstm) {
  ProjectedLSTMCellOptions options;
  options.projection = 4;
  RNN projected(AnyCell(ProjectedLSTMCell(4, options)), {.return_sequences = true});
  RNN plain(AnyCell(LSTMCell(4)), {.return_sequences = true});
  build(projected, 3);
  build(plain, 3);
  const auto from = parameters(plain);
  const auto to = parameters(projected);
  for (std::size_t i = 0; i < from.size(); ++i) to[i].parameter->edit().assign(from[i].parameter->value());
  Generator unused;
  identity()(to.back().parameter->edit(), unused);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 6, 3}));
  BOOST_TEST(difference(projected(x), plain(x)) < 1e-14);
}

BOOST_AUTO_TEST_CASE(a_projection_must_be_given) {
  BOOST_CHECK_THROW(ProjectedLSTMCell(2, ProjectedLSTMCellOptions{}), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
