// Speed of the matrix products at the shapes of recurrent layers (K = hidden, N = 4 x hidden), beside Eigen's, on one
// thread. The counter FLOPS is floating-point operations a second; compare with that of `fma_peak`, what the machine
// can do at most.
#include "common/one_thread.h"

#include <recur/framework/gemm/gemm.h>
#include <recur/framework/tensor/tensor.h>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <random>
#include <vector>

namespace {

using namespace recur;

using EigenMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using EigenMap = Eigen::Map<EigenMatrix>;

Tensor<float> random(Index rows, Index cols) {
  Tensor<float> result({rows, cols});
  std::mt19937 engine(1);
  std::normal_distribution<float> normal;
  for (float& value : result.values()) value = normal(engine);
  return result;
}

EigenMap as_eigen(Tensor<float>& tensor) { return {tensor.data(), tensor.matrix().rows, tensor.matrix().cols}; }

void count(benchmark::State& state, Index flops) {
  state.counters["FLOPS"] = benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(flops),
                                               benchmark::Counter::kIsRate);
}

/// The product a time step consists of: activations [M, K] times weights [K, N]; backward it is dz [M, N] times the
/// transposed weights.
struct Step {
  explicit Step(const benchmark::State& state)
      : m(state.range(0)), k(state.range(1)), n(4 * k), x(random(m, k)), z(random(m, n)), w(random(k, n)) {}
  [[nodiscard]] Index flops() const { return 2 * m * k * n; }

  bench::OneThread one_thread;
  Index m, k, n;
  Tensor<float> x, z, w;
};

void forward_recur(benchmark::State& state) {
  Step s(state);
  PackedMatrix<float> packed;
  packed.pack(s.w.matrix(), false);
  for (auto _ : state) {
    multiply<float>(s.x.matrix(), packed, s.z.matrix(), false);
    benchmark::DoNotOptimize(s.z.data());
  }
  count(state, s.flops());
}

void forward_eigen(benchmark::State& state) {
  Step s(state);
  for (auto _ : state) {
    as_eigen(s.z).noalias() = as_eigen(s.x) * as_eigen(s.w);
    benchmark::DoNotOptimize(s.z.data());
  }
  count(state, s.flops());
}

void backward_recur(benchmark::State& state) {
  Step s(state);
  PackedMatrix<float> packed;
  packed.pack(s.w.matrix(), true);
  for (auto _ : state) {
    multiply<float>(s.z.matrix(), packed, s.x.matrix(), false);
    benchmark::DoNotOptimize(s.x.data());
  }
  count(state, s.flops());
}

void backward_eigen(benchmark::State& state) {
  Step s(state);
  for (auto _ : state) {
    as_eigen(s.x).noalias() = as_eigen(s.z) * as_eigen(s.w).transpose();
    benchmark::DoNotOptimize(s.x.data());
  }
  count(state, s.flops());
}

/// The weight gradient over 64 time steps.
struct Gradient {
  static constexpr Index steps = 64;

  explicit Gradient(const benchmark::State& state)
      : m(state.range(0)),
        k(state.range(1)),
        n(4 * k),
        x(random(steps * m, k)),
        z(random(steps * m, n)),
        w(random(k, n)) {}
  [[nodiscard]] Index flops() const { return 2 * steps * m * k * n; }

  bench::OneThread one_thread;
  Index m, k, n;
  Tensor<float> x, z, w;
};

void gradient_recur(benchmark::State& state) {
  Gradient g(state);
  GemmWorkspace workspace;
  std::vector<RowsPair<float>> pairs;
  for (Index t = 0; t < Gradient::steps; ++t)
    pairs.push_back({g.x.matrix().middle_rows(t * g.m, g.m), g.z.matrix().middle_rows(t * g.m, g.m)});
  for (auto _ : state) {
    multiply_transposed<float>(pairs, g.w.matrix(), workspace);
    benchmark::DoNotOptimize(g.w.data());
  }
  count(state, g.flops());
}

/// Eigen's best case: all steps in one matrix.
void gradient_eigen(benchmark::State& state) {
  Gradient g(state);
  for (auto _ : state) {
    as_eigen(g.w).noalias() += as_eigen(g.x).transpose() * as_eigen(g.z);
    benchmark::DoNotOptimize(g.w.data());
  }
  count(state, g.flops());
}

void pack(benchmark::State& state) {
  const Tensor<float> w = random(state.range(0), 4 * state.range(0));
  const bench::OneThread one_thread;
  PackedMatrix<float> packed;
  for (auto _ : state) packed.pack(w.matrix(), state.range(1) != 0);
  state.SetBytesProcessed(state.iterations() * w.size() * static_cast<Index>(sizeof(float)));
}

#if defined(__x86_64__)

/// Independent multiply-adds, `repeats` times twelve of them: each takes four cycles and two start in a cycle, so eight
/// keep the arithmetic units busy. Inlined into functions for one instruction set each. Returns the flops.
template <class Vector>
[[gnu::always_inline]] inline double multiply_adds(Index repeats, const Vector& x, const Vector& y) {
  Vector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
  for (Index r = 0; r < repeats; ++r) {
    a = a * x + y, b = b * x + y, c = c * x + y, d = d * x + y, e = e * x + y, f = f * x + y;
    g = g * x + y, h = h * x + y, i = i * x + y, j = j * x + y, k = k * x + y, l = l * x + y;
    asm volatile("" : "+v"(a), "+v"(b), "+v"(c), "+v"(d), "+v"(e), "+v"(f));
    asm volatile("" : "+v"(g), "+v"(h), "+v"(i), "+v"(j), "+v"(k), "+v"(l));
  }
  return 12.0 * 2 * static_cast<double>(sizeof(Vector) / sizeof(float)) * static_cast<double>(repeats);
}

[[gnu::target("avx512f,fma"), gnu::noinline]] double peak_avx512(Index repeats) {
  using Vector [[gnu::vector_size(64)]] = float;
  return multiply_adds(repeats, Vector{} + 0.999F, Vector{} + 0.001F);
}

[[gnu::target("avx2,fma"), gnu::noinline]] double peak_avx2(Index repeats) {
  using Vector [[gnu::vector_size(32)]] = float;
  return multiply_adds(repeats, Vector{} + 0.999F, Vector{} + 0.001F);
}

/// What one core can do at most: the denominator of every "percent of peak".
void fma_peak(benchmark::State& state) {
  if (best_gemm_target() == GemmTarget::portable) return state.SkipWithError("needs AVX2 and FMA");
  double flops = 0;
  for (auto _ : state) flops += best_gemm_target() == GemmTarget::avx512 ? peak_avx512(20000) : peak_avx2(20000);
  state.counters["FLOPS"] = benchmark::Counter(flops, benchmark::Counter::kIsRate);
}
BENCHMARK(fma_peak);

#endif

void shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"M", "K"});
  for (const Index k : {128, 256, 512, 650})
    for (const Index m : {1, 16, 32, 64}) b->Args({m, k});
}

}  // namespace

BENCHMARK(forward_recur)->Apply(shapes);
BENCHMARK(forward_eigen)->Apply(shapes);
BENCHMARK(backward_recur)->Apply(shapes);
BENCHMARK(backward_eigen)->Apply(shapes);
BENCHMARK(gradient_recur)->Apply(shapes);
BENCHMARK(gradient_eigen)->Apply(shapes);
BENCHMARK(pack)->ArgNames({"K", "transposed"})->ArgsProduct({{128, 512}, {0, 1}});
