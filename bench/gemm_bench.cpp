// Speed of the matrix products at the shapes of recurrent layers (K = hidden, N = 4 x hidden), beside Eigen's, on one thread.
// The counter FLOPS is floating-point operations a second; compare with that of `fma_peak`, what the machine can do at most.
#include <recur/framework/gemm.h>
#include <recur/framework/parallel.h>
#include <recur/framework/tensor.h>

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

/// One thread, so that the figures compare; puts the old number back.
class OneThread {
 public:
  OneThread() : before_(threads()) { set_threads(1); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  ~OneThread() { set_threads(before_); }

 private:
  int before_;
};

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

  OneThread one_thread;
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

  OneThread one_thread;
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
  const OneThread one_thread;
  PackedMatrix<float> packed;
  for (auto _ : state) packed.pack(w.matrix(), state.range(1) != 0);
  state.SetBytesProcessed(state.iterations() * w.size() * static_cast<Index>(sizeof(float)));
}

/// A tile that never leaves the first-level cache: nothing the products do can be faster. Depth 2048, 6 x 64 numbers.
void fma_peak(benchmark::State& state) {
  const OneThread one_thread;
  const Tensor<float> a = random(6, 64);
  PackedMatrix<float> packed;
  packed.pack(random(64, 64).matrix(), false);
  Tensor<float> c({6, 64});
  for (auto _ : state) {
    for (int i = 0; i < 32; ++i) multiply<float>(a.matrix(), packed, c.matrix(), false);
    benchmark::DoNotOptimize(c.data());
  }
  count(state, Index{2} * 32 * 6 * 64 * 64);
}

void step_shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"M", "K"});
  for (const Index k : {128, 256, 512, 650})
    for (const Index m : {1, 16, 32, 64}) b->Args({m, k});
}

void gradient_shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"M", "K"});
  for (const Index k : {128, 256, 512, 650})
    for (const Index m : {1, 16, 32, 64}) b->Args({m, k});
}

}  // namespace

BENCHMARK(fma_peak);
BENCHMARK(forward_recur)->Apply(step_shapes);
BENCHMARK(forward_eigen)->Apply(step_shapes);
BENCHMARK(backward_recur)->Apply(step_shapes);
BENCHMARK(backward_eigen)->Apply(step_shapes);
BENCHMARK(gradient_recur)->Apply(gradient_shapes);
BENCHMARK(gradient_eigen)->Apply(gradient_shapes);
BENCHMARK(pack)->ArgNames({"K", "transposed"})->ArgsProduct({{128, 512}, {0, 1}});
