#include "fma_peak.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

namespace recur::bench {
namespace {

#if defined(__AVX512F__)
constexpr int bytes = 64;
#elif defined(__AVX__)
constexpr int bytes = 32;
#else
constexpr int bytes = 16;
#endif
using Vector [[gnu::vector_size(bytes)]] = float;
constexpr int lanes = bytes / static_cast<int>(sizeof(float));
// Two multiply-adds start in a cycle and each takes four; named so that each keeps a register of its own.
constexpr int chains = 10;
constexpr long iterations = 2'000'000;

/// Starts at the value given and never leaves [0, 1]; returned so that nothing is left out.
[[gnu::noinline]] float multiply_add(float start) {
  const Vector factor = Vector{} + 0.5F;
  const Vector addend = Vector{} + start;
  Vector a = addend, b = addend, c = addend, d = addend, e = addend, f = addend, g = addend, h = addend, i = addend,
         j = addend;
  for (long n = 0; n < iterations; ++n) {
    a = a * factor + addend;
    b = b * factor + addend;
    c = c * factor + addend;
    d = d * factor + addend;
    e = e * factor + addend;
    f = f * factor + addend;
    g = g * factor + addend;
    h = h * factor + addend;
    i = i * factor + addend;
    j = j * factor + addend;
    asm volatile("" : "+v"(a), "+v"(b), "+v"(c), "+v"(d), "+v"(e), "+v"(f), "+v"(g), "+v"(h), "+v"(i), "+v"(j));
  }
  return (a + b + c + d + e + f + g + h + i + j)[0];
}

}  // namespace

double fma_peak(int threads) {
  double best = 0;
  float sum = 0;
  for (int repeat = 0; repeat < 8; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<float> results(static_cast<std::size_t>(threads));
    {
      std::vector<std::jthread> others;
      for (std::size_t i = 1; i < results.size(); ++i)
        others.emplace_back([&, i] { results[i] = multiply_add(0.25F); });
      results[0] = multiply_add(0.25F);
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    sum += std::accumulate(results.begin(), results.end(), 0.0F);
    best = std::max(best, 2.0 * lanes * chains * iterations * threads / seconds * 1e-9);
  }
  volatile float sink = sum;
  static_cast<void>(sink);
  return best;
}

}  // namespace recur::bench
