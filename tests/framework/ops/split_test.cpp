#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/ops/transpose.h>

#include <limits>
#include <numeric>

using namespace recur;

namespace {

/// The position in row-major order of an element of `shape`.
std::vector<Index> position(const Shape& shape, Index flat) {
  std::vector<Index> at(static_cast<std::size_t>(shape.rank()));
  for (int axis = shape.rank(); axis-- > 0; flat /= shape[axis])
    at[static_cast<std::size_t>(axis)] = flat % shape[axis];
  return at;
}
Index flat_of(const Shape& shape, const std::vector<Index>& at) {
  Index flat = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) flat = flat * shape[axis] + at[static_cast<std::size_t>(axis)];
  return flat;
}

/// What an operation that only moves numbers makes of 0, 1, 2, …, computed by an index rule for each element of the
/// result.
template <class From>
void check_moves(Var y, const Shape& shape, const Shape& source, From from) {
  BOOST_TEST_REQUIRE(to_string(y.shape()) == to_string(shape));
  std::vector<double> expected;
  for (Index i = 0; i < shape.count(); ++i)
    expected.push_back(static_cast<double>(flat_of(source, from(position(shape, i)))));
  test::check_close(y.to_doubles(), expected, 0);
}

/// A view with gaps, of columns [1, 1 + count).
Var strided(Var x, Index count) { return slice(x, -1, 1, count); }

}  // namespace

BOOST_AUTO_TEST_SUITE(split_suite)

BOOST_AUTO_TEST_CASE(slices_of_every_axis) {
  const Shape source{4, 3, 5, 6};
  for (int axis = 0; axis < 4; ++axis) {
    Tape tape(DType::float64);
    const Var x = tape.constant(test::counting(source));
    check_moves(slice(x, axis, 1, 2), source.with(axis, 2), source, [&](std::vector<Index> at) {
      at[static_cast<std::size_t>(axis)] += 1;
      return at;
    });
    check_moves(slice(x, axis - 4, 1, 2), source.with(axis, 2), source, [&](std::vector<Index> at) {
      at[static_cast<std::size_t>(axis)] += 1;
      return at;
    });
    test::check_gradient([&](Tape&, auto in) -> Var { return tanh(slice(in[0], axis, 1, 2)); }, {source}, {},
                         "axis " + std::to_string(axis));
    test::check_gradient([&](Tape&, auto in) -> Var { return tanh(slice(strided(in[0], 4), axis, 1, 2)); }, {source},
                         {}, "of a view, axis " + std::to_string(axis));
  }
}

BOOST_AUTO_TEST_CASE(first_and_last_axis_share_memory) {
  Tape tape(DType::float64);
  const Var x = tape.input(test::counting({4, 3, 6}));
  const auto records = tape.size();
  const auto first = slice(x, 0, 2, 2);
  const auto last = split<3>(x);
  BOOST_TEST(tape.size() == records);
  BOOST_TEST(first.value<double>().data == x.value<double>().data + 36);
  BOOST_TEST(last[1].value<double>().data == x.value<double>().data + 2);
  BOOST_TEST(last[1].value<double>().stride == 6);
}

BOOST_AUTO_TEST_CASE(parts_are_equal) {
  for (const int axis : {0, 1, 2, -1, -2}) {
    Tape tape(DType::float64);
    const Var x = tape.constant(test::counting({2, 4, 6}));
    const auto parts = split<2>(x, axis);
    test::check_close(concat(parts, axis).to_doubles(), x.to_doubles(), 0);
  }
  test::check_gradient(
      [](Tape&, auto x) -> Var {
        const auto [a, b, c] = split<3>(x[0]);
        return a * tanh(b) + square(c);
      },
      {Shape{2, 3, 6}});
}

BOOST_AUTO_TEST_CASE(split_and_slice_refuse) {
  Tape tape(DType::float64);
  const Var x = tape.constant(test::counting({2, 6}));
  BOOST_CHECK_THROW((void)split<4>(x), ShapeError);
  BOOST_CHECK_THROW((void)split<2>(x, 2), ShapeError);
  BOOST_CHECK_THROW((void)slice(x, 0, 1, 2), ShapeError);
  BOOST_CHECK_THROW((void)slice(x, 1, -1, 2), ShapeError);
  const Index huge = std::numeric_limits<Index>::max();
  BOOST_CHECK_THROW((void)slice(x, 1, huge, 1), ShapeError);
  BOOST_CHECK_THROW((void)slice(x, 1, 1, huge), ShapeError);
  BOOST_CHECK_THROW((void)slice(tape.constant(1.0), 0, 0, 1), ShapeError);
}

BOOST_AUTO_TEST_CASE(concat_every_axis) {
  const std::vector<std::pair<Shape, Shape>> cases = {
      {{2, 3, 4}, {5, 3, 4}}, {{2, 3, 4}, {2, 1, 4}}, {{2, 3, 4}, {2, 3, 7}}, {{3}, {4}}};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto& [a, b] = cases[i];
    const int axis = i == 3 ? 0 : static_cast<int>(i);
    Tape tape(DType::float64);
    const Var x = tape.constant(test::counting(a));
    const Var y = tape.constant(test::normal(b));
    const Var both = concat({x, y}, axis);
    test::check_close(slice(both, axis, 0, a[axis]).to_doubles(), x.to_doubles(), 0);
    test::check_close(slice(both, axis, a[axis], b[axis]).to_doubles(), y.to_doubles(), 0);
    test::check_jacobian(
        [&](Tape&, auto in) -> Var {
          return concat({in[0], in[1], in[0]}, axis - in[0].shape().rank());
        },
        {a, b});
  }
  test::check_jacobian(
      [](Tape&, auto x) -> Var {
        return concat({strided(x[0], 2), x[1], strided(x[0], 3)}, -1);
      },
      {Shape{2, 5}, Shape{2, 3}});
  test::check_jacobian(
      [](Tape& tape, auto x) -> Var {
        return concat({tape.detach(x[1]), x[0]}, 0) * 2;
      },
      {Shape{2, 3}, Tensor<double>(Shape{0, 3})});
}

BOOST_AUTO_TEST_CASE(stack_every_axis) {
  const Shape part{2, 3, 4};
  for (int axis = -4; axis < 4; ++axis) {
    Tape tape(DType::float64);
    const Var all = tape.constant(test::counting({5, 2, 3, 4}));
    std::vector<Var> parts;
    for (Index t = 0; t < 5; ++t) parts.push_back(reshape(slice(all, 0, t, 1), part));
    const Var y = stack(parts, axis);
    const Shape shape = part.inserted(axis, 5);
    const auto at_axis = static_cast<std::size_t>(shape.normalize(axis));
    check_moves(y, shape, all.shape(), [&](std::vector<Index> at) {
      const Index t = at[at_axis];
      at.erase(at.begin() + static_cast<std::ptrdiff_t>(at_axis));
      at.insert(at.begin(), t);
      return at;
    });
    test::check_gradient(
        [&](Tape&, auto x) -> Var {
          return tanh(stack({x[0], strided(x[1], 4), x[0]}, axis));
        },
        {part, Shape{2, 3, 6}}, {}, "axis " + std::to_string(axis));
  }
  Tape tape(DType::float64);
  const Var scalar = tape.constant(3.0);
  BOOST_CHECK(stack({scalar, scalar}).shape() == Shape{2});
}

BOOST_AUTO_TEST_CASE(stacking_steps_is_one_record) {
  Tape tape(DType::float64);
  std::vector<Var> steps;
  for (std::uint64_t t = 0; t < 10; ++t) steps.push_back(tape.input(test::normal({3, 4}, t)));
  const auto records = tape.size();
  const Var y = stack(steps);
  BOOST_TEST(tape.size() == records + 1);
  BOOST_CHECK(y.shape() == (Shape{10, 3, 4}));
}

BOOST_AUTO_TEST_CASE(concat_and_stack_refuse) {
  Tape tape(DType::float64);
  const Var x = tape.constant(test::counting({2, 3}));
  const Var y = tape.constant(test::counting({3, 3}));
  BOOST_CHECK_THROW((void)concat({x, y}, 1), ShapeError);
  BOOST_CHECK_THROW((void)concat({x, tape.constant(test::counting({3}))}, 0), ShapeError);
  BOOST_CHECK_THROW((void)concat({x, x}, 2), ShapeError);
  BOOST_CHECK_THROW((void)concat(std::span<const Var>(), 0), ValueError);
  BOOST_CHECK_THROW((void)stack({x, y}), ShapeError);
  BOOST_CHECK_THROW((void)stack({x, x}, 3), ShapeError);
  BOOST_CHECK_THROW((void)stack(std::span<const Var>()), ValueError);
}

BOOST_AUTO_TEST_CASE(reshape_keeps_the_order) {
  Tape tape(DType::float64);
  const Var x = tape.input(test::counting({4, 6}));
  const auto records = tape.size();
  const Var y = reshape(x, {2, 2, 3, 2});
  BOOST_TEST(tape.size() == records);
  test::check_close(y.to_doubles(), x.to_doubles(), 0);
  const Var gaps = strided(x, 4);
  test::check_close(reshape(gaps, {2, 2, 4}).to_doubles(), gaps.to_doubles(), 0);
  BOOST_TEST(tape.size() == records);
  test::check_close(reshape(gaps, {16}).to_doubles(), gaps.to_doubles(), 0);
  BOOST_TEST(tape.size() == records + 1);
  BOOST_CHECK_THROW((void)reshape(x, {5, 5}), ShapeError);
  for (const Shape& shape : {Shape{16}, Shape{2, 2, 4}, Shape{2, 8}, Shape{16, 1}})
    test::check_jacobian([&](Tape&, auto in) -> Var { return tanh(reshape(strided(in[0], 4), shape)); }, {Shape{4, 6}});
  test::check_jacobian(
      [&](Tape&, auto in) -> Var {
        return tanh(reshape(in[0], Shape{3, 8})) * reshape(in[0], Shape{3, 8});
      },
      {Shape{4, 6}});
}

BOOST_AUTO_TEST_CASE(transpose_every_pair_of_axes) {
  const Shape source{2, 3, 4, 5};
  for (int a = 0; a < 4; ++a)
    for (int b = 0; b < 4; ++b) {
      Tape tape(DType::float64);
      check_moves(transpose(tape.constant(test::counting(source)), a, b), source.with(a, source[b]).with(b, source[a]),
                  source, [&](std::vector<Index> at) {
                    std::swap(at[static_cast<std::size_t>(a)], at[static_cast<std::size_t>(b)]);
                    return at;
                  });
      test::check_gradient([&](Tape&, auto x) -> Var { return tanh(transpose(strided(x[0], 3), a, b - 4)) * 2; },
                           {source}, {}, std::to_string(a) + " and " + std::to_string(b));
    }
  test::check_jacobian([](Tape&, auto x) { return transpose(x[0]); }, {Shape{17, 3}});
  Tape tape(DType::float64);
  BOOST_CHECK_THROW((void)transpose(tape.constant(test::counting({2, 3, 4}))), ShapeError);
  BOOST_CHECK_THROW((void)transpose(tape.constant(test::counting({2, 3, 4})), 0, 3), ShapeError);
}

BOOST_AUTO_TEST_CASE(reverse_every_axis) {
  const Shape source{2, 3, 4};
  for (int axis = 0; axis < 3; ++axis) {
    Tape tape(DType::float64);
    check_moves(reverse(tape.constant(test::counting(source)), axis), source, source, [&](std::vector<Index> at) {
      Index& i = at[static_cast<std::size_t>(axis)];
      i = source[axis] - 1 - i;
      return at;
    });
    test::check_gradient([&](Tape&, auto x) -> Var { return reverse(strided(x[0], 3), axis) * strided(x[0], 3); },
                         {source}, {}, "axis " + std::to_string(axis));
  }
}

BOOST_AUTO_TEST_SUITE_END()
