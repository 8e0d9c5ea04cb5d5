#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/split.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace recur;

namespace {

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }
double clip(double x) { return std::min(std::max(x, 0.0), 1.0); }

/// One pointwise function: as an expression, and what it should be.
struct Unary {
  const char* name;
  std::function<Var(Var)> apply;
  std::function<double(double)> reference;
  double low = -3;
  double high = 3;
};

const std::vector<Unary>& unary_functions() {
  static const std::vector<Unary> all = {
      {"negate", [](Var x) -> Var { return -x; }, [](double x) { return -x; }},
      {"exp", [](Var x) -> Var { return exp(x); }, [](double x) { return std::exp(x); }},
      {"log", [](Var x) -> Var { return log(x); }, [](double x) { return std::log(x); }, 0.1, 4},
      {"sqrt", [](Var x) -> Var { return sqrt(x); }, [](double x) { return std::sqrt(x); }, 0.1, 4},
      {"square", [](Var x) -> Var { return square(x); }, [](double x) { return x * x; }},
      {"abs", [](Var x) -> Var { return abs(x); }, [](double x) { return std::abs(x); }},
      {"tanh", [](Var x) -> Var { return tanh(x); }, [](double x) { return std::tanh(x); }},
      {"sigmoid", [](Var x) -> Var { return sigmoid(x); }, sigmoid_of},
      {"hard_sigmoid", [](Var x) -> Var { return hard_sigmoid(x); }, [](double x) { return clip(0.2 * x + 0.5); }, -4,
       4},
      {"hard_sigmoid_v3", [](Var x) -> Var { return hard_sigmoid_v3(x); }, [](double x) { return clip(x / 6 + 0.5); },
       -4, 4},
      {"relu", [](Var x) -> Var { return relu(x); }, [](double x) { return std::max(x, 0.0); }},
      {"softplus", [](Var x) -> Var { return softplus(x); }, [](double x) { return std::log1p(std::exp(x)); }},
      {"softsign", [](Var x) -> Var { return softsign(x); }, [](double x) { return x / (1 + std::abs(x)); }},
      {"leaky_relu", [](Var x) -> Var { return leaky_relu(x); }, [](double x) { return x > 0 ? x : 0.2 * x; }},
      {"elu", [](Var x) -> Var { return elu(x, 1.5); }, [](double x) { return x > 0 ? x : 1.5 * std::expm1(x); }},
      {"pow", [](Var x) -> Var { return pow(x, 2.5); }, [](double x) { return std::pow(x, 2.5); }, 0.1, 4},
      {"x + 2", [](Var x) -> Var { return x + 2; }, [](double x) { return x + 2; }},
      {"2 - x", [](Var x) -> Var { return 2 - x; }, [](double x) { return 2 - x; }},
      {"x - 2", [](Var x) -> Var { return x - 2; }, [](double x) { return x - 2; }},
      {"3 * x", [](Var x) -> Var { return 3 * x; }, [](double x) { return 3 * x; }},
      {"x / 4", [](Var x) -> Var { return x / 4; }, [](double x) { return x / 4; }},
      {"1 / x", [](Var x) -> Var { return 1 / x; }, [](double x) { return 1 / x; }, 0.5, 4},
      {"min(x, 0.5)", [](Var x) -> Var { return min(x, 0.5); }, [](double x) { return std::min(x, 0.5); }},
      {"max(0.5, x)", [](Var x) -> Var { return max(0.5, x); }, [](double x) { return std::max(0.5, x); }},
      {"greater", [](Var x) -> Var { return greater(x, 0); }, [](double x) { return x > 0 ? 1.0 : 0.0; }},
      {"where", [](Var x) -> Var { return where(greater(x, 0), x * x, -x); },
       [](double x) { return x > 0 ? x * x : -x; }},
  };
  return all;
}

struct Binary {
  const char* name;
  std::function<Var(Var, Var)> apply;
  std::function<double(double, double)> reference;
};

const std::vector<Binary>& binary_functions() {
  static const std::vector<Binary> all = {
      {"+", [](Var a, Var b) -> Var { return a + b; }, [](double a, double b) { return a + b; }},
      {"-", [](Var a, Var b) -> Var { return a - b; }, [](double a, double b) { return a - b; }},
      {"*", [](Var a, Var b) -> Var { return a * b; }, [](double a, double b) { return a * b; }},
      {"/", [](Var a, Var b) -> Var { return a / b; }, [](double a, double b) { return a / b; }},
      {"min", [](Var a, Var b) -> Var { return min(a, b); }, [](double a, double b) { return std::min(a, b); }},
      {"max", [](Var a, Var b) -> Var { return max(a, b); }, [](double a, double b) { return std::max(a, b); }},
      {"leaky_relu", [](Var a, Var b) -> Var { return map<fn::LeakyRelu>(a, b); },
       [](double a, double b) { return a > 0 ? a : a * b; }},
      {"elu", [](Var a, Var b) -> Var { return map<fn::Elu>(a, b); },
       [](double a, double b) { return a > 0 ? a : b * std::expm1(a); }},
      {"where", [](Var a, Var b) -> Var { return where(greater(a, b), a, b * b); },
       [](double a, double b) { return a > b ? a : b * b; }},
  };
  return all;
}

constexpr std::array<Index, 7> sizes = {1, 7, 8, 15, 16, 17, 33};  // around the lanes of every register

}  // namespace

BOOST_AUTO_TEST_SUITE(expr)

BOOST_AUTO_TEST_CASE(what_is_not_a_number_stays_so) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : {DType::float32, DType::float64}) {
    Tape tape(dtype);
    // More than a register, so that the end of a row is seen, too.
    const Var bad = tape.filled({2, 19}, nan);
    const Var good = tape.filled({2, 19}, 0.75);
    const auto all_nan = [](Var y) {
      const auto values = y.to_doubles();
      return std::all_of(values.begin(), values.end(), [](double v) { return std::isnan(v); });
    };
    for (const Unary& f : unary_functions()) {
      if (f.name == std::string("greater")) continue;  // a comparison gives 0 or 1
      BOOST_TEST(all_nan(f.apply(bad)), f.name << " of NaN");
    }
    for (const Binary& f : binary_functions()) {
      if (f.name == std::string("where")) continue;
      BOOST_TEST(all_nan(f.apply(bad, good)), f.name << "(NaN, 0.75)");
      if (f.name == std::string("leaky_relu") || f.name == std::string("elu")) continue;  // no slope needed above 0
      BOOST_TEST(all_nan(f.apply(good, bad)), f.name << "(0.75, NaN)");
    }
  }
}

BOOST_AUTO_TEST_CASE(unary_values) {
  for (const Unary& f : unary_functions())
    for (const Index n : sizes)
      for (const DType dtype : {DType::float32, DType::float64}) {
        Tape tape(dtype);
        const Tensor<double> x = test::uniform({n}, f.low, f.high, static_cast<std::uint64_t>(n));
        const auto y = f.apply(tape.constant(x)).to_doubles();
        for (Index i = 0; i < n; ++i) {
          const double expected = f.reference(x(i));
          // The argument itself is rounded to float; slopes here are below 50.
          const double tolerance = (dtype == DType::float32 ? 1e-5 : 1e-14) * std::max(1.0, std::abs(expected));
          BOOST_TEST(std::abs(y[static_cast<std::size_t>(i)] - expected) <= tolerance,
                     f.name << " of " << x(i) << ": " << y[static_cast<std::size_t>(i)] << ", expected " << expected);
        }
      }
}

BOOST_AUTO_TEST_CASE(unary_gradients) {
  for (const Unary& f : unary_functions())
    for (const Index n : sizes)
      test::check_jacobian([&](Tape&, auto x) { return f.apply(x[0]); },
                           {test::uniform({n}, f.low, f.high, 100 + static_cast<std::uint64_t>(n))}, {}, f.name);
}

BOOST_AUTO_TEST_CASE(binary_values_and_gradients) {
  for (const Binary& f : binary_functions())
    for (const Index n : sizes) {
      const Tensor<double> a = test::normal({n}, 1);
      const Tensor<double> b = test::uniform({n}, 0.5, 2, 2);
      Tape tape(DType::float64);
      const auto y = f.apply(tape.constant(a), tape.constant(b)).to_doubles();
      std::vector<double> expected;
      for (Index i = 0; i < n; ++i) expected.push_back(f.reference(a(i), b(i)));
      test::check_close(y, expected, 1e-14);
      test::check_jacobian([&](Tape&, auto x) { return f.apply(x[0], x[1]); }, {a, b}, {}, f.name);
    }
}

BOOST_AUTO_TEST_CASE(slopes_at_kinks_are_zero_or_go_to_the_first) {
  Tape tape(DType::float64);
  const auto slope = [&](auto f) {
    tape.reset();
    const Var x = tape.input(Tensor<double>({1}, {0.0}));
    const Var y = f(x);
    tape.backward(y);
    return x.gradient().to_doubles()[0];
  };
  BOOST_TEST(slope([](Var x) -> Var { return relu(x); }) == 0.0);
  BOOST_TEST(slope([](Var x) -> Var { return abs(x); }) == 0.0);
  BOOST_TEST(slope([](Var x) -> Var { return max(x, 0); }) == 1.0);
  BOOST_TEST(slope([](Var x) -> Var { return max(0, x); }) == 0.0);
  BOOST_TEST(slope([](Var x) -> Var { return min(x, 0); }) == 1.0);
  BOOST_TEST(slope([](Var x) -> Var { return min(0, x); }) == 0.0);
}

// All ways an operand may lie in memory and repeat, against one of full shape.
BOOST_AUTO_TEST_CASE(broadcasting) {
  struct Layout {
    const char* name;
    Shape stored;
    std::function<Var(Var)> operand;
    std::function<Index(Index row, Index col)> at;
  };
  constexpr Index rows = 3;
  for (const Index cols : sizes) {
    const std::vector<Layout> layouts = {
        {"scalar", Shape{}, [](Var x) { return x; }, [](Index, Index) { return 0; }},
        {"[1]", Shape{1}, [](Var x) { return x; }, [](Index, Index) { return 0; }},
        {"row [H]", Shape{cols}, [](Var x) { return x; }, [](Index, Index c) { return c; }},
        {"row [1, H]", Shape{1, cols}, [](Var x) { return x; }, [](Index, Index c) { return c; }},
        {"column", Shape{rows, 1}, [](Var x) { return x; }, [](Index r, Index) { return r; }},
        {"full", Shape{rows, cols}, [](Var x) { return x; }, [=](Index r, Index c) { return r * cols + c; }},
        {"strided columns", Shape{rows, 3 * cols}, [=](Var x) { return slice(x, -1, cols, cols); },
         [=](Index r, Index c) { return r * 3 * cols + cols + c; }},
        {"strided column", Shape{rows, 4}, [](Var x) { return slice(x, -1, 2, 1); },
         [](Index r, Index) { return r * 4 + 2; }},
        {"rows of more", Shape{2 + rows, cols}, [](Var x) { return slice(x, 0, 1, rows); },
         [=](Index r, Index c) { return (r + 1) * cols + c; }},
        {"one strided row", Shape{1, 3 * cols}, [=](Var x) { return slice(x, -1, cols, cols); },
         [=](Index, Index c) { return cols + c; }},
        {"one element of a view", Shape{2, 5}, [](Var x) { return slice(slice(x, 0, 1, 1), 1, 3, 1); },
         [](Index, Index) { return 8; }},
    };
    const Tensor<double> a = test::normal({rows, cols}, 5);
    for (const Layout& layout : layouts) {
      const Tensor<double> b = test::normal(layout.stored, 6);
      const auto f = [&](Tape&, auto x) -> Var {
        const Var operand = layout.operand(x[1]);
        return x[0] * operand + tanh(operand);
      };
      Tape tape(DType::float64);
      const std::array inputs = {tape.constant(a), tape.constant(b)};
      const Var y = f(tape, std::span<const Var>(inputs));
      BOOST_CHECK(y.shape() == (Shape{rows, cols}));
      std::vector<double> expected;
      for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) {
          const double v = b.data()[layout.at(r, c)];
          expected.push_back(a(r, c) * v + std::tanh(v));
        }
      test::check_close(y.to_doubles(), expected, 1e-14);
      test::check_gradient(f, {a, b}, {}, std::string(layout.name) + " with " + std::to_string(cols) + " columns");
      const auto alone = [&](Tape&, auto x) -> Var { return sigmoid(layout.operand(x[0])) * 2; };
      test::check_gradient(alone, {b}, {}, std::string(layout.name) + " alone");
    }
  }
}

BOOST_AUTO_TEST_CASE(broadcasting_keeps_the_shape_of_sequences) {
  Tape tape(DType::float64);
  const Var x = tape.constant(test::normal({4, 3, 5}));
  const Var bias = tape.constant(test::normal({5}));
  const Var y = x + bias;
  BOOST_CHECK(y.shape() == (Shape{4, 3, 5}));
}

BOOST_AUTO_TEST_CASE(shapes_that_do_not_fit_are_refused) {
  Tape tape(DType::float64);
  const Var a = tape.constant(test::normal({2, 3}));
  const auto add = [&](const Shape& shape) {
    const Var b = tape.constant(test::normal(shape));
    const Var y = a + b;
    return y;
  };
  BOOST_CHECK_THROW(add({2}), ShapeError);
  BOOST_CHECK_THROW(add({3, 3}), ShapeError);
  BOOST_CHECK_THROW(add({2, 4}), ShapeError);
  try {
    add({4});
    BOOST_ERROR("not refused");
  } catch (const ShapeError& error) {
    const std::string message = error.what();
    BOOST_TEST(message.find("[2, 3]") != std::string::npos, message);
    BOOST_TEST(message.find("[4]") != std::string::npos, message);
  }
}

BOOST_AUTO_TEST_CASE(values_of_different_tapes_are_refused) {
  Tape first(DType::float64);
  Tape second(DType::float64);
  const Var a = first.constant(1.0);
  const Var b = second.constant(1.0);
  BOOST_CHECK_THROW((void)Var(a + b), ValueError);
}

BOOST_AUTO_TEST_CASE(empty_operands_give_empty_results) {
  Tape tape(DType::float64);
  const Var a = tape.input(Tensor<double>({0, 3}));
  const Var b = tape.constant(test::normal({3}));
  const Var y = a * b + 1;
  BOOST_CHECK(y.shape() == (Shape{0, 3}));
}

// Expressions hold handles and numbers by value, so one can outlive everything it was built from.
BOOST_AUTO_TEST_CASE(expressions_outlive_what_they_were_built_from) {
  Tape tape(DType::float64);
  Parameter w("w");
  test::fill(w, {3, 3}, 2);
  const auto build = [&] {
    const Var x = tape.input(test::normal({2, 3}, 1));
    const double half = 0.5;
    auto inner = tanh(x + tape.constant(test::normal({3}, 3))) * half;
    return inner + sigmoid(matmul(x, w)) * inner;
  };
  const auto kept = build();
  const std::vector<double> noise(1000, 7.0);  // over the stack that build() used
  BOOST_TEST(noise[10] == 7.0);
  const Var late = kept;
  const Var again = build();
  test::check_close(late.to_doubles(), again.to_doubles(), 0);
}

BOOST_AUTO_TEST_CASE(parameters_are_operands) {
  Parameter scale("scale");
  test::fill(scale, {4}, 2);
  test::check_jacobian([&](Tape&, auto x) -> Var { return scale * x[0] + sigmoid(scale); }, {Shape{3, 4}}, {&scale});
  test::check_jacobian([&](Tape&, auto x) { return fuse([](auto p, auto v) { return p * v; }, scale, x[0]); },
                       {Shape{3, 4}}, {&scale});
}

BOOST_AUTO_TEST_CASE(one_assignment_is_one_record) {
  Tape tape(DType::float64);
  const Var a = tape.input(test::normal({2, 3}, 1));
  const Var b = tape.input(test::normal({2, 3}, 2));
  const auto records = tape.size();
  const Var y = tanh(a * b + sigmoid(a) * 0.3 - exp(b) / (1 + square(a)));
  BOOST_TEST(tape.size() == records + 1);
  BOOST_TEST(y.wants_gradient());
}

BOOST_AUTO_TEST_CASE(powers_have_their_slopes_at_zero_too) {
  Tape tape(DType::float64);
  const auto slope = [&](double exponent) {
    tape.reset();
    const Var x = tape.input(Tensor<double>({1}, {0}));
    tape.backward(sum(pow(x, exponent)));
    return x.gradient().to_doubles()[0];
  };
  BOOST_TEST(slope(0) == 0.0);
  BOOST_TEST(slope(1) == 1.0);
  BOOST_TEST(slope(2) == 0.0);
  BOOST_TEST(std::isinf(slope(0.5)));
}

// A choice before the logarithm keeps its slope, one after it does not.
BOOST_AUTO_TEST_CASE(where_chooses_the_argument_first) {
  Tape tape(DType::float64);
  const Var x = tape.input(Tensor<double>({3}, {0, -1, 2}));
  const Var inside = where(greater(x, 0.0), x, 1.0);
  tape.backward(sum(Var(log(inside))));
  BOOST_TEST(x.gradient().to_doubles() == (std::vector<double>{0, 0, 0.5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
