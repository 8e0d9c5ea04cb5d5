// Times what it costs to hand work to the other threads: items of parallel_for where they stand by, and shares of a
// pass where they sleep or are still awake from the pass before. Each item or share spins for some time, so that what
// is over half of that on two threads is the cost.
//
//   OMP_NUM_THREADS=2 team_bench

#include <recur/framework/threads/parallel.h>

#include <benchmark/benchmark.h>

#include <chrono>
#include <thread>

namespace {

using namespace recur;
using Clock = std::chrono::steady_clock;

/// Keeps this thread at work for so many nanoseconds.
void spin_for(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return;
  const auto end = Clock::now() + std::chrono::nanoseconds(nanoseconds);
  while (Clock::now() < end) {
  }
}

constexpr Index worth_it = 10'000'000;  // operations an item is said to take, so that it is handed out

/// Two items, handed out one pair after the other.
void parallel_for_standing_by(benchmark::State& state) {
  with_team(1000, [&] {
    for (auto _ : state) parallel_for(2, worth_it, [&](Index) { spin_for(state.range(0)); });
  });
}
BENCHMARK(parallel_for_standing_by)->Arg(0)->Arg(1000)->Arg(10'000)->Arg(50'000)->UseRealTime();

/// A pass without anything to hand out.
void with_team_alone(benchmark::State& state) {
  for (auto _ : state) with_team(1000, [] {});
}
BENCHMARK(with_team_alone)->UseRealTime();

/// Two shares, one pair after the other: threads are awake.
void run_shares_awake(benchmark::State& state) {
  for (auto _ : state) run_shares(2, [&](Index) { spin_for(state.range(0)); });
}
BENCHMARK(run_shares_awake)->Arg(0)->Arg(100'000)->Arg(1'000'000)->UseRealTime();

/// Hands out shares to threads that sleep. The millisecond in which they go to sleep is not counted.
void run_shares_asleep(benchmark::State& state) {
  for (auto _ : state) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto begin = Clock::now();
    run_shares(2, [&](Index) { spin_for(state.range(0)); });
    state.SetIterationTime(std::chrono::duration<double>(Clock::now() - begin).count());
  }
}
BENCHMARK(run_shares_asleep)->Arg(0)->Arg(100'000)->Arg(1'000'000)->UseManualTime();

}  // namespace
