#include "support.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/autodiff/recompute.h>
#include <recur/framework/check/second_order.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/dropout.h>
#include <recur/framework/ops/reduce.h>

using namespace recur;
using namespace recur::test;

namespace {

// Layers x -> dropout(tanh(x·w + b)), with the same weights.
struct Chain {
  Parameter w{"w"};
  Parameter b{"b"};
  double rate = 0;
  Chain() {
    fill(w, {6, 6}, 1);
    fill(b, {6}, 2);
  }
  [[nodiscard]] Var layer(Var x) {
    const Var y = tanh(Var(matmul(x, w) + b));
    return dropout(y, rate, x.tape().generator());
  }
  // `layers` of them, each a checkpoint or none.
  [[nodiscard]] Var run(Var x, int layers, bool checkpointed) {
    for (int i = 0; i < layers; ++i)
      x = checkpointed ? checkpoint([this](std::span<const Var> in) { return layer(in[0]); }, {x}) : layer(x);
    return x;
  }
};

struct Gradients {
  std::vector<double> value, x, w, b;
  std::size_t memory;
};

Gradients gradients(Chain& chain, int layers, bool checkpointed, Index rows = 4) {
  Tape tape(DType::float64, 3);
  chain.w.zero_gradient();
  chain.b.zero_gradient();
  const Var x = tape.input(normal({rows, 6}, 5));
  const Var y = chain.run(x, layers, checkpointed);
  tape.backward(sum(y * y));
  return {y.to_doubles(), x.gradient().to_doubles(), chain.w.gradient.to_doubles(), chain.b.gradient.to_doubles(),
          tape.memory()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recompute)

BOOST_AUTO_TEST_CASE(gradients_are_those_without_checkpoints) {
  for (const double rate : {0.0, 0.4}) {
    Chain chain;
    chain.rate = rate;
    const Gradients plain = gradients(chain, 5, false);
    const Gradients again = gradients(chain, 5, true);
    BOOST_TEST(again.value == plain.value);
    BOOST_TEST(again.x == plain.x);
    // Five products added up rather than one of all rows.
    check_close(again.w, plain.w, 1e-13);
    check_close(again.b, plain.b, 1e-13);
  }
}

BOOST_AUTO_TEST_CASE(memory_is_that_of_one_part) {
  Chain chain;
  const std::size_t plain = gradients(chain, 60, false, 3000).memory;
  const std::size_t again = gradients(chain, 60, true, 3000).memory;
  BOOST_TEST(again < 0.6 * static_cast<double>(plain));
}

BOOST_AUTO_TEST_CASE(a_checkpoint_may_hold_checkpoints_and_have_several_results) {
  Chain chain;
  const auto run = [&](bool nested) {
    Tape tape(DType::float64, 3);
    chain.w.zero_gradient();
    const Var x = tape.input(normal({4, 6}, 5));
    const Var k = tape.input(normal({4, 6}, 6));
    const auto body = [&chain, nested](std::span<const Var> in) {
      const Var left = chain.run(in[0] * in[1], 3, nested);
      const Var right = chain.run(left + in[1], 2, nested);
      return std::array{left, right, in[1]};
    };
    const std::array in{x, k};
    const auto [left, right, same] = nested ? checkpoint(body, in) : body(in);
    tape.backward(sum(left * right * same));
    return std::array{x.gradient().to_doubles(), k.gradient().to_doubles(), chain.w.gradient.to_doubles()};
  };
  const auto plain = run(false);
  const auto again = run(true);
  for (std::size_t i = 0; i < plain.size(); ++i) check_close(again[i], plain[i], 1e-12);
}

BOOST_AUTO_TEST_CASE(what_is_used_before_and_after_gets_all_of_its_gradient) {
  Chain chain;
  const auto run = [&](bool checkpointed) {
    Tape tape(DType::float64, 3);
    chain.w.zero_gradient();
    const Var x = tape.input(normal({4, 6}, 5));
    const Var before = chain.layer(x);
    const Var y = chain.run(before, 2, checkpointed);
    const Var after = chain.layer(y + before) * x;
    tape.backward(sum(after * after));
    return std::array{x.gradient().to_doubles(), chain.w.gradient.to_doubles()};
  };
  const auto plain = run(false);
  const auto again = run(true);
  for (std::size_t i = 0; i < plain.size(); ++i) check_close(again[i], plain[i], 1e-12);
}

BOOST_AUTO_TEST_CASE(a_value_that_is_not_listed_is_an_error) {
  Tape tape(DType::float64);
  const Var x = tape.input(normal({2, 3}));
  const Var hidden = tape.input(normal({2, 3}));
  const Var y = checkpoint([hidden](std::span<const Var> in) -> Var { return in[0] * hidden; }, {x});
  BOOST_CHECK_EXCEPTION(tape.backward(sum(y)), StateError, [](const StateError& error) {
    return std::string(error.what()).find("not among the inputs") != std::string::npos;
  });
  // The tape is as good as new.
  tape.reset();
  const Var z = tape.input(normal({2, 3}));
  tape.backward(sum(Var(z * 2)));
  check_close(z.gradient().to_doubles(), std::vector<double>(6, 2.0));
}

BOOST_AUTO_TEST_CASE(nothing_is_recorded_where_recording_is_off) {
  Chain chain;
  Tape tape(DType::float64);
  const NoGradient guard(tape);
  const Var y = chain.run(tape.constant(normal({2, 6})), 2, true);
  BOOST_TEST(tape.size() == 2u);  // the two parameters
  BOOST_TEST(!y.wants_gradient());
}

BOOST_AUTO_TEST_CASE(forward_mode_and_second_derivatives_are_those_without_checkpoints) {
  Chain chain;
  chain.rate = 0.4;
  Arguments at;
  at.inputs.push_back(array_of(normal({4, 6}, 5)));
  at.parameters = {&chain.w, &chain.b};
  at.seed = 3;
  PerArgument along;
  along.inputs.push_back(array_of(normal({4, 6}, 6)));
  along.parameters.push_back(array_of(normal({6, 6}, 7)));
  along.parameters.push_back(array_of(normal({6}, 8)));
  const auto chained = [&](bool checkpointed, bool nested) {
    return [&chain, checkpointed, nested](Tape&, std::span<const Var> x) -> Var {
      const Var y = nested ? checkpoint([&chain](std::span<const Var> in) { return chain.run(in[0], 4, true); }, {x[0]})
                           : chain.run(x[0], 4, checkpointed);
      return sum(y * y);
    };
  };
  const Tangent tangent = jacobian_vector_product(chained(false, false), at, along);
  const HessianProduct plain = hessian_vector_product(chained(false, false), at, along);
  for (const bool nested : {false, true}) {
    const Tangent again = jacobian_vector_product(chained(true, nested), at, along);
    check_close(again.tangent.to_doubles(), tangent.tangent.to_doubles());
    const HessianProduct found = hessian_vector_product(chained(true, nested), at, along);
    check_close({found.loss, found.slope}, {plain.loss, plain.slope});
    check_close(found.product.inputs[0].to_doubles(), plain.product.inputs[0].to_doubles(), 1e-11);
    for (std::size_t i = 0; i < at.parameters.size(); ++i) {
      check_close(found.gradient.parameters[i].to_doubles(), plain.gradient.parameters[i].to_doubles(), 1e-11);
      check_close(found.product.parameters[i].to_doubles(), plain.product.parameters[i].to_doubles(), 1e-11);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
