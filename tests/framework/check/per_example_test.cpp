#include "support.h"

#include <recur/framework/check/per_example.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/split.h>

#include <array>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(per_example)

// (w·x_b)² has the gradient 2 (w·x_b) x_b.
BOOST_AUTO_TEST_CASE(norms_are_those_of_the_examples) {
  Parameter w("w");
  fill(w, Shape{4, 1}, 1);
  w.gradient.fill(7);
  const Tensor<double> x = normal(Shape{3, 4}, 2);
  const std::array<Parameter*, 1> list = {&w};
  const auto loss = [&](Tape& tape, Index b) -> Var {
    return sum(square(matmul(slice(tape.constant(x), 0, b, 1), w)));
  };
  Tape tape(DType::float64);
  const auto norms = per_example_norms(tape, 3, loss, list);
  std::vector<double> expected;
  const auto weights = w.value().to_doubles();
  for (Index b = 0; b < 3; ++b) {
    double product = 0;
    double square_sum = 0;
    for (Index k = 0; k < 4; ++k) {
      product += weights[static_cast<std::size_t>(k)] * x(b, k);
      square_sum += x(b, k) * x(b, k);
    }
    expected.push_back(2 * std::abs(product) * std::sqrt(square_sum));
  }
  check_close(norms, expected);
  check_close(w.gradient.to_doubles(), {7, 7, 7, 7});
}

BOOST_AUTO_TEST_CASE(gradients_of_the_examples_add_up_to_that_of_the_batch) {
  Parameter w("w");
  fill(w, Shape{4, 2}, 1);
  const Tensor<double> x = normal(Shape{3, 4}, 2);
  const std::array<Parameter*, 1> list = {&w};
  Tape tape(DType::float64);
  std::vector<double> total(8);
  double losses = 0;
  const auto all = [&](Tape& t, Index first, Index count) -> Var {
    return sum(tanh(matmul(slice(t.constant(x), 0, first, count), w)));
  };
  for_each_example_gradient(
      tape, 3, [&](Tape& t, Index b) { return all(t, b, 1); }, list,
      [&](Index, double loss) {
        losses += loss;
        const auto own = w.gradient.to_doubles();
        for (std::size_t i = 0; i < own.size(); ++i) total[i] += own[i];
      });
  const Var loss = all(tape, 0, 3);
  check_close({losses}, {loss.item()});
  tape.backward(loss);
  check_close(total, w.gradient.to_doubles());
}

BOOST_AUTO_TEST_CASE(parameters_must_be_there_and_an_error_leaves_their_gradients) {
  Parameter missing("missing");
  Tape tape(DType::float64);
  const std::array<Parameter*, 1> none = {&missing};
  const auto fails = [](Tape&, Index) -> Var { throw ValueError("no such example"); };
  BOOST_CHECK_THROW((void)per_example_norms(tape, 1, fails, none), StateError);
  Parameter w("w");
  fill(w, Shape{2}, 1);
  w.gradient.fill(7);
  const std::array<Parameter*, 1> list = {&w};
  BOOST_CHECK_THROW((void)per_example_norms(tape, 1, fails, list), ValueError);
  check_close(w.gradient.to_doubles(), {7, 7});
}

BOOST_AUTO_TEST_SUITE_END()
