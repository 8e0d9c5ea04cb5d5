#include "support.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/recurrence/hoisted_product.h>

#include <algorithm>
#include <numeric>

using namespace recur;

namespace {

/// A recurrence whose steps come from `step_of`: hoisted when that is `sequence_step`.
struct Recurrence {
  Parameter kernel{"kernel"};
  Parameter recurrent{"recurrent"};
  Parameter bias{"bias"};
  static constexpr Index time = 6;
  static constexpr Index batch = 3;
  static constexpr Index features = 4;
  static constexpr Index units = 5;

  Recurrence() {
    test::fill(kernel, {features, units}, 1);
    test::fill(recurrent, {units, units}, 2);
    test::fill(bias, {units}, 3);
  }
  std::vector<Parameter*> parameters() { return {&kernel, &recurrent, &bias}; }

  /// Visits the steps in `order`; all outputs, one after another.
  Var run(Var x, std::span<const Index> order, bool hoisted) {
    Var h = x.tape().zeros({batch, units});
    std::vector<Var> outputs;
    for (const Index t : order) {
      const Var step = hoisted ? sequence_step(x, t * batch, batch) : reshape_step(x, t);
      h = tanh(matmul(step, kernel) + matmul(h, recurrent) + bias);
      outputs.push_back(h);
    }
    return concat(outputs, 0);
  }
  static Var reshape_step(Var x, Index t) {
    return x.tape().view(x, t * batch * features, {batch, features}, features);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hoisted_product)

BOOST_AUTO_TEST_CASE(hoisting_changes_nothing) {
  const std::vector<std::vector<Index>> orders = {
      {0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {0, 2, 3, 5}, {0, 0, 1, 2, 2, 5, 4, 3, 1}, {3}};
  for (const auto& order : orders) {
    Recurrence r;
    const Tensor<double> x = test::normal({Recurrence::time, Recurrence::batch, Recurrence::features}, 9);
    std::vector<std::vector<double>> values;
    std::vector<std::vector<double>> gradients;
    for (const bool hoisted : {false, true}) {
      for (Parameter* p : r.parameters()) p->zero_gradient();
      Tape tape(DType::float64);
      const Var in = tape.input(x);
      const Var y = r.run(in, order, hoisted);
      values.push_back(y.to_doubles());
      tape.backward(y, Array(test::normal(y.shape(), 11)));
      gradients.push_back(in.gradient().to_doubles());
      for (Parameter* p : r.parameters()) gradients.push_back(p->gradient.to_doubles());
    }
    test::check_close(values[1], values[0]);
    for (std::size_t i = 0; i < 4; ++i) test::check_close(gradients[4 + i], gradients[i]);
    test::check_gradient([&](Tape&, auto in) { return r.run(in[0], order, true); }, {x}, r.parameters(), "hoisted");
  }
}

BOOST_AUTO_TEST_CASE(hoisting_saves_records_and_keeps_the_count_linear) {
  Recurrence r;
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({Recurrence::time, Recurrence::batch, Recurrence::features}));
  std::vector<Index> order(Recurrence::time);
  std::iota(order.begin(), order.end(), Index{0});
  (void)r.run(x, order, true);
  // 3 leaves, the one block of the sequence's product, a sum and a tanh each step, 1 concat
  BOOST_TEST(tape.size() == 3U + 1U + 2U * Recurrence::time + 1U);
}

// Long enough for several blocks of the product.
BOOST_AUTO_TEST_CASE(hoisting_in_blocks_changes_nothing) {
  constexpr Index units = 512;
  constexpr Index step = 5;
  constexpr Index steps = 61;
  Parameter w("w");
  Parameter bias("bias");
  test::fill(w, {3, units}, 1);
  test::fill(bias, {units}, 2);
  const Tensor<double> x = test::normal({steps * step, 3}, 9);
  std::vector<Index> order(steps);
  std::iota(order.begin(), order.end(), Index{0});
  const auto run = [&](const std::vector<Index>& visited, bool hoisted) {
    for (Parameter* p : {&w, &bias}) p->zero_gradient();
    Tape tape(DType::float64);
    const Var in = tape.input(x);
    std::vector<Var> outputs;
    for (const Index t : visited) {
      const Var rows = hoisted ? sequence_step(in, t * step, step) : slice(in, 0, t * step, step);
      const Var z = matmul(rows, w) + bias;
      outputs.push_back(tanh(z));
    }
    const Var y = concat(outputs, 0);
    tape.backward(y, Array(test::normal(y.shape(), 11)));
    return std::vector{y.to_doubles(), in.gradient().to_doubles(), w.gradient.to_doubles(), bias.gradient.to_doubles()};
  };
  const std::vector<Index> backwards(order.rbegin(), order.rend());
  for (const auto& visited : {order, backwards, {60, 0, 30, 31, 1}, {7}}) {
    const auto expected = run(visited, false);
    const auto found = run(visited, true);
    for (std::size_t i = 0; i < expected.size(); ++i) test::check_close(found[i], expected[i]);
  }
}

// Steps of a ragged sequence, each shorter than the one before: blocks end where steps do.
BOOST_AUTO_TEST_CASE(steps_that_were_told) {
  constexpr Index units = 512;
  Parameter w("w");
  test::fill(w, {3, units}, 1);
  std::vector<Index> first{0};
  for (Index rows = 45; rows >= 30; --rows) first.push_back(first.back() + rows);
  const Tensor<double> x = test::normal({first.back(), 3}, 9);
  const auto run = [&](bool told) {
    w.zero_gradient();
    Tape tape(DType::float64);
    const Var in = tape.input(x);
    if (told) sequence_steps(in, first);
    const auto records = tape.size();
    std::vector<Var> outputs;
    for (std::size_t t = 0; t + 1 < first.size(); ++t) {
      const Index rows = first[t + 1] - first[t];
      outputs.push_back(matmul(told ? sequence_step(in, first[t], rows) : slice(in, 0, first[t], rows), w));
    }
    // 128 rows a block: the leaf and a product for three or four steps, or for each.
    const std::size_t products = tape.size() - records - 1;
    BOOST_TEST(products == (told ? 6U : first.size() - 1));
    const Var y = concat(outputs, 0);
    tape.backward(y, Array(test::normal(y.shape(), 11)));
    return std::vector{y.to_doubles(), in.gradient().to_doubles(), w.gradient.to_doubles()};
  };
  const auto expected = run(false);
  const auto found = run(true);
  for (std::size_t i = 0; i < expected.size(); ++i) test::check_close(found[i], expected[i]);
}

BOOST_AUTO_TEST_CASE(gradients_of_blocks_take_turns_in_memory) {
  constexpr Index rows = 4096;
  constexpr Index units = 512;
  Parameter w("w");
  test::fill(w, {3, units}, 1);
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({rows, 3}, 9));
  Var total = tape.constant(0.0);
  for (Index row = 0; row < rows; row += 32) {
    const Var z = matmul(sequence_step(x, row, 32), w);
    total = total + sum(z);
  }
  const std::size_t before = tape.memory();
  tape.backward(total);
  const std::size_t whole = rows * units * sizeof(double);
  BOOST_TEST(before > whole);
  BOOST_TEST(tape.memory() - before < whole / 4);
}

BOOST_AUTO_TEST_CASE(steps_that_cannot_be_are_refused) {
  Tape tape;
  const Var x = tape.zeros({6, 4});
  const auto tell = [&](std::vector<Index> first_rows) { sequence_steps(x, first_rows); };
  BOOST_CHECK_THROW(tell({}), ShapeError);
  BOOST_CHECK_THROW(tell({-1, 3}), ShapeError);
  BOOST_CHECK_THROW(tell({0, 4, 3}), ShapeError);
  BOOST_CHECK_THROW(tell({0, 7}), ShapeError);
  tell({0});
  tell({0, 2, 2, 6});
}

BOOST_AUTO_TEST_CASE(steps_that_overlap) {
  Parameter w("w");
  test::fill(w, {4, 5}, 1);
  const auto f = [&](Tape&, auto x) -> Var {
    const Var first = matmul(sequence_step(x[0], 0, 4), w) + x[1];
    const Var second = matmul(sequence_step(x[0], 2, 4), w) + x[1];
    return first * second;
  };
  test::check_jacobian(f, {Shape{6, 4}, Shape{4, 5}}, {&w});
}

BOOST_AUTO_TEST_CASE(steps_of_different_sizes) {
  Parameter w("w");
  Parameter bias("bias");
  test::fill(w, {4, 5}, 1);
  test::fill(bias, {5}, 2);
  const auto f = [&](Tape&, auto x) -> Var {
    const Var a = tanh(matmul(sequence_step(x[0], 0, 3), w) + bias);
    const Var b = tanh(matmul(sequence_step(x[0], 3, 2), w) + bias);
    const Var c = tanh(matmul(sequence_step(x[0], 5, 1), w) + bias);
    return concat({a, b, c}, 0);
  };
  test::check_jacobian(f, {Shape{6, 4}}, {&w, &bias});
}

BOOST_AUTO_TEST_CASE(two_layers_and_two_weights_of_one_sequence) {
  Parameter w("w");
  Parameter u("u");
  test::fill(w, {4, 5}, 1);
  test::fill(u, {5, 4}, 2);
  const auto f = [&](Tape&, auto x) -> Var {
    std::vector<Var> outputs;
    for (Index t = 0; t < 3; ++t) {
      const Var step = sequence_step(x[0], 2 * t, 2);
      outputs.push_back(tanh(matmul(step, w)) * matmul(step, u, Transpose::b));
    }
    return concat(outputs, 0);
  };
  test::check_jacobian(f, {Shape{6, 4}}, {&w, &u});
}

BOOST_AUTO_TEST_CASE(hoisting_without_recording_and_after_rewinding) {
  Recurrence r;
  Tape tape(DType::float64);
  const Tensor<double> values = test::normal({Recurrence::time, Recurrence::batch, Recurrence::features});
  const std::vector<Index> order = {0, 1, 2, 3, 4, 5};
  const auto expected = r.run(tape.constant(values), order, false).to_doubles();
  tape.reset();
  const Var x = tape.input(values);
  const NoGradient guard(tape);
  const auto records = tape.size();
  for (int i = 0; i < 3; ++i) {
    const Tape::Mark mark = tape.mark();
    test::check_close(r.run(x, order, true).to_doubles(), expected);
    BOOST_TEST(tape.size() <= records + 3);  // the leaves
    tape.rewind(mark);
    (void)tape.filled({64, 64}, 7);  // over the memory given up
    tape.rewind(mark);
  }
}

BOOST_AUTO_TEST_CASE(a_step_used_with_and_without_recording) {
  Parameter w("w");
  test::fill(w, {4, 5}, 1);
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({6, 4}));
  const Var step = sequence_step(x, 0, 3);
  const Var recorded = matmul(step, w);
  {
    const NoGradient guard(tape);
    const auto records = tape.size();
    const Var silent = matmul(sequence_step(x, 3, 3), w) + x.tape().zeros({3, 5});
    BOOST_TEST(!silent.wants_gradient());
    BOOST_TEST(tape.size() == records);
  }
  tape.backward(recorded, test::ones(recorded));
  const auto gradient = x.gradient().to_doubles();
  BOOST_TEST(gradient[0] != 0.0);
  for (std::size_t i = 12; i < 24; ++i) BOOST_TEST(gradient[i] == 0.0);
}

BOOST_AUTO_TEST_CASE(a_parameter_without_columns) {
  Parameter w("w");
  test::fill(w, {4, 0}, 1);
  Tape tape(DType::float64);
  const Var x = tape.input(test::normal({6, 4}));
  const Var y = matmul(sequence_step(x, 2, 2), w);
  BOOST_TEST((y.shape() == Shape{2, 0}));
}

BOOST_AUTO_TEST_CASE(steps_past_the_end_are_refused) {
  Tape tape(DType::float64);
  const Var x = tape.constant(test::normal({6, 4}));
  BOOST_CHECK_THROW((void)sequence_step(x, 4, 3), ShapeError);
  BOOST_CHECK_THROW((void)sequence_step(x, -1, 3), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
