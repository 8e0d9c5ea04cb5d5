#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/split.h>

#include <utility>
#include <vector>

namespace {

using namespace recur;

// As in a cell: of the operands the first four are parts of one product. What the adjoint needs of them differs.
struct Lstm {
  auto operator()(auto i, auto f, auto g, auto o, auto c0) const {
    const auto c = sigmoid(f) * c0 + sigmoid(i) * tanh(g);
    return std::tuple{sigmoid(o) * tanh(c), c};
  }
};
struct WithSums {  // activations of more than one operand, as with peepholes
  auto operator()(auto i, auto f, auto g, auto o, auto c0) const {
    const auto c = sigmoid(f + 0.3 * c0) * c0 + sigmoid(i - c0) * tanh(-g);
    return std::tuple{sigmoid(o + c) * tanh(c), c};
  }
};
struct NeedsArguments {  // i and o are multiplied, so that they must stay
  auto operator()(auto i, auto f, auto g, auto o, auto c0) const {
    return std::tuple{tanh(i * sigmoid(f)) + exp(g) * o, sqrt(square(i) + 1) * c0};
  }
};
struct AllNeeded {
  auto operator()(auto i, auto f, auto g, auto o, auto c0) const {
    return std::tuple{softplus(i) * relu(f), log(square(g) + 1) * o * c0};
  }
};

enum class Loss { both, first };

/// Values of the outputs and all gradients; with parts that may be overwritten, or not.
template <class Function>
std::vector<std::vector<double>> run(DType dtype, Index rows, Index units, Loss loss, bool allowed) {
  Tape tape(dtype);
  const Var x = tape.input(test::normal({rows, 5}, 1));
  const Var w = tape.input(test::normal({5, 4 * units}, 2));
  const Var c0 = tape.input(test::normal({rows, units}, 3));
  const auto [h, c] = fuse(Function{}, reuse(split<4>(matmul(x, w)), allowed), c0);
  const auto h_value = h.to_doubles();
  const auto c_value = c.to_doubles();
  const Var y = loss == Loss::both ? Var(h * 0.7 + c) : Var(h * 0.7);
  tape.backward(y, test::ones(y));
  return {h_value, c_value, x.gradient().to_doubles(), w.gradient().to_doubles(), c0.gradient().to_doubles()};
}

template <class Function>
void check_same(const char* what) {
  for (const DType dtype : {DType::float32, DType::float64})
    for (const Index rows : {1, 3})
      for (const Index units : {1, 8, 15, 16, 17, 40})
        for (const Loss loss : {Loss::both, Loss::first})
          BOOST_TEST(run<Function>(dtype, rows, units, loss, true) == run<Function>(dtype, rows, units, loss, false),
                     what << ", " << name(dtype) << ", " << rows << " x " << units);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reusable)

BOOST_AUTO_TEST_CASE(overwriting_changes_no_number) {
  check_same<Lstm>("lstm");
  check_same<WithSums>("with sums");
  check_same<NeedsArguments>("needs arguments");
  check_same<AllNeeded>("all needed");
}

// Looks at the parts although they may be overwritten.
BOOST_AUTO_TEST_CASE(kept_values_take_the_place_of_operands) {
  Tape tape;
  const Var x = tape.input(test::normal({3, 5}, 1));
  const Var w = tape.input(test::normal({5, 34}, 2));
  const auto [a, b] = split<2>(matmul(x, w));
  const Var sigmoid_a = sigmoid(a);
  const auto b_before = b.to_doubles();
  static_cast<void>(fuse([](auto p, auto q) { return sigmoid(p) * q; }, reuse(std::array{a, b})));
  BOOST_TEST(a.to_doubles() == sigmoid_a.to_doubles());
  BOOST_TEST(b.to_doubles() == b_before);  // the slope of the product needs it
}

BOOST_AUTO_TEST_CASE(nothing_is_overwritten_unless_it_is_a_product_marked_for_a_gradient) {
  const auto multiply = [](auto p, auto q) { return sigmoid(p) * q; };
  const auto untouched = [&](Tape& tape, Var z, auto use) {
    const auto before = z.to_doubles();
    use(split<2>(z));
    static_cast<void>(tape);
    return z.to_doubles() == before;
  };
  Tape tape;
  const Var x = tape.input(test::normal({3, 5}, 1));
  const Var w = tape.input(test::normal({5, 34}, 2));
  using Parts = std::array<Var, 2>;
  const auto marked = [&](const Parts& parts) { static_cast<void>(fuse(multiply, reuse(parts))); };
  BOOST_TEST(!untouched(tape, matmul(x, w), marked));
  BOOST_TEST(untouched(tape, tape.input(test::normal({3, 34})), marked));  // no product
  BOOST_TEST(untouched(tape, matmul(x, w), [&](const Parts& parts) { static_cast<void>(fuse(multiply, parts)); }));
  BOOST_TEST(untouched(tape, matmul(x, w),
                       [&](const Parts& parts) { static_cast<void>(fuse(multiply, reuse(parts, false))); }));
  tape.mechanisms().overwrite_operands = false;
  BOOST_TEST(untouched(tape, matmul(x, w), marked));
  tape.mechanisms().overwrite_operands = true;
  const NoGradient inference(tape);
  BOOST_TEST(untouched(tape, matmul(x, w), marked));
}

BOOST_AUTO_TEST_CASE(a_part_of_one_row_is_read_for_every_row_of_the_result) {
  const auto run_with = [](bool allowed) {
    Tape tape;
    const Var v = tape.input(test::normal({1, 5}, 1));
    const Var w = tape.input(test::normal({5, 34}, 3));
    const Var x = tape.input(test::normal({4, 17}, 2));
    const Var y = fuse([](auto a, auto b, auto c) { return sigmoid(a) * tanh(b) * c; },
                       reuse(split<2>(matmul(v, w)), allowed), x);
    tape.backward(y, test::ones(y));
    return std::vector{y.to_doubles(), v.gradient().to_doubles(), x.gradient().to_doubles()};
  };
  BOOST_TEST(run_with(true) == run_with(false));
}

BOOST_AUTO_TEST_CASE(the_memory_of_gates_is_needed_once) {
  const auto memory = [](bool allowed) {
    Tape tape;
    const Var x = tape.input(test::normal({64, 8}, 1));
    const Var w = tape.input(test::normal({8, 4 * 128}, 2));
    Var c = tape.zeros({64, 128});
    Var h = c;
    for (int step = 0; step < 200; ++step) {
      const auto next = fuse(Lstm{}, reuse(split<4>(matmul(x, w)), allowed), c);
      h = next[0];
      c = next[1];
    }
    return static_cast<double>(tape.memory());
  };
  // Seven numbers for each unit instead of eleven: z, kept values, h and c.
  BOOST_TEST(memory(true) < 0.75 * memory(false));
}

BOOST_AUTO_TEST_CASE(what_is_kept_serves_more_than_one_pass_backwards) {
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({3, 5}, 1));
  const Var w = tape.constant(test::normal({5, 4 * 17}, 2));
  const Var c0 = tape.constant(test::normal({3, 17}, 3));
  const auto [h, c] = fuse(Lstm{}, reuse(split<4>(matmul(x, w))), c0);
  tape.backward(h, test::ones(h));
  auto twice = x.gradient().to_doubles();
  for (double& number : twice) number *= 2;
  tape.backward(h, test::ones(h));
  BOOST_TEST(x.gradient().to_doubles() == twice);
}

BOOST_AUTO_TEST_CASE(lists_go_with_other_operands) {
  Tape tape(DType::float64);
  const Var x = tape.constant(test::normal({2, 3}, 1));
  const Var w = tape.constant(test::normal({3, 4}, 2));
  const Var h = tape.constant(test::normal({2, 2}, 3));
  const auto [a, b] = split<2>(matmul(x, w));
  const Var y = fuse([](auto p, auto q, auto r) { return p * sigmoid(q) + r; }, split<2>(matmul(x, w)), h * 2.0);
  const Var expected = a * sigmoid(b) + h * 2.0;
  test::check_close(y.to_doubles(), expected.to_doubles(), 1e-15);
  BOOST_CHECK_THROW((void)split<3>(matmul(x, w)), ShapeError);
}

BOOST_AUTO_TEST_CASE(the_first_result_lies_where_it_is_told_to) {
  Tape tape;
  const Var x = tape.input(test::normal({2, 3}, 1));
  const Var whole = tape.output({4, 3}, true);
  const Var place = tape.view(whole, 2 * 3, {2, 3}, 3);
  const Var y = fuse(
      into(place), [](auto p) { return tanh(p); }, x);
  BOOST_TEST(y.node() == place.node());
  BOOST_TEST(y.to_doubles() == Var(tanh(x)).to_doubles());
  tape.backward(whole, test::ones(whole));
  const auto through_place = x.gradient().to_doubles();
  Tape other;
  const Var same = other.input(test::normal({2, 3}, 1));
  const Var z = tanh(same);
  other.backward(z, test::ones(z));
  BOOST_TEST(through_place == same.gradient().to_doubles());
}

BOOST_AUTO_TEST_CASE(a_place_that_does_not_fit_is_not_used) {
  Tape tape;
  const Var x = tape.input(test::normal({2, 3}, 1));
  const auto moved = [&](Var place) {
    return fuse(
               into(place), [](auto p) { return tanh(p); }, x)
               .node() != place.node();
  };
  BOOST_TEST(moved(tape.output({2, 4}, true)));   // another shape
  BOOST_TEST(moved(tape.output({2, 3}, false)));  // no gradient
}

BOOST_AUTO_TEST_SUITE_END()
