// Times one sample through RTNeural's compile-time LSTM and a dense layer with one output, as inference_step.cpp times
// Recur's. Built where RTNeural is found (RECUR_RTNEURAL_DIR).
#include "../common/median_step.h"

#include <RTNeural/RTNeural.h>

#include <cstdio>
#include <random>

namespace {

std::vector<std::vector<float>> random(int rows, int cols) {
  static std::mt19937 generator(1);
  std::uniform_real_distribution<float> numbers(-0.3F, 0.3F);
  std::vector<std::vector<float>> matrix(static_cast<std::size_t>(rows),
                                         std::vector<float>(static_cast<std::size_t>(cols)));
  for (auto& row : matrix)
    for (float& x : row) x = numbers(generator);
  return matrix;
}

template <int units>
void run() {
  RTNeural::ModelT<float, 1, 1, RTNeural::LSTMLayerT<float, 1, units>, RTNeural::DenseT<float, units, 1>> model;
  auto& lstm = model.template get<0>();
  lstm.setWVals(random(1, 4 * units));
  lstm.setUVals(random(units, 4 * units));
  auto bias = random(1, 4 * units)[0];
  lstm.setBVals(bias);
  auto& dense = model.template get<1>();
  dense.setWeights(random(1, units));
  const float zero = 0;
  dense.setBias(&zero);
  model.reset();
  volatile float sink = 0;
  const double time = recur::bench::nanoseconds_of_step(0.5, [&](int i) {
    const float x = static_cast<float>(i & 7) * 0.1F;
    sink = model.forward(&x);
  });
  std::printf("{\"program\":\"rtneural\",\"units\":%d,\"lstm\":%.1f}\n", units, time);
}

}  // namespace

int main() {
  run<8>();
  run<16>();
  run<20>();
  run<40>();
  run<64>();
}
