#include "support.h"

#include <recur/framework/check/second_order.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/gradient.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/split.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(gradient)

BOOST_AUTO_TEST_CASE(stop_gradient_stops_it) {
  Tape tape(DType::float64);
  const Var x = tape.input(normal(Shape{2, 3}));
  tape.backward(sum(x * stop_gradient(x)));
  check_close(x.gradient().to_doubles(), x.to_doubles());
}

BOOST_AUTO_TEST_CASE(tangents_stop_where_gradients_do) {
  const auto f = [](Tape&, std::span<const Var> x) -> Var {
    return x[0] * stop_gradient(x[0]) + reverse_gradient(square(x[0]), 0.5) + straight_through(round(x[0]), 3 * x[0]);
  };
  const auto check = [&](const GradcheckResult& result) {
    BOOST_TEST(result.message.find("(J v)") == std::string::npos);
  };
  check(second_order_check(f, {Shape{2, 3}}));
  Array x(Shape{1}, DType::float64);
  x.fill(2.4);
  std::vector<Array> at;
  at.push_back(x.clone());
  std::vector<Array> direction;
  direction.push_back(Array(Shape{1}, DType::float64));
  direction[0].fill(1);
  const Tangent forward = jacobian_vector_product(f, {std::move(at), {}}, {std::move(direction), {}});
  check_close(forward.value.to_doubles(), {2.4 * 2.4 + 2.4 * 2.4 + 2});
  check_close(forward.tangent.to_doubles(), {2.4 - 0.5 * 2 * 2.4 + 3});
}

BOOST_AUTO_TEST_CASE(rounding_learns_straight_through) {
  Tape tape(DType::float64);
  const Var x = tape.input(Tensor<double>(Shape{3}, {0.4, 1.6, -2.5}));
  const Var y = straight_through(round(x), x);
  check_close(y.to_doubles(), {0, 2, -2});
  tape.backward(sum(square(y)));
  check_close(x.gradient().to_doubles(), {0, 4, -4});
  BOOST_CHECK_THROW((void)straight_through(tape.zeros(Shape{2}), x), ShapeError);
  Tape other(DType::float64);
  BOOST_CHECK_THROW((void)straight_through(other.zeros(x.shape()), x), ForeignVar);
}

BOOST_AUTO_TEST_CASE(reversal_changes_the_sign) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    Tape tape(dtype);
    const Var x = tape.input(Tensor<double>(Shape{2}, {1, 2}));
    tape.backward(sum(reverse_gradient(x, 2) * 3));
    check_close(x.gradient().to_doubles(), {-6, -6});
  }
}

BOOST_AUTO_TEST_CASE(a_hook_sees_the_gradient_and_may_change_it) {
  Tape tape(DType::float64);
  const Var x = tape.input(counting(Shape{2, 4}));
  std::vector<double> seen;
  // On a view of half the columns, whose gradient has gaps between its rows.
  const Var right = slice(x, 1, 2, 2);
  const Var y = on_gradient(right, [&seen](Var gradient) {
    seen = gradient.to_doubles();
    for (Index r = 0; r < gradient.rows(); ++r)
      for (double& g : gradient.mutable_value<double>().row(r)) g = std::min(g, 5.0);
  });
  check_close(y.to_doubles(), {2, 3, 6, 7});
  tape.backward(sum(square(y)));
  check_close(seen, {4, 6, 12, 14});
  check_close(x.gradient().to_doubles(), {0, 0, 4, 5, 0, 0, 5, 5});
}

BOOST_AUTO_TEST_CASE(a_hook_is_called_once_with_everything_and_not_without_a_gradient) {
  Tape tape(DType::float64);
  const Var x = tape.input(counting(Shape{3}));
  int calls = 0;
  const auto count = [&calls](Var gradient) {
    ++calls;
    check_close(gradient.to_doubles(), {5, 5, 5});
  };
  const Var y = on_gradient(x, count);
  (void)on_gradient(x, count);  // leads nowhere
  tape.backward(sum(2 * y) + sum(3 * y));
  BOOST_TEST(calls == 1);
  (void)on_gradient(tape.zeros(Shape{2}), count);
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_SUITE_END()
