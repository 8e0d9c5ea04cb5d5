#include <recur/interop/c_export.h>
#include <recur/interop/export.h>
#include <recur/interop/onnx/onnx_graph.h>
#include <recur/interop/onnx/onnx_writer.h>
#include <recur/interop/trace_model.h>
#include <recur/layers/inference/inference.h>

#include <cmath>
#include <cstdlib>

#include "model_fixture.h"

using namespace recur;
using namespace recur::interop;

namespace {

constexpr const char* layers =
    R"({"class_name":"LSTM","config":{"units":5,"return_sequences":true}},{"class_name":"Dense","config":{"units":2}})";

struct Fixture : ModelFixture {
  Sequential model = make(layers, 3);

  /// A model of three columns in units of their own, the second by its logarithm, and two outputs.
  static ModelDescription scaled() {
    ModelDescription description = about(3);
    description.path.inputs.add(8137.4, 19.25, false);
    description.path.inputs.add(1.5, 0.75, true);
    description.path.inputs.add(-0.25, 3, false);
    description.path.outputs.add(75, 41.5, false);
    description.path.outputs.add(1.25, 0.5, true);
    return description;
  }
  static ModelDescription amplifier() {
    ModelDescription description = about(3);
    description.path.input_gain = 2;
    description.path.output_gain = 0.25;
    description.path.skip = 2;
    return description;
  }
  /// Numbers in the units of the columns.
  static Tensor<float> units(Index time) {
    Tensor<float> x = input(1, time, 3);
    for (std::size_t i = 0; i < x.values().size(); i += 3) {
      x.values()[i] = 8137.4F + 19.25F * x.values()[i];
      x.values()[i + 1] = 3 + 2 * x.values()[i + 1];
    }
    return x;
  }
  /// Relative to what a number may be away from 0.
  static double worst(std::span<const float> a, std::span<const float> b) {
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      most = std::max(most, static_cast<double>(std::abs(a[i] - b[i]) / (1 + std::abs(b[i]))));
    return most;
  }
  [[nodiscard]] double of_inference(const ModelDescription& description, const Tensor<float>& x) {
    const Tensor<float> expected = run(model, description, x);
    Inference inference(trace_model(model, description));
    std::vector<float> y(expected.values().size());
    inference.run(x.values(), y);
    std::vector<float> steps(y.size());
    inference.reset();
    for (std::size_t t = 0; t < y.size() / 2; ++t)
      inference.step(x.values().subspan(3 * t, 3), std::span(steps).subspan(2 * t, 2));
    return std::max(worst(y, expected.values()), worst(steps, expected.values()));
  }
};

// Sums of float in another order.
constexpr double rounding = 1e-6;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(signal_path, Fixture)

// The scales themselves, in double.
BOOST_AUTO_TEST_CASE(columns_are_scaled_as_the_text_says) {
  Sequential nothing = make(R"({"class_name":"Activation","config":{"activation":"linear"}})", 3);
  ModelDescription description = scaled();
  description.path.outputs = {};
  const Tensor<float> x = units(4);
  const Tensor<float> y = run(nothing, description, x);
  for (std::size_t i = 0; i < x.values().size(); i += 3) {
    const auto at = [&](std::size_t c) { return static_cast<double>(x.values()[i + c]); };
    const double expected[] = {(at(0) - 8137.4) / 19.25, (std::log1p(at(1)) - 1.5) / 0.75, (at(2) + 0.25) / 3};
    for (std::size_t c = 0; c < 3; ++c)
      BOOST_TEST(std::abs(static_cast<double>(y.values()[i + c]) - expected[c]) < rounding);
  }
}

BOOST_AUTO_TEST_CASE(inference_takes_and_gives_the_units) {
  BOOST_TEST(of_inference(scaled(), units(70)) < rounding);
  BOOST_TEST(of_inference(amplifier(), input(1, 70, 3)) < rounding);
  ModelDescription skip_alone = about(3);
  skip_alone.path.skip = 2;
  BOOST_TEST(of_inference(skip_alone, input(1, 70, 3)) < rounding);
}

// Of a .nam file, for instance.
BOOST_AUTO_TEST_CASE(states_of_a_file_are_where_the_model_begins) {
  ModelDescription description = amplifier();
  description.states.emplace_back();
  for (const double value : {0.25, -0.5}) {
    description.states.back().emplace_back(Shape{5}, DType::float32);
    description.states.back().back().fill(value);
  }
  Sequential stateful = make(
      R"({"class_name":"LSTM","config":{"units":5,"return_sequences":true,"stateful":true}},{"class_name":"Dense","config":{"units":2}})",
      3);
  const Tensor<float> x = input(1, 9, 3);
  const Tensor<float> expected = run(stateful, description, x);
  Inference inference(trace_model(stateful, description));
  std::vector<float> y(expected.values().size());
  inference.run(x.values(), y);
  BOOST_TEST(worst(y, expected.values()) < rounding);
  description.states.back().pop_back();
  BOOST_CHECK_THROW((void)trace_model(stateful, description), ValueError);
}

BOOST_AUTO_TEST_CASE(a_skip_must_fit) {
  ModelDescription description = amplifier();
  description.path.skip = 3;
  BOOST_CHECK_THROW((void)trace_model(model, description), ValueError);
}

BOOST_AUTO_TEST_CASE(a_c_file_takes_and_gives_the_units) {
  for (const ModelDescription& description : {scaled(), amplifier()}) {
    const Tensor<float> x = units(20);
    const std::string source = export_c(trace_model(model, description), {.test_inputs = x.values()}).source;
    write(file("m.c"), source);
    const std::string program = file("m").string();
    const std::string command = "cc -std=c99 -Wall -Wextra -Werror -pedantic -DMODEL_SELF_TEST_MAIN '" +
                                file("m.c").string() + "' -o '" + program + "' -lm && '" + program + "' >/dev/null";
    BOOST_TEST(std::system(command.c_str()) == 0);
  }
}

BOOST_AUTO_TEST_CASE(onnx_takes_and_gives_the_units) {
  for (const ModelDescription& description : {scaled(), amplifier()}) {
    const Tensor<float> x = units(6);
    const Tensor<float> expected = run(model, description, x);
    write_onnx(file("m.onnx"), model, description);
    OnnxTensor input{OnnxTensor::Kind::real, {1, 6, 3}, {x.values().begin(), x.values().end()}};
    const std::vector<double> found = OnnxModel(file("m.onnx")).run({{"x", input}}).at("y").numbers;
    const std::vector<float> y(found.begin(), found.end());
    BOOST_REQUIRE_EQUAL(y.size(), expected.values().size());
    BOOST_TEST(worst(y, expected.values()) < rounding);
  }
}

BOOST_AUTO_TEST_CASE(other_formats_have_no_place_for_scales) {
  for (const ExportFormat& format : export_formats()) {
    if (format.name.starts_with("onnx")) continue;
    BOOST_CHECK_THROW((void)format.write(file("other"), model, scaled()), ValueError);
  }
  BOOST_TEST(!std::filesystem::exists(file("other")));
}

BOOST_AUTO_TEST_SUITE_END()
