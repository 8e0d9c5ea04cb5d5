// The pointwise part of an LSTM step, written with `fuse` and written by hand: forward, and forward with backward. Both
// use framework/simd/simd_math.h, so the difference is what the expression templates and the tape cost.

#include "common/one_thread.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/split.h>

#include <benchmark/benchmark.h>

#include <vector>

namespace {

using namespace recur;
using V = simd::Vec<float>;
constexpr Index lanes = simd::lanes<float>;

struct Arrays {
  Arrays(Index b, Index h) : batch(b), units(h), z({b, 4 * h}), c0({b, h}), seed_h({b, h}), seed_c({b, h}) {
    Generator generator(1);
    for (auto* tensor : {&z, &c0, &seed_h, &seed_c})
      for (float& value : tensor->values()) value = static_cast<float>(generator.uniform(-2, 2));
  }
  Index batch;
  Index units;
  Tensor<float> z;
  Tensor<float> c0;
  Tensor<float> seed_h;
  Tensor<float> seed_c;
};

// What the loops by hand write.
struct Results {
  explicit Results(const Arrays& a)
      : kept({a.batch, 5 * a.units}),
        h({a.batch, a.units}),
        c({a.batch, a.units}),
        dz({a.batch, 4 * a.units}),
        dc0({a.batch, a.units}) {}
  Tensor<float> kept;
  Tensor<float> h;
  Tensor<float> c;
  Tensor<float> dz;
  Tensor<float> dc0;
};

void forward_by_hand(const Arrays& a, Results& r) {
  const Index n = a.units;
  float* kept = r.kept.data();
  for (Index row = 0; row < a.batch; ++row) {
    const float* const z = a.z.data() + row * 4 * n;
    const float* const c0 = a.c0.data() + row * n;
    for (Index col = 0; col < n; col += lanes, kept += 5 * lanes) {
      const V i = simd::sigmoid(simd::load(z + col));
      const V f = simd::sigmoid(simd::load(z + n + col));
      const V g = simd::tanh(simd::load(z + 2 * n + col));
      const V o = simd::sigmoid(simd::load(z + 3 * n + col));
      const V c = f * simd::load(c0 + col) + i * g;
      const V t = simd::tanh(c);
      simd::store(kept, i);
      simd::store(kept + lanes, f);
      simd::store(kept + 2 * lanes, g);
      simd::store(kept + 3 * lanes, o);
      simd::store(kept + 4 * lanes, t);
      simd::store(r.c.data() + row * n + col, c);
      simd::store(r.h.data() + row * n + col, o * t);
    }
  }
}

// Gradients are added to what is there, as the tape must.
void add(float* target, V gradient) { simd::store(target, simd::load(target) + gradient); }

void backward_by_hand(const Arrays& a, Results& r) {
  const Index n = a.units;
  const float* kept = r.kept.data();
  for (Index row = 0; row < a.batch; ++row) {
    float* const dz = r.dz.data() + row * 4 * n;
    for (Index col = 0; col < n; col += lanes, kept += 5 * lanes) {
      const Index at = row * n + col;
      const V i = simd::load(kept);
      const V f = simd::load(kept + lanes);
      const V g = simd::load(kept + 2 * lanes);
      const V o = simd::load(kept + 3 * lanes);
      const V t = simd::load(kept + 4 * lanes);
      const V dh = simd::load(a.seed_h.data() + at);
      const V dc = simd::load(a.seed_c.data() + at) + dh * o * (1 - t * t);
      add(dz + col, dc * g * (i * (1 - i)));
      add(dz + n + col, dc * simd::load(a.c0.data() + at) * (f * (1 - f)));
      add(dz + 2 * n + col, dc * i * (1 - g * g));
      add(dz + 3 * n + col, dh * t * (o * (1 - o)));
      add(r.dc0.data() + at, dc * f);
    }
  }
}

template <class Size>
void set_counters(benchmark::State& state, const Size& a) {
  state.SetItemsProcessed(state.iterations() * a.batch * a.units);
}

void by_hand_forward(benchmark::State& state) {
  const Arrays a(state.range(0), state.range(1));
  Results r(a);
  for (auto _ : state) {
    forward_by_hand(a, r);
    benchmark::DoNotOptimize(r.h.data());
    benchmark::ClobberMemory();
  }
  set_counters(state, a);
}

void by_hand_forward_backward(benchmark::State& state) {
  const Arrays a(state.range(0), state.range(1));
  Results r(a);
  for (auto _ : state) {
    forward_by_hand(a, r);
    backward_by_hand(a, r);
    benchmark::DoNotOptimize(r.dz.data());
    benchmark::ClobberMemory();
  }
  set_counters(state, a);
}

std::array<Var, 2> gates(Var z, Var c0) {
  const auto [i, f, g, o] = split<4>(z);
  return fuse(
      [](auto zi, auto zf, auto zg, auto zo, auto before) {
        const auto c = sigmoid(zf) * before + sigmoid(zi) * tanh(zg);
        return std::tuple{sigmoid(zo) * tanh(c), c};
      },
      i, f, g, o, c0);
}

void fused_forward(benchmark::State& state) {
  const bench::OneThread one_thread;  // as by hand
  const Arrays a(state.range(0), state.range(1));
  Tape tape;
  // The kept activations are stored, as in training.
  const Var z = tape.input(a.z);
  const Var c0 = tape.input(a.c0);
  const Tape::Mark mark = tape.mark();
  for (auto _ : state) {
    const auto outputs = gates(z, c0);
    benchmark::DoNotOptimize(outputs.data());
    benchmark::ClobberMemory();
    tape.rewind(mark);
  }
  set_counters(state, a);
}

void fused_forward_backward(benchmark::State& state) {
  const bench::OneThread one_thread;  // as by hand
  const Arrays a(state.range(0), state.range(1));
  Tape tape;
  const Var z = tape.input(a.z);
  const Var c0 = tape.input(a.c0);
  (void)z.add_gradient<float>();
  (void)c0.add_gradient<float>();
  const Tape::Mark mark = tape.mark();
  // The outputs' gradients are memory that holds the seeds from the first pass on: every pass gets the same addresses.
  const auto pass = [&](bool first) {
    const auto [h, c] = gates(z, c0);
    const auto dh = h.claim_gradient<float>().view;
    const auto dc = c.claim_gradient<float>().view;
    if (first) {
      std::copy_n(a.seed_h.data(), a.seed_h.size(), dh.data);
      std::copy_n(a.seed_c.data(), a.seed_c.size(), dc.data);
    }
    tape.propagate();
    tape.rewind(mark);
  };
  pass(true);
  for (auto _ : state) {
    pass(false);
    benchmark::ClobberMemory();
  }
  set_counters(state, a);
}

void sizes(benchmark::internal::Benchmark* b) { b->Args({64, 256})->Args({16, 128})->Args({16, 32})->Args({1, 128}); }

BENCHMARK(by_hand_forward)->Apply(sizes);
BENCHMARK(fused_forward)->Apply(sizes);
BENCHMARK(by_hand_forward_backward)->Apply(sizes);
BENCHMARK(fused_forward_backward)->Apply(sizes);

}  // namespace
