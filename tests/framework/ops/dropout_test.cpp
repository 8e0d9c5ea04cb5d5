#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/dropout.h>
#include <recur/framework/ops/split.h>

using namespace recur;

BOOST_AUTO_TEST_SUITE(dropout_suite)

BOOST_AUTO_TEST_CASE(drops_the_rate_and_keeps_the_mean) {
  for (const double rate : {0.1, 0.5, 0.9})
    for (const DType dtype : {DType::float32, DType::float64}) {
      Tape tape(dtype);
      Generator generator(3);
      const Index count = 100000;
      const auto y = dropout(tape.filled({count}, 2), rate, generator).to_doubles();
      double dropped = 0;
      for (const double v : y) {
        dropped += v == 0 ? 1 : 0;
        if (v != 0) BOOST_TEST_REQUIRE(std::abs(v - 2 / (1 - rate)) < 1e-5);
      }
      // Five standard deviations of a binomial count.
      BOOST_TEST(std::abs(dropped - rate * count) < 5 * std::sqrt(count * rate * (1 - rate)));
    }
}

BOOST_AUTO_TEST_CASE(both_number_types_drop_the_same) {
  const auto run = [](DType dtype) {
    Tape tape(dtype);
    Generator generator(3);
    return dropout(tape.filled({1000}, 1), 0.25, generator).to_doubles();
  };
  test::check_close(run(DType::float32), run(DType::float64), 1e-6);
}

BOOST_AUTO_TEST_CASE(the_identity_when_not_training) {
  Tape tape(DType::float64);
  Generator generator(3);
  const Var x = tape.input(test::normal({4, 5}));
  BOOST_TEST(dropout(x, 0, generator).node() == x.node());
  tape.set_training(false);
  BOOST_TEST(dropout(x, 0.5, generator).node() == x.node());
  test::check_close(dropout_mask(tape, {3}, 0.5, generator).to_doubles(), {1, 1, 1}, 0);
  tape.set_training(true);
  {
    const NoGradient guard(tape);
    BOOST_TEST(dropout(x, 0.5, generator).node() == x.node());
  }
  BOOST_CHECK(generator.state() == Generator(3).state());
}

BOOST_AUTO_TEST_CASE(gradients_see_the_same_mask) {
  test::check_jacobian([](Tape& tape, auto x) { return dropout(x[0], 0.4, tape.generator()); }, {Shape{5, 17}});
  test::check_jacobian(
      [](Tape& tape, auto x) -> Var {
        const Var part = slice(x[0], -1, 1, 7);
        return dropout(part, 0.4, tape.generator()) * part;
      },
      {Shape{3, 9}});
  test::check_jacobian(
      [](Tape& tape, auto x) -> Var {
        return x[0] * dropout_mask(tape, {3, 7}, 0.4, tape.generator());
      },
      {Shape{3, 7}});
}

BOOST_AUTO_TEST_CASE(everything_may_be_dropped) {
  Tape tape(DType::float64);
  Generator generator(3);
  test::check_close(dropout(tape.filled({3}, 2), 1, generator).to_doubles(), {0, 0, 0}, 0);
}

BOOST_AUTO_TEST_CASE(wrong_rates_are_refused) {
  Tape tape(DType::float64);
  Generator generator(3);
  const Var x = tape.zeros({2});
  for (const double rate : {-0.1, 1.1, std::nan("")}) {
    BOOST_CHECK_THROW((void)dropout(x, rate, generator), ValueError);
    BOOST_CHECK_THROW((void)dropout_mask(tape, {2}, rate, generator), ValueError);
  }
}

BOOST_AUTO_TEST_SUITE_END()
