#include "support.h"

#include <recur/framework/check/second_order.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/gradient.h>
#include <recur/framework/ops/reduce.h>

using namespace recur;
using namespace recur::test;

namespace {

// f(x) = Σ x³, of which everything is known.
Var cubes(Tape&, std::span<const Var> x) { return sum(x[0] * x[0] * x[0]); }

Array list(std::vector<double> values, DType dtype = DType::float64) {
  Array array(Shape{static_cast<Index>(values.size())}, dtype);
  array.assign(std::span<const double>(values));
  return array;
}
std::vector<Array> one(Array array) {
  std::vector<Array> result;
  result.push_back(std::move(array));
  return result;
}

/// A function whose declared slope is not that of its value, as a user may write it: forward mode must use it too.
struct RoundAsIdentity {
  static constexpr const char* name = "round_as_identity";
  static constexpr bool keep = false;
  template <class V>
  static V value(V x) {
    return simd::round(x);
  }
  template <class V>
  static V slope(V, V) {
    return fn::splat<V>(1);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(second_order)

BOOST_AUTO_TEST_CASE(products_of_a_cubic_are_exact) {
  const Arguments at{one(list({1, -2, 3})), {}};
  const PerArgument direction{one(list({1, 0.5, -1})), {}};
  const Tangent forward = jacobian_vector_product(cubes, at, direction);
  check_close(forward.value.to_doubles(), {20});
  check_close(forward.tangent.to_doubles(), {3 * 1 + 12 * 0.5 - 27});
  const HessianProduct second = hessian_vector_product(cubes, at, direction);
  BOOST_TEST(second.loss == 20);
  check_close({second.slope}, {-18});
  check_close(second.gradient.inputs[0].to_doubles(), {3, 12, 27});
  check_close(second.product.inputs[0].to_doubles(), {6, -6, -18});
}

BOOST_AUTO_TEST_CASE(parameters_keep_their_gradients_and_may_be_floats) {
  Parameter w("w");
  fill(w, Shape{3}, 1, DType::float32);
  w.gradient.fill(7);
  const auto loss = [&](Tape&, std::span<const Var> x) { return sum(w * w * x[0]); };
  const Arguments at{one(list({1, 2, 3})), {&w}};
  const HessianProduct second = hessian_vector_product(loss, at, {{}, one(list({1, 1, 1}))});
  check_close(second.product.parameters[0].to_doubles(), {2, 4, 6});
  const auto values = w.value().to_doubles();
  check_close(second.product.inputs[0].to_doubles(), {2 * values[0], 2 * values[1], 2 * values[2]});
  check_close(w.gradient.to_doubles(), {7, 7, 7});
}

BOOST_AUTO_TEST_CASE(a_parameter_that_is_not_trainable_is_an_argument_all_the_same) {
  Parameter w("w");
  fill(w, Shape{2}, 1);
  w.trainable = false;
  const auto loss = [&](Tape& tape, std::span<const Var>) -> Var { return sum(square(tape.leaf(w))); };
  const HessianProduct second = hessian_vector_product(loss, {{}, {&w}}, {{}, one(list({1, 2}))});
  check_close(second.product.parameters[0].to_doubles(), {2, 4});
}

BOOST_AUTO_TEST_CASE(an_empty_direction_is_zeros_and_wrong_ones_are_refused) {
  const Arguments at{one(list({1, 2})), {}};
  check_close(jacobian_vector_product(cubes, at, {}).tangent.to_doubles(), {0});
  BOOST_CHECK_THROW((void)jacobian_vector_product(cubes, at, {one(list({1})), {}}), ShapeError);
  BOOST_CHECK_THROW((void)jacobian_vector_product(cubes, at, {{}, one(list({1}))}), ShapeError);
  const auto pair = [](Tape&, std::span<const Var> x) -> Var { return 2 * x[0]; };
  BOOST_CHECK_THROW((void)hessian_vector_product(pair, at, {}), ShapeError);
  Parameter missing("w");
  BOOST_CHECK_THROW((void)hessian_vector_product(cubes, {one(list({1})), {&missing}}, {}), StateError);
  BOOST_CHECK_THROW((void)value_of(list({1})), StateError);
}

BOOST_AUTO_TEST_CASE(a_tangent_comes_before_the_first_use) {
  Parameter w("w");
  fill(w, Shape{2}, 1);
  Tape tape(DType::dual);
  (void)tape.leaf(w);
  BOOST_CHECK_THROW((void)tape.leaf(w, list({1, 2})), StateError);
  Tape real(DType::float64);
  BOOST_CHECK_THROW((void)real.leaf(w, list({1, 2})), StateError);
}

BOOST_AUTO_TEST_CASE(declared_slopes_hold_in_both_directions) {
  const auto f = [](Tape&, std::span<const Var> x) -> Var { return map<RoundAsIdentity>(x[0]) * 2; };
  const Tangent forward = jacobian_vector_product(f, {one(list({0.4, 1.6})), {}}, {one(list({1, 3})), {}});
  check_close(forward.value.to_doubles(), {0, 4});
  check_close(forward.tangent.to_doubles(), {2, 6});
}

// What follows is wrong on purpose: a check that lets it pass checks nothing.
BOOST_AUTO_TEST_CASE(the_check_finds_a_wrong_adjoint) {
  const auto wrong = [](Tape& tape, std::span<const Var> x) -> Var {
    const Var y = tape.output(x[0].shape(), true);
    dispatch(tape.dtype(), [&]<class T>() {
      for (Index i = 0; i < y.size(); ++i) y.mutable_value<T>().data[i] = 2 * x[0].value<T>().data[i];
      tape.on_backward(y, [from = x[0], y] {
        for (Index i = 0; i < y.size(); ++i) from.add_gradient<T>().data[i] += 3 * y.adjoint<T>().data[i];
      });
    });
    return y;
  };
  BOOST_TEST(!second_order_check(wrong, {Shape{2, 3}}).passed);
}

BOOST_AUTO_TEST_CASE(input_gradients_leave_parameters_alone) {
  Parameter w("w");
  fill(w, Shape{3}, 1);
  const auto loss = [&](Tape& tape, std::span<const Var> x) {
    BOOST_TEST(!tape.training());
    return sum(w * x[0] * x[0]);
  };
  const auto gradients = input_gradients(loss, one(list({1, 2, 3})));
  const auto values = w.value().to_doubles();
  check_close(gradients[0].to_doubles(), {2 * values[0], 4 * values[1], 6 * values[2]});
  check_close(w.gradient.to_doubles(), {0, 0, 0});
}

BOOST_AUTO_TEST_SUITE_END()
