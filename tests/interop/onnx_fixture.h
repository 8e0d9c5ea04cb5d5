#pragma once

#include <recur/interop/onnx/onnx_graph.h>
#include <recur/interop/onnx/onnx_writer.h>

#include "model_fixture.h"

/// Models that are written as ONNX, and computed from the file in double.
struct OnnxFixture : ModelFixture {
  std::filesystem::path path = file("m.onnx");

  /// Sums of float32 against sums of double.
  static constexpr double rounding = 1e-6;

  [[nodiscard]] std::vector<double> computed(const recur::Tensor<float>& x) const {
    const recur::interop::OnnxModel onnx(path);
    recur::interop::OnnxTensor input;
    for (const recur::Index size : x.shape().sizes()) input.sizes.push_back(size);
    input.numbers.assign(x.values().begin(), x.values().end());
    return onnx.run({{"x", input}}).at("y").numbers;
  }
  /// Returns the largest difference between the outputs of a model and those of its file.
  [[nodiscard]] double difference_of(recur::Sequential& own, const recur::Tensor<float>& x) const {
    const recur::Index features = x.shape()[2];
    recur::interop::write_onnx(path, own, about(features));
    return difference_from(recur::interop::run(own, about(features), x), computed(x));
  }
  [[nodiscard]] double difference_of(const std::string& layers) const {
    recur::Sequential own = make(layers, 3);
    return difference_of(own, input(2, 5, 3));
  }
  static double difference_from(const recur::Tensor<float>& y, const std::vector<double>& other) {
    BOOST_REQUIRE_EQUAL(other.size(), y.values().size());
    double worst = 0;
    for (std::size_t i = 0; i < other.size(); ++i)
      worst = std::max(worst, std::abs(other[i] - static_cast<double>(y.values()[i])));
    return worst;
  }
};
