#include "support.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/recurrence/output_placement.h>

using namespace recur;

namespace {

// Makes three values, of which the second is the result.
Var step(Var x) {
  const Var before = x * 2.0;
  const Var result = tanh(before);
  [[maybe_unused]] const Var after = result + 1.0;
  return result;
}

bool lies_at(Var x, Var place) { return x.node()->value == place.node()->value; }

}  // namespace

BOOST_AUTO_TEST_SUITE(output_placement)

BOOST_AUTO_TEST_CASE(the_result_lies_in_its_place_and_gets_the_gradient_from_there) {
  const auto f = [](Tape& tape, auto in) -> Var {
    const Var x = in[0];
    OutputPlacement placement(tape);
    placement.learn();
    const Var first = step(x);
    BOOST_TEST(placement.learnt(first));
    const Var whole = tape.output({4, 3}, true);
    const Var upper = slice(whole, 0, 0, 2);
    const Var lower = slice(whole, 0, 2, 2);
    placement.begin(upper);
    const Var second = step(first);
    placement.end();
    placement.begin(lower);
    const Var third = step(second * x);
    placement.end();
    BOOST_TEST(lies_at(second, upper));
    BOOST_TEST(!lies_at(third, lower));  // the product was made first, so this is another value than was learnt
    return concat(std::vector{Var(whole), third}, 0) * 1.5;
  };
  Tape tape(DType::float64);
  const std::vector<Var> in = {tape.input(test::normal({2, 3}, 1))};
  (void)f(tape, in);
}

BOOST_AUTO_TEST_CASE(gradients) {
  test::check_jacobian(
      [](Tape& tape, auto in) -> Var {
        OutputPlacement placement(tape);
        placement.learn();
        Var h = step(in[0]);
        (void)placement.learnt(h);
        const Var whole = tape.output({6, 3}, true);
        for (Index t = 0; t < 3; ++t) {
          placement.begin(slice(whole, 0, 2 * t, 2));
          h = step(h);
          placement.end();
        }
        return whole * h.tape().filled({1, 3}, 0.5);
      },
      {Shape{2, 3}});
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_not_placed) {
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({2, 3}, 1));
  OutputPlacement placement(tape);
  placement.learn();
  BOOST_TEST(!placement.learnt(x));  // an operand
  placement.learn();
  BOOST_TEST(!placement.learnt(slice(step(x), 1, 0, 2)));  // a part
  placement.learn();
  BOOST_TEST(placement.learnt(step(x)));
  const Var other_shape = tape.output({3, 2}, true);
  placement.begin(other_shape);
  BOOST_TEST(!lies_at(step(x), other_shape));
  placement.end();
  const Var without_gradient = tape.output({2, 3}, false);
  placement.begin(without_gradient);
  BOOST_TEST(!lies_at(step(x), without_gradient));
  placement.end();
  BOOST_TEST(!lies_at(step(x), without_gradient));
}

BOOST_AUTO_TEST_CASE(nested_ones_do_not_disturb_each_other) {
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({2, 3}, 1));
  OutputPlacement outer(tape);
  outer.learn();
  BOOST_TEST(outer.learnt(step(x)));
  const Var place = tape.output({2, 3}, true);
  outer.begin(place);
  const Var before = x * 2.0;
  {
    const OutputPlacement inner(tape);
    BOOST_TEST(!lies_at(before * 3.0, place));
  }
  BOOST_TEST(lies_at(tanh(before), place));
  outer.end();
}

BOOST_AUTO_TEST_SUITE_END()
