// Vars that are undefined, or older than the last reset of their tape.
#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/split.h>

using namespace recur;

BOOST_AUTO_TEST_SUITE(handles)

BOOST_AUTO_TEST_CASE(an_undefined_operand_is_refused) {
  Tape tape;
  const Var x = tape.constant(test::normal({2, 2}));
  const Var none;
  Parameter kernel("kernel");
  kernel.create({2, 2}, DType::float32);
  BOOST_CHECK_THROW((void)Var(none + x), StateError);
  BOOST_CHECK_THROW((void)Var(x * none), StateError);
  BOOST_CHECK_THROW((void)Var(exp(none)), StateError);
  BOOST_CHECK_THROW((void)Var(matmul(none, kernel)), StateError);
  BOOST_CHECK_THROW((void)Var(matmul(x, none)), StateError);
  BOOST_CHECK_THROW((void)Var(matmul(x, kernel) + none), StateError);
  BOOST_CHECK_THROW((void)fuse([](auto a, auto b) { return a * b; }, x, none), StateError);
  BOOST_CHECK_THROW((void)sum(none), StateError);
  BOOST_CHECK_THROW((void)split<2>(none), StateError);
  BOOST_CHECK_THROW((void)none.shape(), StateError);
  BOOST_CHECK_THROW((void)none.item(), StateError);
  BOOST_CHECK_THROW((void)none.to_array(), StateError);
  BOOST_CHECK_THROW((void)none.gradient(), StateError);
  BOOST_CHECK_THROW(tape.backward(none), StateError);
}

// A second pass of the same shapes lays its values where those of the first were.
BOOST_AUTO_TEST_CASE(a_value_from_before_a_reset_is_refused_where_handles_are_checked) {
  if (!detail::check_handles) return;
  Tape tape;
  Var kept = tape.constant(test::normal({2, 2}));
  for (int pass = 0; pass < 2; ++pass) {
    tape.reset();
    const Var x = tape.constant(test::normal({2, 2}));
    BOOST_CHECK_THROW((void)Var(x + kept), StateError);
    BOOST_CHECK_THROW((void)sum(kept), StateError);
    BOOST_CHECK_THROW((void)kept.item(), StateError);
    BOOST_CHECK_THROW((void)Var(matmul(x, kept)), StateError);
  }
  kept = tape.constant(test::normal({2, 2}));
  BOOST_CHECK_NO_THROW((void)sum(kept));
}

BOOST_AUTO_TEST_SUITE_END()
