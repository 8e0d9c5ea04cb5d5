#include <recur/interop/onnx/onnx_import.h>
#include <recur/interop/onnx/onnx_writer.h>
#include <recur/layers/batch_normalization.h>
#include <recur/layers/conv1d.h>

#include <cmath>

#include "model_fixture.h"

using namespace recur;
using namespace recur::interop;
using namespace std::string_literals;

namespace {

struct Fixture : ModelFixture {
  std::filesystem::path path = file("m.onnx");

  /// Of what is read from what was written, to the model itself.
  [[nodiscard]] double round_trip(const std::string& layers) const {
    Sequential own = make(layers, 3);
    write_onnx(path, own, about(3));
    return difference(own, about(3), path);
  }
  [[nodiscard]] std::string notes() const {
    std::string all;
    for (const std::string& note : read_onnx(path).notes) all += note + "\n";
    return all;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(onnx_import, Fixture)

// Weights only change places, so that all bits come back.
BOOST_AUTO_TEST_CASE(recurrent_layers_come_back) {
  for (const char* options : {"", R"(,"return_sequences":true)", R"(,"go_backwards":true)",
                              R"(,"go_backwards":true,"return_sequences":true)", R"(,"use_bias":false)"})
    for (const char* kind : {"LSTM", "GRU", "SimpleRNN"})
      BOOST_TEST(round_trip(R"({"class_name":")"s + kind + R"(","config":{"units":4)" + options + "}}") == 0);
  BOOST_TEST(round_trip(R"({"class_name":"GRU","config":{"units":4,"reset_after":false}})") == 0);
  BOOST_TEST(
      round_trip(
          R"({"class_name":"LSTM","config":{"units":4,"separate_bias":true,"recurrent_activation":"hard_sigmoid","activation":"softsign"}})") ==
      0);
}

BOOST_AUTO_TEST_CASE(stacks_and_heads_come_back) {
  for (const char* sequences : {"true", "false"})
    BOOST_TEST(
        round_trip(
            R"({"class_name":"LSTM","config":{"units":5,"return_sequences":true}},
            {"class_name":"Bidirectional","config":{"layer":{"class_name":"GRU","config":{"units":4,"return_sequences":)"s +
            sequences +
            R"(}}}},{"class_name":"LayerNormalization","config":{}},{"class_name":"Dense","config":{"units":2,"activation":"softmax"}})") ==
        0);
  BOOST_TEST(round_trip(R"({"class_name":"Dense","config":{"units":4,"activation":"relu","use_bias":false}},
    {"class_name":"SimpleRNN","config":{"units":4,"activation":"relu"}},{"class_name":"Activation","config":{"activation":"elu"}})") ==
             0);
}

BOOST_AUTO_TEST_CASE(convolutions_come_back) {
  for (const char* options :
       {"", R"(,"padding":"causal","dilation_rate":2)", R"(,"padding":"same","activation":"relu")",
        R"(,"padding":"same","strides":2)", R"(,"strides":2,"use_bias":false)"})
    BOOST_TEST(
        round_trip(R"({"class_name":"Conv1D","config":{"filters":4,"kernel_size":2)"s + options +
                   R"(}},{"class_name":"GRU","config":{"units":3}},{"class_name":"Dense","config":{"units":2}})") == 0,
        options);
}

// The file has a factor and a shift, which are float32: seven digits.
BOOST_AUTO_TEST_CASE(normalizations_come_back_as_factors) {
  for (const char* options : {"", R"("center":false)", R"("scale":false,"epsilon":0.01)"}) {
    Sequential own = make(R"({"class_name":"Conv1D","config":{"filters":4,"kernel_size":2}},
      {"class_name":"BatchNormalization","config":{)"s +
                              options + R"(}},{"class_name":"LSTM","config":{"units":3}})",
                          3);
    own.layers()[1].as<BatchNormalization>().moving_variance.edit().fill(0.7);
    write_onnx(path, own, about(3));
    BOOST_TEST(difference(own, about(3), path) < 1e-6, options);
  }
}

// What PyTorch 1.13 writes and computes of transpose, pad, Conv1d, BatchNorm1d, relu, MaxPool1d, Conv1d,
// AdaptiveAvgPool1d, squeeze and Linear, of inputs sin(0.7 i).
BOOST_AUTO_TEST_CASE(a_front_end_of_pytorch_is_read) {
  const ModelDescription read = read_onnx(RECUR_SOURCE_DIR "/tests/interop/data/front_end.onnx");
  BOOST_TEST(read.features == 2);
  Sequential model = build(read);
  BOOST_TEST((model.layers().front().as<Conv1D>().options().padding == Padding::causal));
  Tensor<float> x(Shape{2, 13, 2});
  for (std::size_t i = 0; i < x.values().size(); ++i)
    x.values()[i] = static_cast<float>(std::sin(0.7 * static_cast<double>(i)));
  const Tensor<float> y = run(model, read, x);
  const std::vector<double> wanted = {-0.1175714, 0.0874214, -0.1164119, 0.0826251};
  BOOST_REQUIRE_EQUAL(y.values().size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i)
    BOOST_TEST(std::abs(static_cast<double>(y.values()[i]) - wanted[i]) < 1e-6);
}

BOOST_AUTO_TEST_CASE(ids_come_back) {
  Sequential own = make(R"({"class_name":"Embedding","config":{"input_dim":7,"output_dim":3}},
    {"class_name":"LSTM","config":{"units":4}})",
                        1);
  write_onnx(path, own, about(1));
  const ModelDescription read = read_onnx(path);
  BOOST_TEST(read.features == 1);
  Sequential other = build(read);
  const std::vector<NamedParameter> expected = parameters(own);
  const std::vector<NamedParameter> found = parameters(other);
  BOOST_REQUIRE_EQUAL(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    BOOST_TEST(found[i].parameter->value().to_doubles() == expected[i].parameter->value().to_doubles());
}

BOOST_AUTO_TEST_CASE(states_that_are_inputs_are_left_out_and_said) {
  Sequential own = make(R"({"class_name":"LSTM","config":{"name":"a","units":4,"return_sequences":true}})", 3);
  write_onnx(path, own, about(3), true);
  BOOST_TEST(difference(own, about(3), path) == 0);
  BOOST_TEST(notes().find("initial states of 'a'") != std::string::npos);
  BOOST_TEST(notes().find("'a.h_out'") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
