// Times a training step that several ranks make together: forward and backward of their rows, waiting for the others,
// the sum of gradients, the update. The command that compares ranks with one process:
//
//   ranks --batch 64                            one process
//   mpirun -n 2 --bind-to core ranks --batch 64           strong scaling: 32 rows each
//   mpirun -n 2 --bind-to core ranks --batch 128          weak scaling: 64 rows each
//
// With --simulate N, ranks are threads of this process that sleep for their computation, and messages take the time of
// a network; the exchange is that of training. It prints the efficiency beside that of the formula in
// docs/many-machines.md.
#include <recur/distributed/connect.h>
#include <recur/distributed/thread_links.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/losses.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/optim/optimizers.h>
#include <recur/train/loop/sum_gradients.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using namespace recur;
using Clock = std::chrono::steady_clock;

struct Options {
  Index layers = 2, units = 512, batch = 64, time = 64, steps = 20, local_steps = 1;
  int threads = 1, simulate = 0;
  double compute = 0.05, megabytes = 4, latency = 30, bandwidth = 1.15;
  bool bf16 = false, json = false;
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

struct Times {
  std::vector<double> step, compute, wait, sum, update;
};

void print(const Options& options, Index ranks, const Times& times, double sent) {
  const char* const form =
      options.json
          ? "{{\"ranks\":{},\"batch\":{},\"step_ms\":{:.3f},\"compute_ms\":{:.3f},\"wait_ms\":{:.3f},\"sum_ms\":{:.3f},"
            "\"update_ms\":{:.3f},\"sent_mb\":{:.2f},\"rows_per_second\":{:.1f}}}\n"
          : "{} ranks, batch {}: a step {:.2f} ms, forward and backward {:.2f}, waiting {:.2f}, sum {:.2f}, update "
            "{:.2f}; "
            "{:.2f} MB sent a step, {:.1f} rows/s\n";
  const double step = median(times.step);
  fmt::print(fmt::runtime(form), ranks, options.batch, 1e3 * step, 1e3 * median(times.compute),
             1e3 * median(times.wait), 1e3 * median(times.sum), 1e3 * median(times.update), sent / 1e6,
             static_cast<double>(options.batch) / step);
}

void measure(const Options& options, World* world) {
  set_threads(options.threads);
  const Share share = world == nullptr ? Share() : world->share();
  const Index rows = share.count(options.batch);
  std::vector<AnyCell> cells;
  for (Index layer = 0; layer < options.layers; ++layer) cells.emplace_back(LSTMCell(options.units));
  RNN model(std::move(cells), {.return_sequences = true});
  Builder builder(options.units, DType::float32, Generator(1));
  model.build(builder);
  const auto list = parameters(model);
  auto optimizer = optim::adam({.learning_rate = 1e-4, .clip = {.global_norm = 1}});
  Tensor<float> x({rows, options.time, options.units}), y({rows, options.time, options.units});
  Generator generator(static_cast<std::uint64_t>(share.rank) + 7);
  for (Tensor<float>* numbers : {&x, &y})
    for (float& value : numbers->values()) value = static_cast<float>(generator.uniform(-1, 1));
  Array seed(Shape{}, DType::float32);
  seed.fill(static_cast<double>(rows) / static_cast<double>(options.batch));
  const ExchangeOptions exchange{.wire = options.bf16 ? World::Wire::bf16 : World::Wire::exact};
  Tape tape;
  Times times;
  constexpr Index warm_up = 3;
  std::uint64_t sent = 0;
  for (Index step = -warm_up; step < options.steps; ++step) {
    const auto begin = Clock::now();
    tape.backward(mean_squared_error(model(tape.borrow(x)), tape.borrow(y)), seed);
    const auto computed = Clock::now();
    if (world != nullptr) (void)world->any(false);
    const auto together = Clock::now();
    if (step == 0 && world != nullptr) sent = world->bytes_sent();
    if (world != nullptr) sum_gradients(*world, list, exchange);
    const auto summed = Clock::now();
    optimizer.step(list);
    tape.reset();
    if (step < 0) continue;
    times.step.push_back(seconds_since(begin));
    times.compute.push_back(std::chrono::duration<double>(computed - begin).count());
    times.wait.push_back(std::chrono::duration<double>(together - computed).count());
    times.sum.push_back(std::chrono::duration<double>(summed - together).count());
    times.update.push_back(seconds_since(summed));
  }
  const std::uint64_t all = world == nullptr ? 0 : world->bytes_sent() - sent;
  if (world == nullptr || world->leads())
    print(options, share.ranks, times, static_cast<double>(all) / static_cast<double>(options.steps));
}

// docs/many-machines.md: 2α + 2 (N-1)/N · S/β for the sum, α for the headers.
double formula(const Options& o) {
  const double n = o.simulate, alpha = 1e-6 * o.latency, bytes = 1e6 * o.megabytes * (o.bf16 ? 0.5 : 1);
  const double sum = 3 * alpha + 2 * (n - 1) / n * bytes / (1e9 * o.bandwidth);
  const double compute = o.compute * static_cast<double>(o.local_steps);
  return compute / (compute + sum);
}

void simulate(const Options& o) {
  auto links = distributed::thread_links(o.simulate, {.latency = 1e-6 * o.latency, .bandwidth = 1e9 * o.bandwidth});
  std::vector<double> took(links.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < links.size(); ++i)
    threads.emplace_back([&, i] {
      distributed::LinkWorld world([&, i] { return std::move(links[i]); }, {.patience = 60}, true);
      std::vector<float> gradient(static_cast<std::size_t>(1e6 * o.megabytes / 4), 1);
      const std::span<float> part(gradient);
      (void)world.any(false);
      const auto begin = Clock::now();
      for (Index step = 0; step < o.steps; ++step) {
        std::this_thread::sleep_for(std::chrono::duration<double>(o.compute * static_cast<double>(o.local_steps)));
        world.sum(World::Parts(&part, 1), o.bf16 ? World::Wire::bf16 : World::Wire::exact);
      }
      took[i] = seconds_since(begin) / static_cast<double>(o.steps);
    });
  for (std::thread& thread : threads) thread.join();
  const double step = *std::ranges::max_element(took);
  const double compute = o.compute * static_cast<double>(o.local_steps);
  fmt::print("{} ranks, {} MB, {} us, {} GB/s, {:.1f} ms of computation: efficiency {:.3f}, by the formula {:.3f}\n",
             o.simulate, o.megabytes, o.latency, o.bandwidth, 1e3 * compute, compute / step, formula(o));
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times a training step of several ranks: started alone or by mpirun.");
  Options o;
  app.add_option("--layers", o.layers, "LSTM layers")->check(CLI::PositiveNumber);
  app.add_option("--units", o.units, "Units and features")->check(CLI::PositiveNumber);
  app.add_option("--batch", o.batch, "Rows of all ranks")->check(CLI::PositiveNumber);
  app.add_option("--time", o.time, "Time steps")->check(CLI::PositiveNumber);
  app.add_option("--steps", o.steps, "Training steps to time")->check(CLI::PositiveNumber);
  app.add_option("--threads", o.threads, "Threads of a rank")->check(CLI::PositiveNumber);
  app.add_flag("--bf16", o.bf16, "Send gradients in half the bytes");
  app.add_flag("--json", o.json, "One JSON object");
  app.add_option("--simulate", o.simulate, "Ranks to simulate by threads that sleep")->check(CLI::Range(2, 1024));
  app.add_option("--local-steps", o.local_steps, "Simulated steps between exchanges")->check(CLI::PositiveNumber);
  app.add_option("--compute", o.compute, "Simulated seconds of computation a step")->check(CLI::PositiveNumber);
  app.add_option("--megabytes", o.megabytes, "Simulated gradient")->check(CLI::PositiveNumber);
  app.add_option("--latency", o.latency, "Simulated microseconds a message");
  app.add_option("--bandwidth", o.bandwidth, "Simulated GB/s, each way of each rank")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  if (o.simulate > 0) {
    simulate(o);
    return 0;
  }
  const auto world = distributed::connect();
  measure(o, world.get());
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "ranks: {}\n", error.what());
  return 2;
}
