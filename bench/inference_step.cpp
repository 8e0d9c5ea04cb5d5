// Times one sample through an LSTM and a Dense(1) with one input, as a plugin runs them: by Inference with a built-in
// cell, with an LSTM of one's own, with a cell that no kernel knows, with int8 weights, and by a tape. Nanoseconds a
// step. peers/rtneural_step.cpp times RTNeural alike.
//
//   inference_step --units 8 16 20 40 64 --json
#include "common/median_step.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/threads/parallel.h>
#include <recur/layers/cells/coupled_lstm_cell.h>
#include <recur/layers/dense.h>
#include <recur/layers/inference/inference.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <array>

namespace {

using namespace recur;

struct OwnLSTM {
  using State = LSTMState;
  Index units;
  Parameter kernel{"kernel"}, recurrent{"recurrent_kernel"}, bias{"bias"};

  [[nodiscard]] StateSize state_size() const { return {units, units}; }
  void build(Builder& build) {
    build(kernel, {build.input_size, 4 * units}, glorot_uniform());
    build(recurrent, {units, 4 * units}, orthogonal());
    build(bias, {4 * units}, zeros());
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel, recurrent, bias); }
  [[nodiscard]] Step<State> call(Var x, State s) {
    const auto [h, c] = fuse(
        [](auto i, auto f, auto g, auto o, auto c0) {
          const auto c1 = sigmoid(f) * c0 + sigmoid(i) * tanh(g);
          return std::tuple{sigmoid(o) * tanh(c1), c1};
        },
        reuse(split<4>(matmul(x, kernel) + matmul(s.h, recurrent) + bias)), s.c);
    return {h, {h, c}};
  }
};

template <class Model>
Model built(Model model) {
  Builder builder(1, DType::float32, Generator(1));
  model.build(builder);
  return model;
}

double time_of(Sequential model, double seconds, bool int8 = false) {
  Inference inference(model, 1, {.int8 = int8});
  std::array<float, 1> x{};
  std::array<float, 1> y{};
  return bench::nanoseconds_of_step(seconds, [&](int i) {
    x[0] = static_cast<float>(i & 7) * 0.1F;
    inference.step(std::span<const float>(x), y);
  });
}

double time_on_tape(Index units, double seconds) {
  LSTM rnn = built(LSTM(units, {}, {.stateful = true}));
  Tape tape;
  const NoGradient inference(tape);
  Tensor<float> x({1, 1, 1});
  return bench::nanoseconds_of_step(seconds, [&](int i) {
    x.values()[0] = static_cast<float>(i & 7) * 0.1F;
    (void)rnn(tape.constant(x));
    tape.reset();
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Index> sizes = {8, 16, 20, 40, 64};
  double seconds = 0.5;
  bool json = false;
  CLI::App app("Times one sample through a small LSTM without a tape.");
  app.add_option("--units", sizes, "Sizes of the LSTM");
  app.add_option("--seconds", seconds, "For each figure");
  app.add_flag("--json", json, "One JSON object a line");
  CLI11_PARSE(app, argc, argv);
  set_threads(1);
  const RNNOptions sequence{.return_sequences = true};
  for (const Index units : sizes) {
    const double lstm = time_of(built(Sequential(LSTM(units, {}, sequence), Dense(1))), seconds);
    const double own = time_of(built(Sequential(RNN(OwnLSTM{units}, sequence), Dense(1))), seconds);
    const double other = time_of(built(Sequential(RNN(CoupledLSTMCell(units), sequence), Dense(1))), seconds);
    const double int8 = time_of(built(Sequential(LSTM(units, {}, sequence), Dense(1))), seconds, true);
    const double tape = time_on_tape(units, seconds);
    if (json)
      fmt::print("{}\n", nlohmann::ordered_json{{"program", "recur"},
                                                {"units", units},
                                                {"lstm", lstm},
                                                {"own_lstm", own},
                                                {"coupled", other},
                                                {"int8", int8},
                                                {"tape", tape}}
                             .dump());
    else
      fmt::print("{:4} units: LSTM {:7.1f} ns, own {:7.1f}, coupled {:7.1f}, int8 {:7.1f}, tape {:7.1f}\n", units, lstm,
                 own, other, int8, tape);
  }
}
