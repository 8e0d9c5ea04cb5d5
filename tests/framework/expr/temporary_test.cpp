#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/temporary.h>
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

/// Values of the outputs and all gradients; with the parts named, or handed over.
template <class Function>
std::vector<std::vector<double>> run(DType dtype, Index rows, Index units, Loss loss, bool named) {
  Tape tape(dtype);
  const Var x = tape.input(test::normal({rows, 5}, 1));
  const Var w = tape.input(test::normal({5, 4 * units}, 2));
  const Var c0 = tape.input(test::normal({rows, units}, 3));
  auto parts = split<4>(matmul(x, w));
  if (named) static_cast<void>(parts.names());
  const auto [h, c] = fuse(Function{}, std::move(parts), c0);
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

BOOST_AUTO_TEST_SUITE(temporary)

BOOST_AUTO_TEST_CASE(parts_without_names_give_the_same_numbers) {
  check_same<Lstm>("lstm");
  check_same<WithSums>("with sums");
  check_same<NeedsArguments>("needs arguments");
  check_same<AllNeeded>("all needed");
}

// Only to see it done: nobody outside should have the parts that are handed over.
BOOST_AUTO_TEST_CASE(kept_values_take_the_place_of_operands) {
  Tape tape;
  const Var z = tape.input(test::normal({3, 34}));
  const auto [a, b] = split<2>(z);
  const Var sigmoid_a = sigmoid(a);
  const auto b_before = b.to_doubles();
  const auto multiply = [](auto p, auto q) { return sigmoid(p) * q; };
  static_cast<void>(fuse(multiply, Parts<2>(split<2>(z), true)));
  BOOST_TEST(a.to_doubles() == sigmoid_a.to_doubles());
  BOOST_TEST(b.to_doubles() == b_before);  // the slope of the product needs it
}

BOOST_AUTO_TEST_CASE(nothing_is_overwritten_without_need) {
  const auto multiply = [](auto p, auto q) { return sigmoid(p) * q; };
  const auto untouched = [&](Tape& tape, bool own, auto use) {
    const Var z = tape.input(test::normal({3, 34}));
    const auto before = z.to_doubles();
    Parts<2> parts(split<2>(z), own);
    use(parts);
    return z.to_doubles() == before;
  };
  const auto hand_over = [&](Parts<2>& parts) { static_cast<void>(fuse(multiply, std::move(parts))); };
  Tape tape;
  BOOST_TEST(untouched(tape, false, hand_over));  // not its own
  BOOST_TEST(untouched(tape, true, [&](Parts<2>& parts) { static_cast<void>(fuse(multiply, parts)); }));
  BOOST_TEST(untouched(tape, true, [&](Parts<2>& parts) {
    static_cast<void>(parts[0]);  // has a name
    hand_over(parts);
  }));
  const NoGradient inference(tape);
  BOOST_TEST(untouched(tape, true, hand_over));
}

BOOST_AUTO_TEST_CASE(a_part_of_one_row_is_read_for_every_row_of_the_result) {
  const auto run_with = [](bool own) {
    Tape tape;
    const Var row = tape.input(test::normal({1, 34}, 1));
    const Var x = tape.input(test::normal({4, 17}, 2));
    const Var y =
        fuse([](auto a, auto b, auto c) { return sigmoid(a) * tanh(b) * c; }, Parts<2>(split<2>(row), own), x);
    tape.backward(y, test::ones(y));
    return std::vector{y.to_doubles(), row.gradient().to_doubles(), x.gradient().to_doubles()};
  };
  BOOST_TEST(run_with(true) == run_with(false));
}

BOOST_AUTO_TEST_CASE(the_memory_of_gates_is_needed_once) {
  const auto memory = [](bool named) {
    Tape tape;
    const Var x = tape.input(test::normal({64, 8}, 1));
    const Var w = tape.input(test::normal({8, 4 * 128}, 2));
    Var c = tape.zeros({64, 128});
    Var h = c;
    for (int step = 0; step < 200; ++step) {
      auto parts = split<4>(matmul(x, w));
      if (named) static_cast<void>(parts.names());
      std::tie(h, c) = [&] {
        const auto [h1, c1] = fuse(Lstm{}, std::move(parts), c);
        return std::pair{h1, c1};
      }();
    }
    return static_cast<double>(tape.memory());
  };
  // Seven numbers for each unit instead of eleven: z, kept values, h and c.
  BOOST_TEST(memory(false) < 0.75 * memory(true));
}

BOOST_AUTO_TEST_CASE(what_is_kept_serves_more_than_one_pass_backwards) {
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({3, 5}, 1));
  const Var w = tape.constant(test::normal({5, 4 * 17}, 2));
  const Var c0 = tape.constant(test::normal({3, 17}, 3));
  const auto [h, c] = fuse(Lstm{}, split<4>(matmul(x, w)), c0);
  tape.backward(h, test::ones(h));
  auto twice = x.gradient().to_doubles();
  for (double& number : twice) number *= 2;
  tape.backward(h, test::ones(h));
  BOOST_TEST(x.gradient().to_doubles() == twice);
}

BOOST_AUTO_TEST_CASE(parts_are_used_by_name) {
  Tape tape(DType::float64);
  const Var x = tape.constant(test::normal({2, 3}, 1));
  const Var w = tape.constant(test::normal({3, 4}, 2));
  const Var z = matmul(x, w);
  const auto [a, b] = split<2>(matmul(x, w));
  BOOST_TEST(a.to_doubles() == slice(z, -1, 0, 2).to_doubles());
  BOOST_TEST(b.to_doubles() == slice(z, -1, 2, 2).to_doubles());
  const std::array<Var, 2> both = split<2>(matmul(x, w));
  BOOST_TEST(both[1].to_doubles() == b.to_doubles());
  BOOST_CHECK_THROW((void)split<3>(matmul(x, w)), ShapeError);
}

BOOST_AUTO_TEST_CASE(parts_go_with_other_operands) {
  Tape tape(DType::float64);
  const Var x = tape.constant(test::normal({2, 3}, 1));
  const Var w = tape.constant(test::normal({3, 4}, 2));
  const Var h = tape.constant(test::normal({2, 2}, 3));
  std::vector<Var> seen;
  for (const Var part : split<2>(matmul(x, w))) seen.push_back(part);
  BOOST_REQUIRE(seen.size() == 2);
  const Var y = fuse([](auto a, auto b, auto c) { return a * sigmoid(b) + c; }, split<2>(matmul(x, w)), h * 2.0);
  const Var expected = seen[0] * sigmoid(seen[1]) + h * 2.0;
  test::check_close(y.to_doubles(), expected.to_doubles(), 1e-15);
  auto parts = split<2>(matmul(x, w));
  const auto before = parts.names();
  static_cast<void>(fuse([](auto a, auto b) { return a * b; }, std::move(parts)));
  BOOST_TEST(before[0].to_doubles() == seen[0].to_doubles());
}

BOOST_AUTO_TEST_CASE(parts_that_were_handed_over_are_gone) {
  Tape tape(DType::float64);
  const Var x = tape.constant(test::normal({2, 3}, 1));
  const Var w = tape.constant(test::normal({3, 4}, 2));
  static_assert(!std::is_copy_constructible_v<Parts<2>> && !std::is_copy_constructible_v<Temporary>);
  auto parts = split<2>(matmul(x, w));
  const auto multiply = [](auto p, auto q) { return p * q; };
  static_cast<void>(fuse(multiply, std::move(parts)));
  BOOST_CHECK_THROW((void)parts[0], StateError);                          // NOLINT(bugprone-use-after-move)
  BOOST_CHECK_THROW((void)fuse(multiply, std::move(parts)), StateError);  // NOLINT(bugprone-use-after-move)
}

BOOST_AUTO_TEST_SUITE_END()
