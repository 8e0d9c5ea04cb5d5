#include "support.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/gradient.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/ops/transpose.h>
#include <recur/framework/recurrence/row_local.h>

#include <functional>
#include <optional>
#include <thread>

using namespace recur;
using namespace recur::test;

namespace {

constexpr Index many = 1000;
constexpr Index rows = 301;
constexpr Index cols = 48;

bool pending(Var v) { return detail::in_row_phase(v.node()->root().value_rows.phase); }

// Slows the other threads down, so that they are behind when it matters.
void hold_up() {
  static_cast<void>(detail::row_phase(rows, 1000));
  detail::post_rows(rows, [](Index first, Index) {
    if (first > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
}

struct Result {
  std::vector<double> value;
  std::vector<double> gradient;
  std::vector<double> weight_gradient;
  bool operator==(const Result&) const = default;
};

using Function = std::function<Var(Tape&, Var x, Parameter& w)>;

// The value and all gradients of a function of x [rows, cols] and w [cols, cols], within one team.
Result run(int count, const Function& function) {
  const Threads some(count);
  Parameter w("w");
  fill(w, {cols, cols}, 3);
  Tape tape(DType::float64);
  Result result;
  with_team(many, [&] {
    // Twice: the first time parameters are packed, which is waited for. It leaves other numbers in the memory.
    for (int pass = 0; pass < 2; ++pass, tape.reset()) {
      w.zero_gradient();
      const Var x = tape.input(normal({rows, cols}, pass == 0 ? 9 : 1));
      if (count > 1) hold_up();
      const Var y = function(tape, x, w);
      if (count > 1) hold_up();
      tape.backward(y, array_of(normal(y.shape(), 2)));
      result = {y.to_doubles(), x.gradient().to_doubles(), w.gradient.to_doubles()};
    }
  });
  return result;
}

// The same to the bit, but for gradients of weights: each thread sums over its own rows. They are the same every time.
void check(const char* what, const Function& function) {
  const Result expected = run(1, function);
  for (const int count : {2, 3, 4}) {
    const Result first = run(count, function);
    BOOST_TEST((first.value == expected.value), what << " with " << count << " threads");
    BOOST_TEST((first.gradient == expected.gradient), what << " with " << count << " threads, gradient");
    check_close(first.weight_gradient, expected.weight_gradient, 1e-9);
    for (int repeat = 0; repeat < 3; ++repeat)
      BOOST_TEST((run(count, function) == first), what << " with " << count << " threads, again");
  }
}

Var step(Var x, Parameter& w) { return tanh(Var(matmul(x, w))); }

}  // namespace

BOOST_AUTO_TEST_SUITE(row_local)

BOOST_AUTO_TEST_CASE(results_are_those_of_one_thread) {
  check("a recurrence", [](Tape&, Var x, Parameter& w) {
    Var h = x;
    for (int t = 0; t < 100; ++t) h = step(h, w);  // more operations than may be on their way
    return h;
  });
  check("split", [](Tape&, Var x, Parameter& w) {
    const auto [a, b, c] = split<3>(step(x, w));
    const auto [p, q] = fuse([](auto u, auto v, auto s) { return std::tuple{sigmoid(u) * v, tanh(s) * u}; }, a, b, c);
    return concat({Var(p + q), p, Var(q * a)}, -1);
  });
  check("a column and a row", [](Tape&, Var x, Parameter& w) {
    const Var y = step(x, w);
    return y * slice(y, 1, 0, 1) + y * slice(y, 0, rows - 1, 1);  // the last thread's row
  });
}

// The memory of a gradient that another thread still reads for a gradient of weights goes to one whose rows lie otherwise.
BOOST_AUTO_TEST_CASE(memory_given_back_while_others_read_it) {
  constexpr Index half = 256;
  const auto gradient = [](int count) {
    const Threads some(count);
    Parameter w("w");
    fill(w, {64, 200}, 3);
    Tape tape(DType::float64);
    with_team(many, [&] {
      static_cast<void>(tape.leaf(w));
      const Var sequence = tape.constant(normal({2 * half, 64}, 1));
      const Var s = tape.input(normal({half, 400}, 2)) * 1.5;
      const Var v = tanh(s);
      const Var first = matmul(sequence_step(sequence, 0, half), w);
      const Var second = matmul(sequence_step(sequence, half, half), w);
      const Var y = tanh(first) * tanh(second);
      tape.backward(Var(sum(y) + sum(v)));
    });
    return w.gradient.to_doubles();
  };
  const auto expected = gradient(1);
  for (const int count : {2, 3})
    for (int repeat = 0; repeat < 20; ++repeat) check_close(gradient(count), expected, 1e-9);
}

BOOST_AUTO_TEST_CASE(weights_without_rows) {
  const Threads two(2);
  Parameter none("none");
  none.create({0, 64}, DType::float64);
  Parameter w("w");
  fill(w, {64, 64}, 3);
  Tape tape(DType::float64);
  const Var x = tape.constant(Tensor<double>(Shape{64, 0}));
  Var h = tape.constant(normal({64, 64}, 1));
  for (int t = 0; t < 40; ++t) h = tanh(Var(matmul(x, none) + matmul(h, w)));
  tape.backward(sum(h));
  BOOST_TEST(none.gradient.size() == 0);
}

BOOST_AUTO_TEST_CASE(rows_that_move_are_waited_for) {
  check("shifted", [](Tape&, Var x, Parameter& w) {
    const Var y = step(x, w);
    const Var shifted = concat({slice(y, 0, 1, rows - 1), slice(y, 0, 0, 1)}, 0);
    return step(shifted, w) * y;
  });
  check("parts", [](Tape&, Var x, Parameter& w) {
    const Var y = step(x, w);
    return slice(y, 0, 0, 200) * slice(y, 0, 101, 200);
  });
  check("folded", [](Tape&, Var x, Parameter& w) {
    const Var y = step(x, w);
    const Var folded = tanh(reshape(y, {2 * rows, cols / 2})) * 3.0;
    return reshape(folded, {rows, cols}) * y;
  });
  check("transposed", [](Tape&, Var x, Parameter& w) {
    const Var y = step(x, w);
    return transpose(Var(exp(transpose(y)) * 0.5)) + y;
  });
  check("reduced", [](Tape&, Var x, Parameter& w) {
    const Var y = step(x, w);
    return y * mean(y, 0) + y * sum(y, -1, true);
  });
  check("a product of values", [](Tape&, Var x, Parameter& w) {
    const Var y = step(x, w);
    return matmul(y, Var(tanh(matmul(y, y, Transpose::a))));
  });
}

BOOST_AUTO_TEST_CASE(an_operation_of_ones_own_needs_to_know_nothing) {
  check("own", [](Tape& tape, Var x, Parameter& w) {
    const Var y = step(x, w);
    const Var z = tape.output(y.shape(), y.wants_gradient());
    const auto from = y.value<double>();
    const auto to = z.mutable_value<double>();
    for (Index r = 0; r < rows; ++r)
      for (Index c = 0; c < cols; ++c) to(r, c) = 2 * from(rows - 1 - r, c);
    tape.on_backward(z, "turn", [y, z] {
      const auto dz = z.adjoint<double>();
      const auto dy = y.add_gradient<double>();
      for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) dy(rows - 1 - r, c) += 2 * dz(r, c);
    });
    return step(z, w) + y;
  });
}

BOOST_AUTO_TEST_CASE(memory_of_gradients_goes_round) {
  check("different shapes in the same memory", [](Tape&, Var x, Parameter& w) {
    Var y = step(x, w);
    for (int i = 0; i < 5; ++i) {
      const Var wide = tanh(reshape(y, {rows / 7, 7 * cols}));
      y = step(reshape(Var(wide * 1.5), {rows, cols}), w);
    }
    return y;
  });
  check("a gradient that is changed on its way", [](Tape&, Var x, Parameter& w) {
    const auto change = [](Var gradient) {
      const Var doubled = gradient * 2.0 + slice(gradient, 0, 1, 1);
      static_cast<void>(doubled);
      gradient.mutable_value<double>()(3, 4) = 5;
    };
    return step(on_gradient(step(x, w), change), w);
  });
}

BOOST_AUTO_TEST_CASE(rows_are_handed_out) {
  const Threads two(2);
  Parameter w("w");
  fill(w, {cols, cols}, 3);
  Tape tape(DType::float64);
  const Var x = tape.input(normal({rows, cols}, 1));
  with_team(many, [&] {
    hold_up();
    const Var y = step(x, w);
    BOOST_TEST(pending(y));
    const Var part = slice(y, 1, 3, 5);
    const Var next = part * 2.0 + slice(x, 1, 0, 5) * slice(y, 1, 0, 1);
    BOOST_TEST(pending(y));
    static_cast<void>(next);
    static_cast<void>(y.value<double>());
    BOOST_TEST(!pending(y));
  });
}

BOOST_AUTO_TEST_CASE(what_rows_need_is_not_changed_before_they_are_done) {
  const Threads two(2);
  const auto product = [](auto change) {
    Tape tape(DType::float64);
    std::vector<double> result;
    std::optional<Parameter> w("w");
    fill(*w, {cols, cols}, 3);
    std::optional<Tensor<double>> given = normal({rows, cols}, 4);
    tape.set_recording(false);
    const Var x = tape.constant(normal({rows, cols}, 1));
    with_team(many, [&] {
      hold_up();
      const Var y = fuse([](auto a, auto b, auto c) { return a * b + c; }, Var(matmul(x, *w)), tape.borrow(*given),
                         slice(tape.leaf(*w), 0, 0, 1));
      change(w, given);
      result = y.to_doubles();
    });
    return result;
  };
  using Weight = std::optional<Parameter>;
  using Given = std::optional<Tensor<double>>;
  const auto expected = product([](Weight&, Given&) {});
  BOOST_TEST((product([](Weight& w, Given&) { w->edit().fill(0); }) == expected));
  BOOST_TEST((product([](Weight& w, Given&) { w.reset(); }) == expected));
  BOOST_TEST((product([](Weight&, Given& given) { given.reset(); }) == expected));
}

BOOST_AUTO_TEST_CASE(a_rewind_and_an_error_wait) {
  const Threads two(2);
  Parameter w("w");
  fill(w, {cols, cols}, 3);
  const auto expected = run(1, [](Tape&, Var x, Parameter& p) { return step(x, p); }).value;
  with_team(many, [&] {
    Tape tape(DType::float64);
    const Var x = tape.constant(normal({rows, cols}, 1));
    const auto mark = tape.mark();
    for (int i = 0; i < 20; ++i) {
      hold_up();
      const Var y = step(x, w);
      if (i % 5 == 4) BOOST_TEST((y.to_doubles() == expected));
      tape.rewind(mark);
      static_cast<void>(tape.filled({rows, cols}, 7));
    }
  });
  for (int i = 0; i < 5; ++i)
    BOOST_CHECK_THROW(with_team(many,
                                [&] {
                                  Tape tape(DType::float64);
                                  const Var x = tape.constant(normal({rows, cols}, 1));
                                  hold_up();
                                  const Var y = step(step(x, w), w);
                                  static_cast<void>(matmul(y, tape.zeros({cols + 1, 2})));
                                }),
                      ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
