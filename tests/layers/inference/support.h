#pragma once

#include "../support.h"

#include <recur/layers/inference/inference.h>
#include <recur/layers/sequential.h>

namespace recur::test {

/// What the model says of `[batch, time, features]`, on a tape of its number type.
inline std::vector<double> outputs_of(Sequential& model, const Tensor<double>& inputs) {
  Tape tape(parameters(model).empty() ? DType::float32 : parameters(model).front().parameter->dtype());
  const NoGradient inference(tape);
  return model(tape.constant(inputs)).to_doubles();
}

inline std::vector<float> floats(const Tensor<double>& x) { return {x.values().begin(), x.values().end()}; }

/// The largest difference.
inline double difference(const std::vector<float>& a, const std::vector<double>& b) {
  BOOST_REQUIRE_EQUAL(a.size(), b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
  return largest;
}

/// Outputs step by step, `[streams, time, …]`.
inline std::vector<float> stepped(Inference& inference, const std::vector<float>& inputs) {
  const auto streams = static_cast<std::size_t>(inference.streams());
  const auto in = static_cast<std::size_t>(inference.input_size());
  const auto out = static_cast<std::size_t>(inference.output_size());
  const std::size_t time = inputs.size() / (streams * in);
  std::vector<float> x(streams * in), y(streams * out), all(streams * time * out);
  for (std::size_t t = 0; t < time; ++t) {
    for (std::size_t s = 0; s < streams; ++s) std::copy_n(inputs.data() + (s * time + t) * in, in, x.data() + s * in);
    inference.step(x, y);
    for (std::size_t s = 0; s < streams; ++s) std::copy_n(y.data() + s * out, out, all.data() + (s * time + t) * out);
  }
  return all;
}

}  // namespace recur::test
