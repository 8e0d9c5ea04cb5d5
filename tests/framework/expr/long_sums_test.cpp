// Sums of ten million floats: gradients of what is repeated over many rows or columns or chosen often, and sums along
// one long row.
#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/gather.h>
#include <recur/framework/ops/layer_norm.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/row_kernels.h>
#include <recur/framework/ops/softmax.h>
#include <recur/framework/ops/take.h>
#include <recur/layers/dense.h>

using namespace recur;

namespace {

constexpr Index many = 10'000'000;
// Each piece of 128 floats adds an error of a few units of the last place, 1.2e-7; errors of pieces cancel.
constexpr double exact_enough = 1e-6;

Array tenths(const Shape& shape) {
  Array seed(shape, DType::float32);
  seed.fill(0.1);
  return seed;
}

const double total = static_cast<double>(0.1F) * static_cast<double>(many);

/// The gradient of an operand that f combines with a value of `shape`, where every element of the result has the
/// gradient 0.1.
template <class F>
std::vector<double> gradient_of(const Shape& operand, const Shape& shape, F f) {
  Tape tape;
  Array start(operand, DType::float32);
  const Var repeated = tape.input(start);
  tape.backward(f(tape.filled(shape, 1), repeated), tenths(shape));
  return repeated.gradient().to_doubles();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(long_sums)

BOOST_AUTO_TEST_CASE(a_repeated_operand) {
  const auto add = [](Var x, Var b) -> Var { return x + b; };
  const auto kept = [](Var x, Var b) -> Var {
    return x * exp(b);
  };  // the values of exp are recomputed, they are too many to keep
  for (const int count : {1, 2}) {
    const test::Threads threads(count);
    for (const double gradient : gradient_of({2}, {many, 2}, add))
      BOOST_TEST(gradient == total, boost::test_tools::tolerance(exact_enough));
    for (const double gradient : gradient_of({2}, {many, 2}, kept))
      BOOST_TEST(gradient == total, boost::test_tools::tolerance(exact_enough));
    for (const double gradient : gradient_of({2, 1}, {2, many}, add))
      BOOST_TEST(gradient == total, boost::test_tools::tolerance(exact_enough));
    BOOST_TEST(gradient_of({}, {many}, add)[0] == total, boost::test_tools::tolerance(exact_enough));
    BOOST_TEST(gradient_of({}, {many, 1}, kept)[0] == total, boost::test_tools::tolerance(exact_enough));
  }
}

BOOST_AUTO_TEST_CASE(a_bias_and_the_vectors_of_a_layer_normalization) {
  Dense dense(1);
  Builder builder(1, DType::float32, Generator(1));
  dense.build(builder);
  Tape tape;
  tape.backward(dense(tape.filled({many, 1}, 1)), tenths({many, 1}));
  BOOST_TEST(dense.bias.gradient.to_doubles()[0] == total, boost::test_tools::tolerance(exact_enough));
  // A register of a product takes in hundreds of rows, not 128.
  BOOST_TEST(dense.kernel.gradient.to_doubles()[0] == total, boost::test_tools::tolerance(5 * exact_enough));

  const auto norm = [](Var x, Var beta) { return layer_norm(x, Var(), beta, 1e-3); };
  BOOST_TEST(gradient_of({2}, {many, 2}, norm)[1] == total, boost::test_tools::tolerance(exact_enough));
}

BOOST_AUTO_TEST_CASE(a_row_of_a_table_that_is_chosen_often) {
  // Row 0 once, row 2 never, row 1 all other times.
  std::vector<std::int32_t> ids(static_cast<std::size_t>(many), 1);
  ids[7] = 0;
  const std::vector<Index> rows(ids.begin(), ids.end());
  const auto chosen = [&](auto choose) { return gradient_of({3, 1}, {many, 1}, choose); };
  for (const auto& gradient :
       {chosen([&](Var, Var table) { return gather(table, ids, {many}); }), chosen([&](Var, Var table) {
          return take_rows(table, rows, {many, 1});
        })}) {
    BOOST_TEST(gradient[0] == static_cast<double>(0.1F));
    BOOST_TEST(gradient[1] == total, boost::test_tools::tolerance(exact_enough));
    BOOST_TEST(gradient[2] == 0);
  }
}

BOOST_AUTO_TEST_CASE(one_long_row) {
  const auto close = boost::test_tools::tolerance(exact_enough);
  const std::vector<float> tenth(static_cast<std::size_t>(many), 0.1F);
  const std::vector<float> one(static_cast<std::size_t>(many), 1);
  for (const auto* kernels : {&detail::row_kernels<float>(), detail::portable_row_kernels<float>()}) {
    BOOST_TEST(static_cast<double>(kernels->sum(tenth.data(), many)) == total, close);
    BOOST_TEST(static_cast<double>(kernels->dot(tenth.data(), one.data(), many)) == total, close);
    BOOST_TEST(static_cast<double>(kernels->squared_deviation(tenth.data(), 1.1F, many)) ==
                   static_cast<double>(many) * std::pow(static_cast<double>(0.1F - 1.1F), 2),
               close);
    const auto sums = kernels->normalize_sums({tenth.data(), -0.9F, 1, nullptr}, tenth.data(), nullptr, nullptr, many);
    BOOST_TEST(static_cast<double>(sums.g) == total, close);
    BOOST_TEST(static_cast<double>(sums.gn) == total, close);
    // ln Σ eˣ of equal numbers is their value and ln n.
    BOOST_TEST(
        static_cast<double>(kernels->log_sum_exp(tenth.data(), many)) == 0.1 + std::log(static_cast<double>(many)),
        close);
  }
  Tape tape;
  const Var all = sum(softmax(tape.filled({1, many}, 0.1)));
  BOOST_TEST(all.to_doubles()[0] == 1, close);
}

// Pieces of rows and of columns, neither of which divides the whole, against numbers of double.
BOOST_AUTO_TEST_CASE(pieces_cover_every_element_once) {
  const auto gradients = [](DType dtype, const Shape& operand, const Shape& shape) {
    Tape tape(dtype);
    const Var b = tape.input(test::normal(operand, 2));
    const Var x = tape.constant(test::normal(shape, 3));
    const Var y = b * x + exp(b);
    Array seed(shape, dtype);
    seed.assign(test::normal(shape, 4).values());
    tape.backward(y, seed);
    return b.gradient().to_doubles();
  };
  for (const Shape& shape : {Shape{1000, 7}, Shape{3, 5001}, Shape{300, 4099}})
    for (const Shape& operand : {Shape{}, Shape{shape[1]}, Shape{shape[0], 1}}) {
      const auto expected = gradients(DType::float64, operand, shape);
      const auto found = gradients(DType::float32, operand, shape);
      for (std::size_t i = 0; i < expected.size(); ++i) BOOST_TEST(std::abs(found[i] - expected[i]) < 1e-3);
    }
}

BOOST_AUTO_TEST_SUITE_END()
