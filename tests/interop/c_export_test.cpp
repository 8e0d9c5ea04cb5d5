#include "../layers/inference/support.h"
#include "../temporary_directory.h"

#include <recur/framework/expr/fuse.h>
#include <recur/interop/c_export.h>
#include <recur/interop/c_functions.h>
#include <recur/layers/batch_normalization.h>
#include <recur/layers/cells/coupled_lstm_cell.h>
#include <recur/layers/cells/layer_norm_lstm_cell.h>
#include <recur/layers/cells/peephole_lstm_cell.h>
#include <recur/layers/cells/projected_lstm_cell.h>
#include <recur/layers/conv1d.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/inference/trace.h>
#include <recur/layers/layer_normalization.h>
#include <recur/layers/recurrent/lstm.h>

#include <cstdlib>
#include <fstream>

using namespace recur;
using namespace recur::test;

namespace {

constexpr const char* as_c = "cc -std=c99 -Wall -Wextra -Werror -pedantic -O2";
constexpr const char* as_cpp = "c++ -x c++ -std=c++11 -Wall -Wextra -Werror -pedantic -fno-exceptions -fno-rtti -O2";

/// Compiles a file that has a main and runs it. Returns its exit status; -1 if it does not compile.
int compile_and_run(const std::string& compiler, const std::filesystem::path& folder, const std::string& source) {
  std::ofstream(folder / "main.c") << source;
  const std::string program = (folder / "program").string();
  const std::string command = compiler + " '" + (folder / "main.c").string() + "' -o '" + program + "' -lm";
  if (std::system(command.c_str()) != 0) return -1;
  const int status = std::system(("'" + program + "' >'" + program + ".out'").c_str());
  return status == 0 ? 0 : 1;
}

std::string list(const std::vector<double>& values) {
  std::string text;
  for (const double x : values) text += detail::c_number(static_cast<float>(x)) + ",\n";
  return text;
}

/// A main that runs a model called `model` over inputs and compares with outputs.
std::string main_that_compares(const std::string& file, const std::vector<double>& inputs,
                               const std::vector<double>& outputs, Index in, Index out, double tolerance) {
  return file + "\nstatic const float xs[] = {" + list(inputs) + "};\nstatic const float ys[] = {" + list(outputs) +
         "};\n" + "int main(void) {\n  static model_state s;\n  float y[" + std::to_string(out) +
         "];\n  int t, i;\n  model_reset(&s);\n  for (t = 0; t < " +
         std::to_string(outputs.size() / static_cast<std::size_t>(out)) + "; ++t) {\n    model_step(&s, xs + t * " +
         std::to_string(in) + ", y);\n    for (i = 0; i < " + std::to_string(out) +
         "; ++i)\n      if (!(fabsf(y[i] - ys[t * " + std::to_string(out) + " + i]) <= " + std::to_string(tolerance) +
         "f)) return 1;\n  }\n  return 0;\n}\n";
}

struct OwnFunction {
  static constexpr const char* name = "cubed";
  static constexpr bool keep = false;
  template <class V>
  static V value(V x) {
    return x * x * x;
  }
  template <class V>
  static V slope(V x, V) {
    return 3 * x * x;
  }
};
struct OwnLayer {
  Var operator()(Var x) const {
    return fuse([](auto z) { return map<OwnFunction>(z); }, x);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(c_export)

// Ten thousand steps against a tape in double: errors of float do not grow.
BOOST_AUTO_TEST_CASE(a_long_sequence) {
  Sequential model(LSTM(12, {}, {.return_sequences = true}), GRU(7, {}, {.return_sequences = true}), Dense(2));
  build(model, 2);
  const Tensor<double> inputs = random_tensor({1, 10000, 2});
  const auto expected = outputs_of(model, inputs);
  const CExport file = export_c(trace(model, 2));
  const TemporaryDirectory folder;
  BOOST_TEST(compile_and_run(as_c, folder.directory(),
                             main_that_compares(file.source, {inputs.values().begin(), inputs.values().end()}, expected,
                                                2, 2, 1e-5)) == 0);
}

BOOST_AUTO_TEST_CASE(cells_and_layers) {
  ProjectedLSTMCellOptions projected;
  projected.projection = 3;
  projected.proj_clip = 0.3;
  DenseOptions softmax;
  softmax.activation = Activation::softmax;
  DenseOptions elu;
  elu.activation = Activation::elu;
  LSTMCellOptions odd;
  odd.activation = Activation::softsign;
  odd.recurrent_activation = Activation::hard_sigmoid;
  GRUCellOptions before;
  before.reset_after = false;
  Sequential model(RNN(StackedRNNCells(PeepholeLSTMCell(5), CoupledLSTMCell(4), LayerNormLSTMCell(6),
                                       ProjectedLSTMCell(5, projected), LSTMCell(4, odd), GRUCell(4, before)),
                       {.return_sequences = true}),
                   LayerNormalization(), Dense(4, elu), Dense(3, softmax));
  build(model, 2);
  const Tensor<double> inputs = random_tensor({1, 200, 2});
  const auto recorded = floats(inputs);
  const auto expected = outputs_of(model, inputs);
  for (const bool header : {false, true}) {
    const CExport file = export_c(trace(model, 2), {.header = header, .test_inputs = recorded});
    const TemporaryDirectory folder;
    const std::vector<double> xs(inputs.values().begin(), inputs.values().end());
    for (const char* compiler : {as_c, as_cpp}) {
      BOOST_TEST(compile_and_run(compiler, folder.directory(),
                                 main_that_compares(file.source, xs, expected, 2, 3, 2e-5)) == 0);
      BOOST_TEST(compile_and_run(compiler, folder.directory(), "#define MODEL_SELF_TEST_MAIN\n" + file.source) == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(causal_convolutions) {
  Sequential model(Conv1D(4, 3, {.padding = Padding::causal, .activation = Activation::relu}), BatchNormalization(),
                   Conv1D(3, 2, {.padding = Padding::causal, .dilation_rate = 5}), Dense(2));
  build(model, 2);
  model.layers()[1].as<BatchNormalization>().moving_variance.edit().fill(0.7);
  const Tensor<double> inputs = random_tensor({1, 100, 2});
  const TemporaryDirectory folder;
  BOOST_TEST(compile_and_run(
                 as_c, folder.directory(),
                 main_that_compares(export_c(trace(model, 2)).source, {inputs.values().begin(), inputs.values().end()},
                                    outputs_of(model, inputs), 2, 2, 1e-5)) == 0);
}

BOOST_AUTO_TEST_CASE(the_self_test_notices_a_wrong_weight) {
  Sequential model(LSTM(4, {}, {.return_sequences = true}), Dense(1));
  build(model, 1);
  const auto recorded = floats(random_tensor({1, 20, 1}));
  std::string source = export_c(trace(model, 1), {.test_inputs = recorded}).source;
  const std::size_t at = source.find("model_w");
  const std::size_t number = source.find("\n  ", at) + 3;
  source.replace(number, source.find(',', number) - number, "3.0f");
  const TemporaryDirectory folder;
  BOOST_TEST(compile_and_run(as_c, folder.directory(), "#define MODEL_SELF_TEST_MAIN\n" + source) == 1);
}

BOOST_AUTO_TEST_CASE(int8_and_ids) {
  Sequential model(Embedding(9, 4), LSTM(32, {}, {.return_sequences = true}), Dense(9));
  build(model, 1);
  const std::vector<std::int32_t> ids = {3, 1, 4, 1, 5, 8, 2, 6, 5, 3, 5, 0};
  const Graph graph = trace(model, 0);
  const CExport whole = export_c(graph, {.name = "text_1", .test_ids = ids});
  const CExport small = export_c(graph, {.name = "text_1", .int8 = true, .test_ids = ids});
  BOOST_TEST(small.flash_bytes * 3 < whole.flash_bytes);
  BOOST_TEST(small.ram_bytes == whole.ram_bytes);
  const TemporaryDirectory folder;
  for (const CExport* file : {&whole, &small})
    for (const char* compiler : {as_c, as_cpp})
      BOOST_TEST(compile_and_run(compiler, folder.directory(), "#define TEXT_1_SELF_TEST_MAIN\n" + file->source) == 0);
  const InferenceDifference difference =
      compare(Inference(round_weights(graph)), Inference(graph), std::span<const std::int32_t>(ids));
  BOOST_TEST(difference.relative > 1e-4);
  BOOST_TEST(difference.relative < 0.03);
}

// A row of the table in docs/deployment.md.
BOOST_AUTO_TEST_CASE(sizes) {
  Sequential model(LSTM(20, {}, {.return_sequences = true}), Dense(1));
  build(model, 1);
  const Graph graph = trace(model, 1);
  const CExport whole = export_c(graph);
  BOOST_TEST(whole.flash_bytes == 7124U);
  BOOST_TEST(whole.ram_bytes == 644U);
  BOOST_TEST(export_c(graph, {.int8 = true}).flash_bytes == 2348U);
}

BOOST_AUTO_TEST_CASE(what_has_no_form_in_c) {
  Sequential model(Dense(2), OwnLayer());
  build(model, 2);
  const Graph graph = trace(model, 2);
  BOOST_CHECK_EXCEPTION((void)export_c(graph), ValueError, says<ValueError>("'cubed'"));
  BOOST_CHECK_EXCEPTION((void)export_c(graph, {.name = "2nd"}), ValueError, says<ValueError>("'2nd' is no name in C"));
}

BOOST_AUTO_TEST_CASE(numbers_come_back_as_they_were) {
  for (const float x : {0.1F, 1.0F, -3e-39F, 16777216.0F, 1e30F}) {
    const std::string text = detail::c_number(x);
    BOOST_TEST(std::strtof(text.c_str(), nullptr) == x);
    BOOST_TEST(text.find_first_of(".e") != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
