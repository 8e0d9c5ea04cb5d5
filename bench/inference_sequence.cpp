// Times a stack of LSTMs over a sequence: by Inference, and by a tape that records nothing. Milliseconds a sequence.
//
//   inference_sequence --layers 2 --hidden 128 --batch 1 --time 100 --json
#include "common/timing.h"

#include <recur/framework/threads/parallel.h>
#include <recur/layers/inference/inference.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace {

using namespace recur;

/// Milliseconds of one call: the median, after one call to warm up.
template <class Run>
double milliseconds(double seconds, Run run) {
  run();
  std::vector<double> times;
  const auto start = bench::Clock::now();
  while (times.size() < 5 || bench::seconds_since(start) < seconds) times.push_back(1e3 * bench::seconds_of(run));
  return bench::median(times);
}

}  // namespace

int main(int argc, char** argv) {
  Index layers = 2;
  Index hidden = 128;
  Index batch = 1;
  Index time = 100;
  double seconds = 1;
  bool json = false;
  CLI::App app("Times a stack of LSTMs over a sequence without a tape.");
  app.add_option("--layers", layers);
  app.add_option("--hidden", hidden, "Units of each layer, and features");
  app.add_option("--batch", batch);
  app.add_option("--time", time);
  app.add_option("--seconds", seconds, "For each figure");
  app.add_flag("--json", json, "One JSON object on standard output");
  CLI11_PARSE(app, argc, argv);
  set_threads(1);
  std::vector<AnyLayer> list;
  for (Index i = 0; i < layers; ++i) list.emplace_back(LSTM(hidden, {}, {.return_sequences = true}));
  Sequential model(std::move(list));
  Builder builder(hidden, DType::float32, Generator(1));
  model.build(builder);
  Tensor<float> x({batch, time, hidden});
  std::fill(x.values().begin(), x.values().end(), 0.1F);
  std::vector<float> y(static_cast<std::size_t>(batch * time * hidden));

  Inference inference(model, hidden, {.streams = batch});
  const double direct =
      milliseconds(seconds, [&] { inference.run(std::span<const float>(x.values()), std::span<float>(y)); });
  Tape tape;
  const NoGradient guard(tape);
  const double taped = milliseconds(seconds, [&] {
    (void)model(tape.constant(x));
    tape.reset();
  });
  if (json)
    fmt::print("{}\n", nlohmann::ordered_json{{"program", "recur"},
                                              {"layers", layers},
                                              {"hidden", hidden},
                                              {"batch", batch},
                                              {"time", time},
                                              {"inference", direct},
                                              {"tape", taped}}
                           .dump());
  else
    fmt::print("{} layers of {}, batch {}, {} steps: Inference {:.3f} ms, tape {:.3f} ms\n", layers, hidden, batch,
               time, direct, taped);
}
