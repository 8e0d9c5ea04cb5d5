#include <recur/layers/batch_normalization.h>

#include "onnx_fixture.h"

using namespace recur;
using namespace recur::interop;
using namespace std::string_literals;

namespace {

// Protobuf by hand: a tag and a varint, or a tag, a length and bytes.
std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value > 127; value >>= 7U) bytes += static_cast<char>((value & 127U) | 128U);
  return bytes + static_cast<char>(value);
}
std::string number(int field, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(field) << 3U) + varint(value);
}
std::string bytes(int field, const std::string& value) {
  return varint(static_cast<std::uint64_t>(field) << 3U | 2U) + varint(value.size()) + value;
}

std::string node(const std::string& op, const std::string& attributes = "") {
  return bytes(1, bytes(1, "x") + bytes(2, "y") + bytes(3, "n") + bytes(4, op) + attributes);
}
std::string model(const std::string& graph, std::uint64_t opset = 17) {
  const std::string ends = bytes(11, bytes(1, "x")) + bytes(12, bytes(1, "y"));
  return number(1, 8) + bytes(8, number(2, opset)) + bytes(7, graph + ends);
}
std::string initializer(const std::string& fields) { return bytes(5, fields); }

struct Fixture : OnnxFixture {
  [[nodiscard]] bool run_refused(const std::string& text, const std::string& reason) const {
    write(path, text);
    try {
      const OnnxModel onnx(path);
      (void)onnx.run({{"x", {OnnxTensor::Kind::real, {2, 3}, std::vector<double>(6, 1.0)}}});
    } catch (const Error& error) {
      BOOST_TEST_MESSAGE(error.what());
      return std::string(error.what()).find(reason) != std::string::npos;
    }
    return false;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(onnx_models, Fixture)

BOOST_AUTO_TEST_CASE(what_is_written_computes_the_same) {
  for (const char* options : {"", R"(,"return_sequences":true)", R"(,"go_backwards":true)",
                              R"(,"go_backwards":true,"return_sequences":true)", R"(,"use_bias":false)"})
    for (const char* kind : {"LSTM", "GRU", "SimpleRNN"})
      BOOST_TEST(difference_of(R"({"class_name":")"s + kind + R"(","config":{"units":4)" + options + "}}") < rounding);
  BOOST_TEST(difference_of(R"({"class_name":"GRU","config":{"units":4,"reset_after":false}})") < rounding);
  BOOST_TEST(
      difference_of(
          R"({"class_name":"LSTM","config":{"units":4,"separate_bias":true,"recurrent_activation":"hard_sigmoid","activation":"softsign"}})") <
      rounding);
}

BOOST_AUTO_TEST_CASE(directions_and_heads_compute_the_same) {
  for (const char* sequences : {"true", "false"})
    BOOST_TEST(
        difference_of(
            R"({"class_name":"Bidirectional","config":{"layer":{"class_name":"LSTM","config":{"units":4,"return_sequences":)"s +
            sequences +
            R"(}}}},{"class_name":"LayerNormalization","config":{}},{"class_name":"Dense","config":{"units":2,"activation":"softmax"}})") <
        rounding);
  BOOST_TEST(
      difference_of(R"({"class_name":"SimpleRNN","config":{"units":4,"return_sequences":true,"activation":"relu"}},
    {"class_name":"TimeDistributed","config":{"layer":{"class_name":"Dense","config":{"units":2,"activation":"elu"}}}})") <
      rounding);
}

// Steps that go on from the states of the last ones equal one sequence.
BOOST_AUTO_TEST_CASE(convolutions_compute_the_same) {
  for (const char* options :
       {"", R"(,"padding":"same")", R"(,"padding":"same","strides":2)", R"(,"padding":"causal","dilation_rate":3)",
        R"(,"use_bias":false,"activation":"relu","strides":2)"})
    BOOST_TEST(difference_of(R"({"class_name":"Conv1D","config":{"filters":4,"kernel_size":2)"s + options + "}}") <
               rounding);
  // Its moving variance must be positive.
  Sequential own = make(
      R"({"class_name":"BatchNormalization","config":{"epsilon":0.01}},{"class_name":"BatchNormalization","config":{"center":false,"scale":false}},
  {"class_name":"Flatten","config":{"steps":5}},{"class_name":"Dense","config":{"units":2}})",
      3);
  for (const std::size_t layer : {0U, 1U})
    own.layers()[layer].as<BatchNormalization>().moving_variance.edit().fill(0.7);
  write_onnx(path, own, about(3));
  const Tensor<float> x = input(2, 5, 3), y = run(own, about(3), x);
  const std::vector<double> other = computed(x);
  BOOST_REQUIRE_EQUAL(other.size(), y.values().size());
  for (std::size_t i = 0; i < other.size(); ++i)
    BOOST_TEST(std::abs(other[i] - static_cast<double>(y.values()[i])) < rounding);
}

BOOST_AUTO_TEST_CASE(states_go_in_and_out) {
  Sequential own = make(R"({"class_name":"LSTM","config":{"name":"a","units":4,"return_sequences":true}})", 3);
  write_onnx(path, own, about(3), true);
  const OnnxModel onnx(path);
  const Tensor<float> x = input(1, 4, 3);
  const Tensor<float> whole = run(own, about(3), x);
  OnnxTensor h{OnnxTensor::Kind::real, {1, 1, 4}, std::vector<double>(4, 0.0)};
  OnnxTensor c = h;
  for (std::size_t t = 0; t < 4; ++t) {
    OnnxTensor step{OnnxTensor::Kind::real, {1, 1, 3}, {}};
    for (std::size_t i = 0; i < 3; ++i) step.numbers.push_back(x.values()[3 * t + i]);
    auto results = onnx.run({{"x", step}, {"a.h", h}, {"a.c", c}});
    for (std::size_t i = 0; i < 4; ++i)
      BOOST_TEST(std::abs(results.at("y").numbers[i] - static_cast<double>(whole.values()[4 * t + i])) < rounding);
    h = results.at("a.h_out");
    c = results.at("a.c_out");
  }
}

BOOST_AUTO_TEST_CASE(broken_files_are_refused) {
  BOOST_TEST(!run_refused(model(node("Relu")), ""));
  BOOST_TEST(run_refused(model(node("Relu")).substr(0, 20), "cut short"));
  BOOST_TEST(run_refused(model(node("GRU"), 6), "opset 6"));
  BOOST_TEST(
      run_refused(model(node("Relu") + initializer(number(2, 1) + bytes(8, "w") + bytes(13, bytes(1, "location")))),
                  "external data"));
  BOOST_TEST(run_refused(
      model(node("Relu") + initializer(number(1, 5) + number(2, 1) + bytes(8, "w") + bytes(9, std::string(8, '\0')))),
      "holds 2 numbers"));
  BOOST_TEST(run_refused(model(node("Relu") + initializer(number(2, 8) + bytes(8, "w"))), "type 8"));
  BOOST_TEST(run_refused(model(bytes(1, bytes(1, "x") + bytes(2, "y") + bytes(4, "Relu") + bytes(7, "com.example"))),
                         "com.example"));
}

// Numbers by Python's math, of x = 1.
BOOST_AUTO_TEST_CASE(functions_are_those_of_the_text) {
  const auto first = [&](const std::string& op, const std::string& attributes = "", std::uint64_t opset = 17) {
    write(path, model(node(op, attributes), opset));
    return OnnxModel(path)
        .run({{"x", {OnnxTensor::Kind::real, {2, 3}, std::vector<double>(6, 1.0)}}})
        .at("y")
        .numbers[0];
  };
  constexpr double digits = 1e-12;
  BOOST_TEST(std::abs(first("Gelu", "", 20) - 0.841344746068543) < digits);
  BOOST_TEST(std::abs(first("Mish", "", 18) - 0.865098388267294) < digits);
  BOOST_TEST(std::abs(first("Swish", "", 24) - 0.731058578630005) < digits);
  BOOST_TEST(first("Celu") == 1);
  const auto axis = [](std::uint64_t value) { return bytes(5, bytes(1, "axis") + number(3, value) + number(20, 2)); };
  BOOST_TEST(std::abs(first("Softmax", axis(0)) - 1.0 / 2) < digits);
  BOOST_TEST(std::abs(first("Softmax", axis(1)) - 1.0 / 3) < digits);
  // Before opset 13 an axis takes those behind it along.
  BOOST_TEST(std::abs(first("Softmax", axis(0), 12) - 1.0 / 6) < digits);
}

BOOST_AUTO_TEST_CASE(a_loop_that_does_not_end_is_given_up) {
  const auto value = [](int field, const char* name) { return bytes(field, bytes(1, name)); };
  const std::string body = bytes(1, bytes(1, "go") + bytes(2, "goes") + bytes(4, "Identity")) + value(11, "round") +
                           value(11, "go") + value(12, "goes");
  const std::string attribute = bytes(5, bytes(1, "body") + bytes(6, body) + number(20, 5));
  const std::string loop = bytes(1, bytes(1, "") + bytes(1, "") + bytes(4, "Loop") + attribute);
  BOOST_TEST(run_refused(model(loop + node("Relu")), "computes more than"));
}

BOOST_AUTO_TEST_CASE(operators_that_are_not_computed_are_refused_by_name) {
  BOOST_TEST(run_refused(model(node("Loop")), "there is no body"));
  BOOST_TEST(run_refused(model(node("NonMaxSuppression")), "NonMaxSuppression"));
  const std::string clip = bytes(5, bytes(1, "clip") + varint(2U << 3U | 5U) + "\0\0\x80\x3F"s + number(20, 1));
  BOOST_TEST(run_refused(model(node("LSTM", clip)), "clip"));
  const std::string axis = bytes(5, bytes(1, "axis") + number(3, 7) + number(20, 2));
  BOOST_TEST(run_refused(model(node("Softmax", axis)), "axis 7"));
  // A graph of a few bytes asks for 2^40 zeros.
  const std::string shape =
      initializer(number(1, 2) + number(2, 7) + bytes(8, "x2") + bytes(7, varint(1U << 20U) + varint(1U << 20U)));
  BOOST_TEST(
      run_refused(model(bytes(1, bytes(1, "x2") + bytes(2, "y") + bytes(4, "ConstantOfShape")) + shape), "elements"));
}

BOOST_AUTO_TEST_SUITE_END()
