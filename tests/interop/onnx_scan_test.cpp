#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/layer_norm.h>
#include <recur/layers/dense.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/torch/torch_rnn.h>

#include "onnx_fixture.h"

using namespace recur;
using namespace recur::interop;
using namespace std::string_literals;

namespace {

/// A cell without a config that hands one state on as another, and joins numbers that depend on the input with others
/// that do not.
class OwnCell {
 public:
  struct State {
    Var h;
    Var older;
  };
  explicit OwnCell(Index units) : units_(units) {}
  [[nodiscard]] StateSize state_size() const { return {units_, units_}; }
  [[nodiscard]] Index output_size() const { return 2 * units_; }
  [[nodiscard]] State get_initial_state(Tape& tape, Index batch) const {
    return {tape.filled({batch, units_}, 0.25), tape.filled({batch, units_}, -0.5)};
  }
  void build(Builder& build) {
    build(kernel_, {build.input_size + units_, units_}, glorot_uniform());
    build(gain_, {units_}, ones());
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel_, gain_); }
  [[nodiscard]] Step<State> call(Var x, State s) {
    const std::array parts = {x, s.older};
    const Var z = matmul(concat(parts, -1), kernel_) + s.h;
    const Var normal = layer_norm(z, x.tape().leaf(gain_), Var(), 1e-3);
    const Var h = fuse(
        [](auto n, auto h0) {
          const auto large = greater(n, 0.3);
          return where(large, min(exp(n), 1.5), log(1.0 + square(h0)) / 3.0 - abs(n) + max(n, -0.5));
        },
        normal, s.h);
    const std::array outputs = {h, x.tape().filled({x.rows(), units_}, 0.5)};
    return {concat(outputs, -1), {h, s.h}};
  }

 private:
  Index units_;
  Parameter kernel_{"kernel"}, gain_{"gain"};
};

struct OwnLayer {
  Var operator()(Var x) const { return tanh(x) * 0.5 + x; }
};

/// Steps that equal the mask value at the beginning, in the middle and at the end of sequences.
Tensor<float> with_gaps(double mask_value) {
  Tensor<float> x = ModelFixture::input(3, 6, 3);
  const std::vector<std::vector<Index>> gaps = {{0, 1}, {2, 4}, {4, 5}};
  for (std::size_t row = 0; row < gaps.size(); ++row)
    for (const Index step : gaps[row])
      for (Index i = 0; i < 3; ++i) x(static_cast<Index>(row), step, i) = static_cast<float>(mask_value);
  return x;
}

std::string layer(const std::string& kind, const std::string& options) {
  return R"({"class_name":")" + kind + R"(","config":{)" + options + "}}";
}

void build(Sequential& model, Index features) {
  Builder builder(features, DType::float32, Generator(5));
  model.build(builder);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(onnx_scan, OnnxFixture)

BOOST_AUTO_TEST_CASE(masked_layers_compute_the_same) {
  const auto masked = [&](const std::string& layers) {
    Sequential own = make(layer("Masking", R"("mask_value":0.25)") + "," + layers, 3);
    return difference_of(own, with_gaps(0.25));
  };
  for (const char* kind : {"LSTM", "GRU", "SimpleRNN"})
    for (const char* options :
         {"", R"(,"return_sequences":true)", R"(,"return_sequences":true,"zero_output_for_mask":true)",
          R"(,"go_backwards":true)", R"(,"zero_output_for_mask":true)"})
      BOOST_TEST(masked(layer(kind, R"("units":4)"s + options)) < rounding, kind << options);
  // The mask goes on with the sequence, in the order of its steps.
  for (const char* options : {"", R"(,"go_backwards":true)"})
    BOOST_TEST(masked(layer("GRU", R"("units":4,"return_sequences":true)"s + options) + "," +
                      layer("TimeDistributed", R"("layer":)" + layer("Dense", R"("units":3)")) + "," +
                      layer("LSTM", R"("units":2)")) < rounding);
}

BOOST_AUTO_TEST_CASE(masked_directions_compute_the_same) {
  for (const char* merge : {"concat", "sum", "mul", "ave"})
    for (const char* sequences : {"true", "false"}) {
      const std::string both =
          layer("Bidirectional", R"("merge_mode":")"s + merge + R"(","layer":)" +
                                     layer("LSTM", R"("units":4,"return_sequences":)"s + sequences)) +
          "," + layer("Dense", R"("units":2)");
      Sequential own = make(layer("Masking", "") + "," + both, 3);
      BOOST_TEST(difference_of(own, with_gaps(0)) < rounding, merge << sequences);
      BOOST_TEST(difference_of(both) < rounding, merge << sequences << " without a mask");
    }
}

BOOST_AUTO_TEST_CASE(padding_ids_are_skipped) {
  Sequential own = make(
      layer("Embedding", R"("input_dim":5,"output_dim":3,"mask_zero":true)") + "," + layer("LSTM", R"("units":4)"), 1);
  write_onnx(path, own, about(1));
  const std::vector<std::int32_t> ids = {1, 2, 0, 3, 0, 0, 0, 4, 1, 0};
  Tape tape;
  const Var y = own(tape, ids, {2, 5});
  const auto other =
      OnnxModel(path).run({{"x", {OnnxTensor::Kind::integer, {2, 5}, std::vector<double>(ids.begin(), ids.end())}}});
  const std::vector<double> expected = y.to_doubles();
  BOOST_REQUIRE_EQUAL(other.at("y").numbers.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    BOOST_TEST(std::abs(other.at("y").numbers[i] - expected[i]) < rounding);
}

BOOST_AUTO_TEST_CASE(cells_that_onnx_does_not_know_compute_the_same) {
  for (const char* cell : {"MGUCell", "LayerNormLSTMCell", "PeepholeLSTMCell", "CoupledLSTMCell"})
    for (const char* options : {"", R"(,"return_sequences":true)", R"(,"return_sequences":true,"go_backwards":true)"})
      BOOST_TEST(difference_of(layer("RNN", R"("cell":)" + layer(cell, R"("units":4)") + options)) < rounding,
                 cell << options);
  const std::string projected = layer("ProjectedLSTMCell", R"("units":4,"projection":2)");
  const std::string residual = layer("ResidualCell", R"("cell":)" + layer("GRUCell", R"("units":2)"));
  BOOST_TEST(difference_of(layer("RNN", R"("cell":)" + layer("StackedRNNCells", R"("cells":[)" + projected + "," +
                                                                                    residual + "]"))) < rounding);
}

// Recurrent operators of ONNX know ten functions, and no limit of the cell states.
BOOST_AUTO_TEST_CASE(functions_that_gates_of_onnx_do_not_have_compute_the_same) {
  for (const char* activation : {"gelu", "selu", "silu", "hard_silu", "mish", "relu6", "log_sigmoid"}) {
    BOOST_TEST(difference_of(layer("SimpleRNN", R"("units":4,"activation":")"s + activation + "\"")) < rounding,
               activation);
    BOOST_TEST(difference_of(layer("Dense", R"("units":4,"activation":")"s + activation + "\"")) < rounding,
               activation);
  }
  BOOST_TEST(difference_of(layer("LSTM", R"("units":4,"cell_clip":0.1)")) < rounding);
}

BOOST_AUTO_TEST_CASE(cells_and_layers_of_your_own_compute_the_same) {
  for (const bool backwards : {false, true}) {
    Sequential own(RNN(OwnCell(4), {.return_sequences = true, .go_backwards = backwards}), OwnLayer(), Dense(2));
    build(own, 3);
    BOOST_TEST(difference_of(own, input(2, 7, 3)) < rounding);
  }
  Sequential torch(TorchLSTM({.input_size = 3, .hidden_size = 4, .num_layers = 2, .batch_first = true}));
  build(torch, 3);
  BOOST_TEST(difference_of(torch, input(2, 7, 3)) < rounding);
}

BOOST_AUTO_TEST_CASE(states_of_a_scan_go_in_and_out) {
  Sequential own(RNN(OwnCell(4), {.return_sequences = true}));
  build(own, 3);
  write_onnx(path, own, about(3), true);
  const OnnxModel onnx(path);
  const Tensor<float> x = input(1, 4, 3);
  const Tensor<float> whole = run(own, about(3), x);
  OnnxTensor h{OnnxTensor::Kind::real, {1, 4}, std::vector<double>(4, 0.25)};
  OnnxTensor older{OnnxTensor::Kind::real, {1, 4}, std::vector<double>(4, -0.5)};
  for (std::size_t t = 0; t < 4; ++t) {
    OnnxTensor step{OnnxTensor::Kind::real, {1, 1, 3}, {}};
    for (std::size_t i = 0; i < 3; ++i) step.numbers.push_back(x.values()[3 * t + i]);
    auto results = onnx.run({{"x", step}, {"rnn.state0", h}, {"rnn.state1", older}});
    for (std::size_t i = 0; i < 8; ++i)
      BOOST_TEST(std::abs(results.at("y").numbers[i] - static_cast<double>(whole.values()[8 * t + i])) < rounding);
    h = results.at("rnn.state0_out");
    older = results.at("rnn.state1_out");
  }
}

// As models of audio plugins have them.
BOOST_AUTO_TEST_CASE(states_of_the_description_are_begun_with) {
  for (const char* activation : {"tanh", "gelu"}) {
    Sequential own = make(
        layer("LSTM", R"("units":2,"return_sequences":true,"stateful":true,"activation":")"s + activation + "\""), 3);
    ModelDescription description = about(3);
    description.states.emplace_back();
    for (const double first : {0.5, -0.25}) {
      description.states[0].emplace_back(Shape{2}, DType::float32);
      description.states[0].back().assign(std::vector<double>{first, 2 * first});
    }
    write_onnx(path, own, description);
    const Tensor<float> x = input(3, 4, 3);
    BOOST_TEST(difference_from(run(own, description, x), computed(x)) < rounding, activation);
  }
}

BOOST_AUTO_TEST_CASE(what_has_no_form_in_onnx_is_not_written) {
  const auto refused = [&](const std::string& layers, const std::string& reason) {
    Sequential own = make(layers, 3);
    BOOST_CHECK_EXCEPTION(write_onnx(path, own, about(3)), ValueError, [&](const ValueError& error) {
      return std::string(error.what()).find(reason) != std::string::npos;
    });
  };
  const std::string lstm = layer("LSTM", R"("units":4)");
  refused(layer("Bidirectional", R"("merge_mode":null,"layer":)" + lstm), "does not merge its directions");
  refused(layer("LSTM", R"("units":4,"time_major":true)"), "time_major");
  refused(layer("MaxPooling1D", ""), "a step of its output is made of several");
  refused(layer("Masking", "") + "," + layer("Conv1D", R"("filters":4,"kernel_size":2)"), "under a mask");
  refused(layer("Masking", "") + "," + layer("LayerNormalization", "") + "," + layer("Masking", "") + "," +
              layer("GlobalAveragePooling1D", ""),
          "under a mask");
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_SUITE_END()
