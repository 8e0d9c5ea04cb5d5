#include "support.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>

#include <optional>
#include <thread>

using namespace recur;

BOOST_AUTO_TEST_SUITE(tape)

BOOST_AUTO_TEST_CASE(constants_are_copied_and_converted) {
  Tape tape(DType::float32);
  const Tensor<double> values({2}, {0.5, 1.0 / 3});
  const Var x = tape.constant(values);
  BOOST_CHECK(x.dtype() == DType::float32);
  BOOST_TEST(x.value<float>()(0, 1) == 1.0F / 3);
  BOOST_TEST(!x.wants_gradient());
  BOOST_TEST(tape.constant(2.5).item() == 2.5);
  BOOST_TEST(tape.filled({3}, 4).to_doubles()[2] == 4.0);
  BOOST_CHECK_THROW((void)x.item(), ShapeError);
  BOOST_CHECK_THROW((void)tape.constant(Shape{3}, values.values()), ShapeError);
}

BOOST_AUTO_TEST_CASE(gradients_of_inputs) {
  Tape tape(DType::float64);
  const Var x = tape.input(Tensor<double>({2}, {3, 4}));
  const Var unused = tape.input(Tensor<double>({2}, {1, 1}));
  const Var y = sum(Var(x * x));
  BOOST_TEST(y.item() == 25.0);
  tape.backward(y);
  BOOST_TEST(x.gradient().to_doubles() == (std::vector<double>{6, 8}), boost::test_tools::per_element());
  BOOST_TEST(unused.gradient().to_doubles() == (std::vector<double>{0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(backward_refuses) {
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({2}));
  const Var y = x * 2;
  BOOST_CHECK_THROW(tape.backward(y), ShapeError);
  BOOST_CHECK_THROW(tape.backward(tape.constant(1.0)), StateError);
  BOOST_CHECK_THROW(tape.backward(y, Array(Shape{3}, DType::float64)), ShapeError);
  BOOST_CHECK_THROW((void)y.gradient(), StateError);
}

BOOST_AUTO_TEST_CASE(parameters) {
  Tape tape(DType::float64);
  Parameter p("p");
  BOOST_CHECK_THROW((void)tape.leaf(p), StateError);
  p.create({2}, DType::float32);
  BOOST_CHECK_THROW((void)tape.leaf(p), StateError);
  p.create({2}, DType::float64);
  p.edit().fill(3);
  const Var leaf = tape.leaf(p);
  BOOST_TEST(leaf.node() == tape.leaf(p).node());
  tape.backward(sum(Var(leaf * leaf)));
  BOOST_TEST(p.gradient.to_doubles()[1] == 6.0);
  tape.reset();
  tape.backward(sum(tape.leaf(p)));
  BOOST_TEST(p.gradient.to_doubles()[1] == 7.0);  // added to until zero_gradient
}

BOOST_AUTO_TEST_CASE(gradients_accumulate_over_backward_passes) {
  Tape tape(DType::float64);
  Parameter w("w");
  test::fill(w, {3, 2}, 1);
  const Var x = tape.input(test::normal({4, 3}));
  const Var h = tanh(matmul(x, w));
  const Var y = sum(Var(h * h));
  tape.backward(y);
  const auto once = x.gradient().to_doubles();
  const auto weights_once = w.gradient.to_doubles();
  tape.backward(y);
  tape.backward(y);
  auto expected = once;
  auto weights = weights_once;
  for (double& v : expected) v *= 3;
  for (double& v : weights) v *= 3;
  test::check_close(x.gradient().to_doubles(), expected);
  test::check_close(w.gradient.to_doubles(), weights);
}

BOOST_AUTO_TEST_CASE(detach_stops_gradients) {
  Tape tape(DType::float64);
  const Var x = tape.input(Tensor<double>({2}, {3, 4}));
  const Var y = x * x;
  const Var cut = tape.detach(y);
  BOOST_TEST(!cut.wants_gradient());
  tape.backward(sum(Var(cut * x)));
  BOOST_TEST(x.gradient().to_doubles() == (std::vector<double>{9, 16}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nothing_is_recorded_without_gradients) {
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({2, 2}));
  const auto records = tape.size();
  {
    const NoGradient guard(tape);
    BOOST_TEST(!tape.training());
    const Var y = tanh(x) * 2;
    const Var z = matmul(y, x);
    BOOST_TEST(!z.wants_gradient());
    BOOST_TEST(tape.size() == records);
    BOOST_CHECK_THROW(tape.backward(sum(z)), StateError);
  }
  BOOST_TEST(tape.training());
  const Var y = tanh(x);
  BOOST_TEST(y.wants_gradient());
  const Var constant = tanh(tape.zeros({2}));
  BOOST_TEST(!constant.wants_gradient());
  BOOST_TEST(tape.size() == records + 1);
}

// A value used twice at every step: 2^200 paths, but one record, one visit and two buffers a step.
BOOST_AUTO_TEST_CASE(recurrences_are_linear) {
  Tape tape(DType::float64);
  int visits = 0;
  const auto run = [&](int steps) {
    tape.reset();
    visits = 0;
    const Var x = tape.input(Tensor<double>({64, 64}, std::vector<double>(4096, 0.25)));
    const auto records = tape.size();
    Var h = x;
    for (int t = 0; t < steps; ++t) h = fuse([](auto a, auto b) { return 0.5 * a + 0.5 * tanh(b); }, h, h);
    BOOST_TEST(tape.size() == records + static_cast<std::size_t>(steps));
    tape.backward(sum(h), [&](const detail::Record&) { ++visits; });
    BOOST_TEST(std::isfinite(x.gradient().to_doubles()[0]));
    const Tape::Mark end = tape.mark();
    return end.values.total + end.nodes.total;
  };
  const std::size_t short_run = run(200);
  const int short_visits = visits;
  const std::size_t long_run = run(400);
  BOOST_TEST(visits == short_visits + 200);
  // The value and the tanh that the adjoint needs, each with the gap between large buffers, the node and the closure.
  constexpr std::size_t buffer = 4096 * sizeof(double);
  constexpr std::size_t small = 2048;
  BOOST_TEST(long_run - short_run >= 200 * buffer);
  BOOST_TEST(long_run - short_run <= 200 * (2 * buffer + small));
  // The input, gradients of a few values at a time.
  BOOST_TEST(short_run <= 200 * (2 * buffer + small) + 8 * buffer);
  // A block of the arena is at most as large as all blocks before it.
  BOOST_TEST(tape.memory() <= 2 * long_run + (std::size_t{4} << 20));
}

BOOST_AUTO_TEST_CASE(the_gradients_of_a_recurrence_share_memory) {
  Tape tape(DType::float64);
  const Var x = tape.input(Tensor<double>({64, 64}));
  Var h = x;
  for (int t = 0; t < 500; ++t) h = tanh(h);
  const std::size_t before = tape.memory();  // 500 values of 32 KiB
  tape.backward(sum(h));
  BOOST_TEST(tape.memory() <= before + (std::size_t{4} << 20));
}

BOOST_AUTO_TEST_CASE(two_tapes_in_two_threads) {
  struct Model {
    Parameter w{"w"};
    std::vector<double> gradient;
    void run(std::uint64_t seed) {
      test::fill(w, {16, 16}, seed);
      Tape tape(DType::float32);
      Parameter single("w");
      test::fill(single, {16, 16}, seed, DType::float32);
      for (int repeat = 0; repeat < 20; ++repeat) {
        tape.reset();
        single.zero_gradient();
        Var h = tape.constant(test::normal({8, 16}, seed));
        for (int t = 0; t < 10; ++t) h = tanh(matmul(h, single));
        tape.backward(sum(h));
      }
      gradient = single.gradient.to_doubles();
    }
  };
  std::array<Model, 2> one_after_another;
  std::array<Model, 2> together;
  for (std::uint64_t i = 0; i < 2; ++i) one_after_another[i].run(i + 1);
  std::thread first([&] { together[0].run(1); });
  std::thread second([&] { together[1].run(2); });
  first.join();
  second.join();
  for (std::size_t i = 0; i < 2; ++i) test::check_close(together[i].gradient, one_after_another[i].gradient, 0);
}

BOOST_AUTO_TEST_CASE(values_copied_out_outlive_the_tape) {
  Array value;
  Array gradient;
  {
    Tape tape(DType::float64);
    const Var x = tape.input(test::counting({2, 2}));
    tape.backward(sum(Var(x * 3)));
    value = x.to_array();
    gradient = x.gradient();
    tape.reset();
    (void)tape.filled({2, 2}, 99);
  }
  BOOST_TEST(value.to_doubles()[3] == 3.0);
  BOOST_TEST(gradient.to_doubles()[3] == 3.0);
}

BOOST_AUTO_TEST_CASE(rewinding_keeps_memory_constant) {
  Tape tape(DType::float64);
  Parameter w("w");
  test::fill(w, {64, 64}, 1);
  const NoGradient guard(tape);
  Tensor<double> state = test::normal({32, 64});
  const Var fixed = tape.constant(test::normal({32, 64}, 2));
  const Tape::Mark mark = tape.mark();
  std::size_t memory = 0;
  for (int t = 0; t < 300; ++t) {
    const Var h = tape.constant(state);
    const Var next = tanh(matmul(h, w) + fixed);
    state = Tensor<double>({32, 64}, next.to_doubles());
    tape.rewind(mark);
    if (t == 0) memory = tape.memory();
  }
  BOOST_TEST(tape.memory() == memory);
  test::check_close(
      fixed.to_doubles(),
      [] {
        const auto t = test::normal({32, 64}, 2);
        return std::vector<double>(t.values().begin(), t.values().end());
      }(),
      0);
}

// What is older than the mark must not keep pointing to what was forgotten.
BOOST_AUTO_TEST_CASE(rewinding_forgets_gradients_and_parameters) {
  Tape tape(DType::float64);
  Parameter w("w");
  test::fill(w, {4, 4}, 1);
  const Var x = tape.input(test::normal({3, 4}));
  const Tape::Mark mark = tape.mark();
  std::vector<double> expected;
  for (int i = 0; i < 3; ++i) {
    w.zero_gradient();
    const Var y = tanh(matmul(x, w));
    tape.backward(sum(y));
    if (i == 0) expected = x.gradient().to_doubles();
    test::check_close(x.gradient().to_doubles(), expected, 0);
    tape.rewind(mark);
    BOOST_TEST(tape.size() == 0U);
    const auto forgotten = x.gradient().to_doubles();
    BOOST_TEST(forgotten == std::vector<double>(12, 0.0), boost::test_tools::per_element());
    (void)tape.filled({3, 4}, 1e6);  // over the memory given up
    tape.rewind(mark);
  }
}

BOOST_AUTO_TEST_CASE(a_pass_given_up_half_way_leaves_no_trace) {
  Tape tape(DType::float64);
  Parameter w("w");
  test::fill(w, {4, 4}, 1);
  {
    const Var x = tape.input(test::normal({3, 4}));
    const Var y = matmul(x, w);
    const Var bomb = tape.output(y.shape(), true);
    std::copy_n(y.value<double>().data, 12, bomb.mutable_value<double>().data);
    tape.on_backward(bomb, [y] {
      (void)y.add_gradient<double>();
      throw StateError("bomb");
    });
    BOOST_CHECK_THROW(tape.backward(sum(bomb)), StateError);
  }
  tape.reset();
  w.zero_gradient();
  const Var x = tape.input(test::normal({3, 4}));
  tape.backward(sum(Var(matmul(x, w))));
  auto sums = std::vector<double>(16);
  const auto values = x.to_doubles();
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t r = 0; r < 3; ++r) sums[i] += values[r * 4 + i / 4];
  test::check_close(w.gradient.to_doubles(), sums);
}

BOOST_AUTO_TEST_CASE(borrowed_numbers_are_not_copied) {
  Tensor<double> numbers = test::counting({2, 3});
  Tape tape(DType::float64);
  const Var x = tape.borrow(numbers);
  BOOST_TEST(x.value<double>().data == numbers.data());
  BOOST_TEST(!x.wants_gradient());
  Tape other(DType::float32);
  BOOST_CHECK_THROW(static_cast<void>(other.borrow(numbers)), StateError);
}

BOOST_AUTO_TEST_CASE(another_parameter_in_the_place_of_one_is_not_taken_for_it) {
  Tape tape(DType::float64);
  std::optional<Parameter> w;  // always at the same address
  for (const std::uint64_t seed : {1U, 2U}) {
    w.emplace("w");
    test::fill(*w, {5, 3}, seed);
    const auto product = [&](Tape& on) -> Var {
      const Var x = on.input(test::normal({4, 5}, 3));
      const Var y = matmul(x, *w);
      on.backward(sum(y));
      return concat(
          {reshape(y, {1, 12}), on.constant(Shape{1, 20}, std::span<const double>(x.gradient().to_doubles()))}, 1);
    };
    Tape fresh(DType::float64);
    test::check_close(product(tape).to_doubles(), product(fresh).to_doubles());
    tape.reset();
  }
}

BOOST_AUTO_TEST_CASE(a_value_on_the_tape_is_not_taken_for_a_parameter_in_its_place) {
  Tape tape(DType::float64);
  std::optional<Parameter> w;
  for (const Index columns : {3, 4}) {
    w.emplace("w");
    test::fill(*w, {2, columns}, 1);
    BOOST_TEST((tape.leaf(*w).shape() == w->shape()));
  }
  // Moved to in the middle of a pass: the memory is another one.
  const Var before = tape.leaf(*w);
  Parameter other("w");
  test::fill(other, {2, 4}, 2);
  *w = std::move(other);
  const Var after = tape.leaf(*w);
  BOOST_TEST(before.node() != after.node());
  BOOST_TEST(after.value<double>().data == w->value().as<double>().data());
  tape.backward(sum(Var(after * after)));
  std::vector<double> expected = w->value().to_doubles();
  for (double& x : expected) x *= 2;
  test::check_close(w->gradient.to_doubles(), expected);
  BOOST_TEST(tape.leaf(*w).node() == after.node());
}

BOOST_AUTO_TEST_SUITE_END()
