#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/threads/parallel.h>

#include <cmath>

using namespace recur;

namespace {

// What an LSTM does with its gates.
constexpr auto lstm = [](auto i, auto f, auto g, auto o, auto c0) {
  auto c = sigmoid(f) * c0 + sigmoid(i) * tanh(g);
  return std::tuple{sigmoid(o) * tanh(c), c};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(fuse_suite)

BOOST_AUTO_TEST_CASE(equal_subexpressions_are_one_node) {
  const Arg<0> a;
  const Arg<1> b;
  using Shared = detail::Program<2, decltype(sigmoid(a) * tanh(b) + sigmoid(a))>;
  BOOST_TEST(Shared::size == 6);  // a, σ(a), b, tanh b, product, sum
  BOOST_TEST(Shared::kept == 2);  // σ(a), tanh b
  using Twice = detail::Program<2, decltype((a + b) * (a + b))>;
  BOOST_TEST(Twice::size == 4);
  using Ordered = detail::Program<2, decltype((a + b) * (b + a))>;
  BOOST_TEST(Ordered::size == 5);  // the order of operands is not looked at
  using Lstm = detail::Program<5, std::tuple_element_t<0, decltype(lstm(a, b, Arg<2>{}, Arg<3>{}, Arg<4>{}))>,
                               std::tuple_element_t<1, decltype(lstm(a, b, Arg<2>{}, Arg<3>{}, Arg<4>{}))>>;
  BOOST_TEST(Lstm::size == 14);  // 5 operands, σ σ tanh, 2 products, c, σ, tanh c, h
  BOOST_TEST(Lstm::kept == 5);   // the five activations; c is an output already
}

BOOST_AUTO_TEST_CASE(constants_are_told_apart) {
  const auto check = [](auto function, auto reference) {
    for (const Index n : {1, 16, 17}) {
      const Tensor<double> x = test::normal({n});
      Tape tape(DType::float64);
      const auto y = function(tape.constant(x)).to_doubles();
      std::vector<double> expected;
      for (const double v : x.values()) expected.push_back(reference(v));
      test::check_close(y, expected, 1e-14);
      test::check_jacobian([&](Tape&, auto in) { return function(in[0]); }, {x});
    }
  };
  check([](Var x) -> Var { return 0.2 * x + 0.5 * x; }, [](double x) { return 0.7 * x; });
  check([](Var x) -> Var { return 0.5 * x + 0.5 * x; }, [](double x) { return x; });
  check([](Var x) { return fuse([](auto a) { return tanh(2.0 * a) * tanh(3.0 * a) + tanh(2.0 * a); }, x); },
        [](double x) { return std::tanh(2 * x) * std::tanh(3 * x) + std::tanh(2 * x); });
  check([](Var x) { return fuse([](auto a) { return (a + 1) * (a + 1) - (a + 2); }, x); },
        [](double x) { return (x + 1) * (x + 1) - (x + 2); });
  check([](Var x) -> Var { return leaky_relu(x, 0.1) + leaky_relu(x, 0.3); },
        [](double x) { return x > 0 ? 2 * x : 0.4 * x; });
}

BOOST_AUTO_TEST_CASE(the_same_constant_is_shared_at_compile_time_and_run_time) {
  const Arg<0> a;
  const auto same = 0.5 * a + tanh(0.5 * a);
  BOOST_TEST((detail::Program<1, std::remove_const_t<decltype(same)>>::size) == 4);
}

BOOST_AUTO_TEST_CASE(fused_is_the_same_as_unfused) {
  for (const Index cols : {1, 15, 16, 17, 33}) {
    const Shape shape{3, cols};
    Tape tape(DType::float64);
    std::vector<Var> x;
    for (std::uint64_t k = 0; k < 5; ++k) x.push_back(tape.input(test::normal(shape, k + 1)));
    const auto records = tape.size();
    const auto [h, c] = fuse(lstm, x[0], x[1], x[2], x[3], x[4]);
    BOOST_TEST(tape.size() == records + 1);
    const Var forget = sigmoid(x[1]);
    const Var kept = forget * x[4];
    const Var candidate = tanh(x[2]);
    const Var in = sigmoid(x[0]);
    const Var c_unfused = kept + in * candidate;
    const Var out = sigmoid(x[3]);
    const Var squashed = tanh(c_unfused);
    const Var h_unfused = out * squashed;
    test::check_close(h.to_doubles(), h_unfused.to_doubles(), 1e-15);
    test::check_close(c.to_doubles(), c_unfused.to_doubles(), 1e-15);
  }
}

BOOST_AUTO_TEST_CASE(several_outputs) {
  for (const Index cols : {1, 15, 16, 17, 33}) {
    const Shape shape{2, cols};
    const std::vector<GradcheckInput> inputs = {shape, shape, shape, shape, shape};
    const auto run = [](auto x) { return fuse(lstm, x[0], x[1], x[2], x[3], x[4]); };
    test::check_gradient([&](Tape&, auto x) -> Var { return run(x)[0] * run(x)[1]; }, inputs, {}, "both");
    test::check_gradient(
        [&](Tape&, auto x) -> Var {
          const auto [h, c] = run(x);
          return h * c;
        },
        inputs, {}, "both of one");
    test::check_gradient([&](Tape&, auto x) { return run(x)[0]; }, inputs, {}, "first");
    test::check_gradient([&](Tape&, auto x) { return run(x)[1]; }, inputs, {}, "second");
  }
}

BOOST_AUTO_TEST_CASE(an_output_may_be_an_operand_or_another_output) {
  test::check_jacobian(
      [](Tape&, auto x) -> Var {
        const auto [a, s, t] = fuse([](auto p, auto q) { return std::tuple{p, p * q, tanh(p * q)}; }, x[0], x[1]);
        return a + s * t;
      },
      {Shape{2, 17}, Shape{17}});
}

BOOST_AUTO_TEST_CASE(an_operand_may_be_unused_or_unwanted) {
  const auto f = [](Tape& tape, auto x) -> Var {
    const Var y = fuse([](auto a, auto, auto b) { return a * tanh(b); }, x[0], x[1], tape.detach(x[2]));
    return y + x[2];
  };
  Tape tape(DType::float64);
  std::vector<Var> x;
  for (std::uint64_t k = 0; k < 3; ++k) x.push_back(tape.input(test::normal({2, 5}, k + 1)));
  const Var y = f(tape, x);
  tape.backward(y, test::ones(y));
  test::check_close(x[0].gradient().to_doubles(), Var(tanh(x[2])).to_doubles());
  test::check_close(x[1].gradient().to_doubles(), std::vector<double>(10, 0.0));
  test::check_close(x[2].gradient().to_doubles(), std::vector<double>(10, 1.0));
}

BOOST_AUTO_TEST_CASE(the_same_operand_twice) {
  const auto twice = [](Tape&, auto x) { return fuse([](auto a, auto b) { return a * sigmoid(b); }, x[0], x[0]); };
  test::check_jacobian(twice, {Shape{2, 17}});
  const auto row_of_itself = [](Tape&, auto x) -> Var { return x[0] * slice(x[0], 0, 1, 1); };
  test::check_jacobian(row_of_itself, {Shape{3, 17}});
  const auto column_of_itself = [](Tape&, auto x) -> Var { return x[0] * slice(x[0], -1, 2, 1); };
  test::check_jacobian(column_of_itself, {Shape{3, 17}});
}

// Gates that together are the whole of their product get its gradient assigned; anything less must be added to zeros.
BOOST_AUTO_TEST_CASE(views_of_one_value) {
  const auto product = [](auto a, auto b) { return a * tanh(b); };
  for (const Index half : {1, 8, 15, 16, 17}) {
    const std::vector<GradcheckInput> inputs = {Shape{3, 2 * half}};
    const auto check = [&](const char* what, auto parts) {
      test::check_jacobian(
          [&](Tape&, auto x) -> Var {
            const Var y = x[0] * 1.5;  // so that the gradient's memory is not kept, but new and full of other numbers
            const auto [a, b] = parts(y);
            return fuse(product, a, b);
          },
          inputs, {}, what);
    };
    check("all", [](Var y) { return split<2>(y); });
    check("one of two", [](Var y) { return std::array{split<2>(y)[1], split<2>(y)[1]}; });
    check("overlapping", [&](Var y) { return std::array{slice(y, -1, 0, half), slice(y, -1, half / 2, half)}; });
    check("in the wrong order", [](Var y) { return std::array{split<2>(y)[1], split<2>(y)[0]}; });
    check("rows", [](Var y) { return std::array{slice(y, 0, 0, 2), slice(y, 0, 1, 2)}; });
    check("with gaps", [&](Var y) { return std::array{slice(y, -1, 0, 1), slice(y, -1, 2 * half - 1, 1)}; });
  }
}

BOOST_AUTO_TEST_CASE(a_detached_view_gets_no_gradient) {
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({3, 4}));
  const Var y = x * 1.5;
  const auto [a, b] = split<2>(y);
  const Var z = fuse([](auto p, auto q) { return p * q; }, a, tape.detach(b));
  tape.backward(z, test::ones(z));
  const auto gradient = x.gradient().to_doubles();
  const auto values = b.to_doubles();
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 2; ++c) {
      BOOST_TEST(gradient[r * 4 + c] == 1.5 * values[r * 2 + c]);
      BOOST_TEST(gradient[r * 4 + 2 + c] == 0.0);
    }
}

BOOST_AUTO_TEST_CASE(an_overlap_as_large_as_the_whole) {
  // Two views of 2 columns of 4 that cover 3 of them: as many elements as the whole would have rows of 4.
  test::check_jacobian(
      [](Tape&, auto x) -> Var {
        const Var y = x[0] * 1.5;
        return fuse([](auto a, auto b) { return a * b; }, slice(y, -1, 0, 2), slice(y, -1, 1, 2));
      },
      {Shape{2, 4}});
}

// Of a large operation the activations are not kept but computed again: the same to the bit, and less memory.
BOOST_AUTO_TEST_CASE(activations_of_large_operations_are_computed_again) {
  constexpr Index rows = 1200;
  constexpr Index cols = 301;  // the last register of a row is not full
  const auto run = [&](bool in_parts, bool column, int team) {
    const int before = threads();
    set_threads(team);
    Tape tape;
    std::vector<Var> x;
    for (std::uint64_t k = 0; k < 5; ++k)
      x.push_back(tape.input(test::normal({rows, column && k == 4 ? 1 : cols}, k + 1)));
    const std::size_t inputs_only = tape.memory();
    for (Index row = 0; row < rows; row += in_parts ? 50 : rows) {
      const auto part = [&](Var v) { return slice(v, 0, row, in_parts ? 50 : rows); };
      const auto [h, c] = fuse(lstm, part(x[0]), part(x[1]), part(x[2]), part(x[3]), part(x[4]));
      const auto seed = h.add_gradient<float>();
      for (Index i = 0; i < seed.rows; ++i)
        for (Index j = 0; j < seed.cols; ++j) seed(i, j) = 1;
    }
    const std::size_t used = tape.memory() - inputs_only;
    tape.propagate();
    std::vector<std::vector<double>> gradients;
    for (const Var v : x) gradients.push_back(v.gradient().to_doubles());
    set_threads(before);
    return std::pair(gradients, used);
  };
  const auto [kept, kept_memory] = run(true, false, 1);
  const auto [computed, less_memory] = run(false, false, 1);
  BOOST_TEST((computed == kept));
  BOOST_TEST(less_memory < kept_memory / 2);
  BOOST_TEST((run(false, false, 2).first == kept));
  // A column's gradient is a sum over columns, in another order.
  const auto columns_kept = run(true, true, 1).first;
  const auto columns_computed = run(false, true, 1).first;
  for (std::size_t i = 0; i < columns_kept.size(); ++i) test::check_close(columns_computed[i], columns_kept[i], 1e-5);
}

BOOST_AUTO_TEST_CASE(float_and_double_agree) {
  std::vector<std::vector<double>> gradients;
  for (const DType dtype : {DType::float32, DType::float64}) {
    Tape tape(dtype);
    std::vector<Var> x;
    for (std::uint64_t k = 0; k < 5; ++k) x.push_back(tape.input(test::normal({3, 21}, k + 1)));
    const auto [h, c] = fuse(lstm, x[0], x[1], x[2], x[3], x[4]);
    const Var y = h * c;
    tape.backward(y, test::ones(y));
    gradients.push_back(x[2].gradient().to_doubles());
  }
  test::check_close(gradients[0], gradients[1], 1e-6);  // a dozen float roundings
}

BOOST_AUTO_TEST_SUITE_END()
