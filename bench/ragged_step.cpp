// Times a training step on sequences of different lengths, drawn evenly from --shortest to --time: padded to the
// longest with a mask, and with lengths, where no work is done on padding. Both give the same gradients.
//
//   ragged_step --layers 1 --hidden 128 --batch 64 --time 500 --shortest 5
#include "common/cells.h"
#include "common/timing.h"

#include <recur/framework/threads/parallel.h>
#include <recur/layers/recurrent/rnn.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace {

using namespace recur;

void run(const bench::StepOptions& options, Index shortest, bool even_logarithms) {
  require<ValueError>(shortest <= options.time, "--shortest {} is longer than --time {}", shortest, options.time);
  set_threads(options.threads);
  RNN rnn(bench::make_cells(options), {.return_sequences = true, .time_major = true});
  Generator generator(1);
  Builder builder(options.features(), DType::float32, generator);
  rnn.build(builder);
  const auto weights = parameters(rnn);

  std::vector<Index> lengths(static_cast<std::size_t>(options.batch));
  const double span = std::log(static_cast<double>(options.time + 1) / static_cast<double>(shortest));
  for (Index& length : lengths)
    length = even_logarithms
                 ? static_cast<Index>(static_cast<double>(shortest) * std::exp(span * generator.uniform(0, 1)))
                 : shortest + generator.below(options.time - shortest + 1);
  const Index longest = *std::max_element(lengths.begin(), lengths.end());
  Tensor<float> x({longest, options.batch, options.features()});
  for (float& value : x.values()) value = static_cast<float>(generator.uniform(-1, 1));
  Tensor<float> mask({longest, options.batch});
  Array seed({longest, options.batch, options.hidden}, DType::float32);
  for (Index t = 0; t < longest; ++t)
    for (Index b = 0; b < options.batch; ++b) {
      const bool inside = t < lengths[static_cast<std::size_t>(b)];
      mask.data()[t * options.batch + b] = inside ? 1.0F : 0.0F;
      std::fill_n(seed.as<float>().data() + (t * options.batch + b) * options.hidden, options.hidden,
                  inside ? 0.01F : 0.0F);
    }

  Tape padded_tape;  // one each, so that neither sees memory the other has used
  Tape ragged_tape;
  const auto step = [&](bool padded) {
    Tape& tape = padded ? padded_tape : ragged_tape;
    for (const NamedParameter& weight : weights) {
      static_cast<void>(weight.parameter->edit());
      weight.parameter->zero_gradient();
    }
    RNNCall call;
    if (padded) call.mask = tape.constant(mask);
    else call.lengths = lengths;
    tape.backward(rnn(tape.input(x), call), seed);
    tape.reset();
  };
  std::vector<double> padded;
  std::vector<double> ragged;
  const auto start = bench::Clock::now();
  for (int warm_up = 0; warm_up < 2; ++warm_up) step(warm_up == 0);
  // In turn, so that both see the same machine.
  while (padded.size() < 3 || bench::seconds_since(start) < options.seconds) {
    padded.push_back(1e3 * bench::seconds_of([&] { step(true); }));
    ragged.push_back(1e3 * bench::seconds_of([&] { step(false); }));
  }
  const double share = static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), Index{0})) /
                       static_cast<double>(longest * options.batch);
  const double faster = bench::median(padded) / bench::median(ragged);
  if (options.json) {
    const nlohmann::ordered_json line{{"program", "recur"},
                                      {"cell", options.cell},
                                      {"hidden", options.hidden},
                                      {"batch", options.batch},
                                      {"longest", longest},
                                      {"real_steps", share},
                                      {"ms_padded", bench::median(padded)},
                                      {"ms_ragged", bench::median(ragged)},
                                      {"times_faster", faster}};
    fmt::print("{}\n", line.dump());
  } else {
    fmt::print("{:.0f} % of {} x {} steps are real: padded {:.1f} ms, with lengths {:.1f} ms, {:.2f} times faster\n",
               100 * share, options.batch, longest, bench::median(padded), bench::median(ragged), faster);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times a training step on sequences of different lengths, padded and with lengths.");
  bench::StepOptions options;
  options.layers = 1;
  options.batch = 64;
  options.time = 500;
  Index shortest = 5;
  options.add_to(app, {"lstm", "gru", "rnn", "peephole"});
  bool even_logarithms = false;
  app.add_flag("--log", even_logarithms, "Draw the lengths' logarithms evenly rather than the lengths");
  app.add_option("--shortest", shortest, "Steps of the shortest sequence")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  run(options, shortest, even_logarithms);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "ragged_step: {}\n", error.what());
  return 2;
}
