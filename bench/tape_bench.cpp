// What recording costs: operations so small that there is hardly anything to compute, on one thread, in nanoseconds
// each. `forward` records, `both` also runs backwards. A step of a cell is all its operations.

#include "common/one_thread.h"

#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/split.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/recurrent/rnn.h>

#include <benchmark/benchmark.h>

#include <algorithm>

namespace {

using namespace recur;

constexpr Index units = 8;
constexpr Index count = 1000;

Tensor<float> ones(Shape shape) {
  Tensor<float> result(shape);
  std::ranges::fill(result.values(), 1.0F);
  return result;
}

void set_time(benchmark::State& state) {
  const double operations = static_cast<double>(state.iterations()) * static_cast<double>(count);
  state.counters["each"] = benchmark::Counter(operations, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// `step(x)` is done `count` times, each with the result of the one before.
template <bool backward, class Step>
void chain(benchmark::State& state, Tape& tape, Step step) {
  const bench::OneThread one_thread;
  const Tensor<float> first = ones({1, units});
  const Array seed(ones({1, units}));
  for (auto _ : state) {
    tape.reset();
    Var x = tape.input(first);
    for (Index i = 0; i < count; ++i) x = step(x);
    if (backward) tape.backward(x, seed);
    benchmark::ClobberMemory();
  }
  set_time(state);
}

template <bool backward>
void pointwise(benchmark::State& state) {
  Tape tape;
  chain<backward>(state, tape, [](Var x) -> Var { return x * 0.5 + x; });
}

template <bool backward>
void views(benchmark::State& state) {
  Tape tape;
  chain<backward>(state, tape, [](Var x) { return slice(x, -1, 0, units); });
}

template <bool backward>
void products(benchmark::State& state) {
  Tape tape;
  Parameter weight("weight");
  weight.create({units, units}, DType::float32);
  weight.edit().fill(1.0 / units);
  chain<backward>(state, tape, [&](Var x) -> Var { return matmul(x, weight); });
}

template <bool backward>
void lstm_steps(benchmark::State& state) {
  const bench::OneThread one_thread;
  RNN rnn(AnyCell(LSTMCell(units)), {.return_sequences = true, .time_major = true});
  Generator generator(1);
  Builder builder(units, DType::float32, generator);
  rnn.build(builder);
  Tape tape;
  const Tensor<float> sequence = ones({count, 1, units});
  const Array seed(ones({count, 1, units}));
  for (auto _ : state) {
    tape.reset();
    const Var y = rnn(tape.input(sequence));
    if (backward) tape.backward(y, seed);
    benchmark::ClobberMemory();
  }
  set_time(state);
}

BENCHMARK(views<false>)->Name("view/forward");
BENCHMARK(views<true>)->Name("view/both");
BENCHMARK(pointwise<false>)->Name("pointwise/forward");
BENCHMARK(pointwise<true>)->Name("pointwise/both");
BENCHMARK(products<false>)->Name("product/forward");
BENCHMARK(products<true>)->Name("product/both");
BENCHMARK(lstm_steps<false>)->Name("lstm_step/forward");
BENCHMARK(lstm_steps<true>)->Name("lstm_step/both");

}  // namespace
