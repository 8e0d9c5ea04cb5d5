#include "../../counted_new.h"
#include "support.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/cross_entropy.h>
#include <recur/framework/ops/dropout.h>
#include <recur/framework/ops/gather.h>
#include <recur/framework/ops/layer_norm.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/softmax.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/ops/transpose.h>
#include <recur/framework/recurrence/hoisted_product.h>

using namespace recur;

namespace {

constexpr Index steps = 20;
constexpr Index batch = 4;
constexpr Index embedded = 24;
constexpr Index units = 40;
constexpr Index classes = 65;

/// A language model in miniature, trained by gradient descent.
struct Model {
  explicit Model(DType dtype) {
    std::uint64_t seed = 0;
    const auto create = [&](Parameter& p, const Shape& shape) {
      test::fill(p, shape, ++seed, dtype);
      dispatch(dtype, [&]<class T>() {
        for (T& v : p.edit().as<T>().values()) v *= T{0.3F};
      });
    };
    create(table, {classes, embedded});
    create(kernel, {embedded, 4 * units});
    create(recurrent, {units, 4 * units});
    create(bias, {4 * units});
    create(out, {units, classes});
    create(out_bias, {classes});
  }

  double train(Tape& tape, std::span<const std::int32_t> ids, std::span<const std::int32_t> targets) {
    tape.reset();
    const Var x = gather(tape, table, ids, {steps, batch});
    Var h = tape.zeros({batch, units});
    Var c = tape.zeros({batch, units});
    std::array<Var, steps> outputs;
    for (Index t = 0; t < steps; ++t) {
      const Var z = matmul(sequence_step(x, t * batch, batch), kernel) + matmul(h, recurrent) + bias;
      const auto [i, f, g, o] = split<4>(z);
      const auto [next_h, next_c] = fuse(
          [](auto in, auto forget, auto candidate, auto output, auto c0) {
            auto c1 = sigmoid(forget) * c0 + sigmoid(in) * tanh(candidate);
            return std::tuple{sigmoid(output) * tanh(c1), c1};
          },
          i, f, g, o, c);
      h = next_h;
      c = next_c;
      outputs[static_cast<std::size_t>(t)] = h;
    }
    const Var logits = matmul(stack(outputs), out) + out_bias;
    const Var loss = sparse_softmax_cross_entropy(logits, targets);
    tape.backward(loss);
    for (Parameter* p : {&table, &kernel, &recurrent, &bias, &out, &out_bias}) descend(*p);
    return loss.item();
  }
  static void descend(Parameter& p) {
    dispatch(p.dtype(), [&]<class T>() {
      const auto gradient = p.gradient.as<T>().values();
      const auto value = p.edit().as<T>().values();
      for (std::size_t i = 0; i < value.size(); ++i) value[i] -= gradient[i];
    });
    p.zero_gradient();
  }

  Parameter table{"table"}, kernel{"kernel"}, recurrent{"recurrent"}, bias{"bias"}, out{"out"}, out_bias{"out_bias"};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(allocation)

BOOST_AUTO_TEST_CASE(counting_works) {
  const long before = test::allocations();
  ::operator delete(::operator new(1));  // a new expression could be left out
  BOOST_TEST(test::allocations() == before + 1);
}

BOOST_AUTO_TEST_CASE(the_second_training_step_allocates_nothing) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    Model model(dtype);
    Tape tape(dtype);
    std::vector<std::int32_t> ids;
    std::vector<std::int32_t> targets;
    for (std::int32_t i = 0; i < steps * batch; ++i) {
      ids.push_back(static_cast<std::int32_t>(i * 7 % classes));
      targets.push_back(static_cast<std::int32_t>((i * 7 + 3) % classes));
    }
    const double first = model.train(tape, ids, targets);
    const std::size_t memory = tape.memory();
    const long before = test::allocations();
    const double second = model.train(tape, ids, targets);
    const long in_second = test::allocations() - before;
    double last = second;
    for (int i = 0; i < 200; ++i) last = model.train(tape, ids, targets);
    const long in_all = test::allocations() - before;
    BOOST_TEST(in_second == 0);
    BOOST_TEST(in_all == 0);
    BOOST_TEST(tape.memory() == memory);
    BOOST_TEST(second < first);
    BOOST_TEST(last < 0.5 * first);  // it learns, so the parameters were packed anew each time
  }
}

BOOST_AUTO_TEST_CASE(no_operation_allocates_when_repeated) {
  Tape tape(DType::float32);
  Generator generator(1);
  const Tensor<double> values = test::normal({3, 4, 6});
  const std::array<std::int32_t, 12> targets = {0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5};
  const auto run = [&] {
    tape.reset();
    const Var x = tape.input(values);
    const Var row = tape.constant(Shape{6}, std::span<const double>(values.values()).first(6));
    const Var y = layer_norm(dropout(x, 0.25, generator), row, row);
    const Var turned = transpose(reverse(transpose(y, 0, 1), 0), 0, 2);
    const Var parts = concat({slice(y, 1, 1, 2), slice(y, 0, 0, 3)}, 1);
    const Var probabilities = softmax(y);
    const Var total = sum(turned) + mean(parts) + reduce_max(y) + sum(Var(square(log_softmax(y)))) +
                      sum(stack({y, probabilities}, -1)) + mean(reshape(slice(y, -1, 1, 2), Shape{24}), 0) +
                      sparse_softmax_cross_entropy(y, targets) + softmax_cross_entropy(y, probabilities) +
                      binary_cross_entropy(y, probabilities) + sum(sum(mean(reduce_max(y, 0), 1), -1));
    tape.backward(total);
  };
  run();
  const long before = test::allocations();
  run();
  const long during = test::allocations() - before;
  BOOST_TEST(during == 0);
}

BOOST_AUTO_TEST_SUITE_END()
