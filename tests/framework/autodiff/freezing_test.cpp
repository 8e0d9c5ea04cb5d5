#include "support.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>

using namespace recur;

BOOST_AUTO_TEST_SUITE(freezing)

BOOST_AUTO_TEST_CASE(frozen_parameters_get_no_gradient) {
  Tape tape(DType::float64);
  Parameter p("p");
  test::fill(p, {2}, 1);
  p.trainable = false;
  const Var x = tape.input(test::normal({2}));
  tape.backward(sum(Var(x * p)));
  BOOST_TEST(p.gradient.to_doubles()[0] == 0.0);
  test::check_close(x.gradient().to_doubles(), p.value().to_doubles(), 0);
  tape.reset();
  p.trainable = true;
  const Var again = tape.input(test::normal({2}));
  tape.backward(sum(Var(again * p)));
  test::check_close(p.gradient.to_doubles(), again.to_doubles(), 0);
}

BOOST_AUTO_TEST_CASE(a_tape_may_freeze_all_parameters) {
  Tape tape(DType::float64);
  Parameter w("w");
  Parameter late("late");
  test::fill(w, {3, 2}, 1);
  test::fill(late, {2}, 2);
  const Tensor<double> values = test::normal({4, 3});
  const auto run = [&] {
    const Var x = tape.input(values);
    tape.backward(sum(Var(tanh(matmul(x, w)) * late)));
    return x.gradient().to_doubles();
  };
  const auto wanted = run();
  BOOST_TEST(w.gradient.to_doubles()[0] != 0.0);
  BOOST_TEST(late.gradient.to_doubles()[0] != 0.0);

  tape.reset();
  w.zero_gradient();
  late.zero_gradient();
  tape.freeze_parameters(true);
  BOOST_TEST(!tape.leaf(w).wants_gradient());
  // Gradients still flow through the frozen parameters to the input.
  test::check_close(run(), wanted, 0);
  BOOST_TEST(w.gradient.to_doubles() == std::vector<double>(6, 0.0), boost::test_tools::per_element());
  BOOST_TEST(late.gradient.to_doubles() == std::vector<double>(2, 0.0), boost::test_tools::per_element());
  // Without an input that wants a gradient there is nothing to compute.
  tape.reset();
  const auto records = tape.size();
  BOOST_CHECK_THROW(tape.backward(sum(matmul(tape.constant(values), w))), StateError);
  BOOST_TEST(tape.size() <= records + 1);  // the parameter itself

  tape.freeze_parameters(false);
  tape.reset();
  BOOST_TEST(tape.leaf(w).wants_gradient());
  test::check_close(run(), wanted, 0);
  BOOST_TEST(w.gradient.to_doubles()[0] != 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
