// Speed of a convolution over time, forward and backward, beside the bare product of its columns and beside fma_peak,
// what the machine can do at most; on one thread. FLOPS are floating-point operations a second. Sizes: batch B, steps
// T, channels C (as many filters), kernel K.
#include "common/one_thread.h"

#include <recur/framework/autodiff/tape.h>
#include <recur/framework/gemm/gemm.h>
#include <recur/framework/ops/conv1d.h>

#include <benchmark/benchmark.h>

#include <random>
#include <vector>

namespace {

using namespace recur;

Tensor<float> random(const Shape& shape) {
  Tensor<float> result(shape);
  std::mt19937 engine(1);
  std::normal_distribution<float> normal;
  for (float& value : result.values()) value = normal(engine);
  return result;
}

void count(benchmark::State& state, Index flops) {
  state.counters["FLOPS"] = benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(flops),
                                               benchmark::Counter::kIsRate);
}

/// A convolution with padding `same`, which copies the input, or `valid`, which reads it in place.
struct Setting {
  explicit Setting(const benchmark::State& state)
      : batch(state.range(0)),
        steps(state.range(1)),
        channels(state.range(2)),
        size(state.range(3)),
        dilation(state.range(4)),
        windows(windows_of("conv_bench", steps, size, 1, dilation, Padding::same)),
        x(random({batch, steps, channels})) {
    kernel.create({size, channels, channels}, DType::float32);
    kernel.edit().assign(random({size, channels, channels}).values());
  }
  [[nodiscard]] Index flops() const { return 2 * batch * windows.count * size * channels * channels; }

  bench::OneThread one_thread;
  Index batch, steps, channels, size, dilation;
  SlidingWindows windows;
  Tensor<float> x;
  Parameter kernel{"kernel"};
};

void forward(benchmark::State& state) {
  Setting s(state);
  Tape tape;
  const NoGradient inference(tape);
  for (auto _ : state) {
    benchmark::DoNotOptimize(conv1d(tape.borrow(s.x), tape.leaf(s.kernel), Var(), s.windows));
    tape.reset();
  }
  count(state, s.flops());
}

// Forward, the gradient of the input and that of the kernel: three products.
void step(benchmark::State& state) {
  Setting s(state);
  const Array seed(random({s.batch, s.windows.count, s.channels}));
  Tape tape;
  for (auto _ : state) {
    const Var y = conv1d(tape.input(s.x), tape.leaf(s.kernel), Var(), s.windows);
    tape.backward(y, seed);
    tape.reset();
  }
  count(state, 3 * s.flops());
}

/// The product of all columns, laid out before, with the packed kernel.
void bare_product(benchmark::State& state) {
  Setting s(state);
  const Index rows = s.batch * s.windows.count, taps = s.size * s.channels;
  const Tensor<float> columns = random({rows, taps});
  Tensor<float> y({rows, s.channels});
  PackedMatrix<float> packed;
  packed.pack({s.kernel.value().as<float>().data(), taps, s.channels}, false);
  for (auto _ : state) {
    multiply<float>(columns.matrix(), packed, y.matrix(), false);
    benchmark::DoNotOptimize(y.data());
  }
  count(state, s.flops());
}

/// What a core can do at most, by multiply-adds on registers.
void fma_peak(benchmark::State& state) {
#if defined(__AVX512F__)
  constexpr int lanes = 16;
#elif defined(__AVX__)
  constexpr int lanes = 8;
#else
  constexpr int lanes = 4;
#endif
  using Vector [[gnu::vector_size(lanes * 4)]] = float;
  constexpr Index repeats = 20'000;
  const Vector x = Vector{} + 0.999F, y = Vector{} + 0.001F;
  Vector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x;
  for (auto _ : state)
    for (Index r = 0; r < repeats; ++r) {
      a = a * x + y, b = b * x + y, c = c * x + y, d = d * x + y, e = e * x + y;
      f = f * x + y, g = g * x + y, h = h * x + y, i = i * x + y, j = j * x + y;
      asm volatile("" : "+v"(a), "+v"(b), "+v"(c), "+v"(d), "+v"(e), "+v"(f), "+v"(g), "+v"(h), "+v"(i), "+v"(j));
    }
  count(state, 10 * 2 * lanes * repeats);
}

void sizes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"B", "T", "C", "K", "dilation"});
  b->Args({32, 100, 64, 5, 1})->Args({32, 100, 64, 5, 4})->Args({32, 100, 16, 3, 1})->Args({1, 10'000, 16, 3, 1});
}

}  // namespace

BENCHMARK(forward)->Apply(sizes);
BENCHMARK(step)->Apply(sizes);
BENCHMARK(bare_product)->Apply(sizes);
BENCHMARK(fma_peak);
