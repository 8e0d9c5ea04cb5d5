#include <recur/interop/keras/keras_config.h>
#include <recur/interop/keras/keras_writer.h>
#include <recur/io/hdf5.h>
#include <recur/io/zip_file.h>
#include <recur/layers/batch_normalization.h>

#include <fstream>

#include "model_fixture.h"

using namespace recur;
using namespace recur::interop;

namespace {

Array numbers(const Shape& shape, double first = 0) {
  std::vector<double> values(static_cast<std::size_t>(shape.count()));
  for (double& value : values) value = first += 0.01;
  Array array(shape, DType::float32);
  array.assign(values);
  return array;
}

template <class... Arrays>
std::vector<NamedTensor> named(Arrays... arrays) {
  std::vector<NamedTensor> result;
  (result.push_back({"w", std::move(arrays)}), ...);
  return result;
}

constexpr const char* mixed = R"({"class_name":"Masking","config":{"mask_value":0}},
  {"class_name":"Bidirectional","config":{"merge_mode":"concat","layer":{"class_name":"LSTM","config":{"units":4,"return_sequences":true}}}},
  {"class_name":"LayerNormalization","config":{}},{"class_name":"Dropout","config":{"rate":0.5}},
  {"class_name":"RNN","config":{"return_sequences":true,"cell":{"class_name":"StackedRNNCells","config":{"cells":[
    {"class_name":"LSTMCell","config":{"units":3}},{"class_name":"LSTMCell","config":{"units":3}},{"class_name":"SimpleRNNCell","config":{"units":2}}]}}}},
  {"class_name":"TimeDistributed","config":{"layer":{"class_name":"Dense","config":{"units":2,"activation":"softmax"}}}})";

constexpr const char* no_config_error = "weights only";

std::string sequential(const std::string& layers) {
  return R"({"class_name":"Sequential","config":{"layers":[)" + layers + "]}}";
}
std::string dense_layer(const std::string& extra = "") {
  return R"({"class_name":"Dense","config":{"name":"d","units":2,"batch_input_shape":[null,3])" + extra + "}}";
}

struct Fixture : ModelFixture {
  std::filesystem::path path = file("m.h5");
  Array kernel = numbers({3, 2});
  Array bias = numbers({2}, 1);

  // A whole model of one Dense, as tf.keras writes it.
  void put(const std::string& config, const std::vector<std::string>& names = {"d/kernel:0", "d/bias:0"}) const {
    Hdf5Writer out;
    out.attribute("", "model_config", config);
    out.attribute("", "keras_version", "2.10.0");
    out.attribute("model_weights", "layer_names", std::vector<std::string>{"d"});
    out.attribute("model_weights/d", "weight_names", names);
    out.dataset("model_weights/d/d/kernel:0", kernel);
    out.dataset("model_weights/d/d/bias:0", bias);
    out.commit(path);
  }
  [[nodiscard]] bool config_refused(const std::string& config, const std::vector<std::string>& parts) const {
    put(config);
    return refused(path, parts);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(keras_models, Fixture)

BOOST_AUTO_TEST_CASE(each_format_goes_out_and_in) {
  Sequential model = make(mixed, 3);
  write_keras_h5(path, model, about(3));
  BOOST_TEST(difference(model, about(3), path) == 0.0);
  write_keras_archive(file("m.keras"), model, about(3));
  BOOST_TEST(difference(model, about(3), file("m.keras")) == 0.0);
  write_tfjs(file("model.json"), model, about(3));
  BOOST_TEST(difference(model, about(3), file("model.json")) == 0.0);
}

// TensorFlow.js assigns weights by these names.
BOOST_AUTO_TEST_CASE(weights_have_the_names_of_tensorflow_js) {
  Sequential model = make(
      R"({"class_name":"Bidirectional","config":{"name":"both","layer":{"class_name":"LSTM","config":{"units":2,"return_sequences":true}}}},
  {"class_name":"RNN","config":{"name":"rnn","cell":{"class_name":"StackedRNNCells","config":{"cells":[{"class_name":"LSTMCell","config":{"units":2}}]}}}})",
      3);
  write_tfjs(file("model.json"), model, about(3));
  std::ifstream stream(file("model.json"));
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  for (const char* name : {"both/forward_layer/kernel", "both/backward_layer/bias", "rnn/RNNCell_0/recurrent_kernel"})
    BOOST_TEST(text.find(std::string("\"") + name + "\"") != std::string::npos, name);
  BOOST_TEST(text.find(R"("name":"layer")") != std::string::npos);
  BOOST_TEST(difference(model, about(3), file("model.json")) == 0.0);
}

// The models of this suite are run for five steps: three windows, then two.
constexpr const char* convolutions =
    R"({"class_name":"Conv1D","config":{"filters":4,"kernel_size":3,"activation":"relu"}},{"class_name":"BatchNormalization","config":{"epsilon":0.01}},
  {"class_name":"MaxPooling1D","config":{"pool_size":2,"strides":1}},{"class_name":"AveragePooling1D","config":{"pool_size":1}},
  {"class_name":"Dropout","config":{"rate":0.5}},{"class_name":"Flatten","config":{"steps":2}},{"class_name":"Dense","config":{"units":2}})";

BOOST_AUTO_TEST_CASE(convolutions_go_out_and_in) {
  Sequential model = make(convolutions, 3);
  model.layers()[1].as<BatchNormalization>().moving_variance.edit().fill(0.7);
  write_keras_h5(path, model, about(3));
  BOOST_TEST(difference(model, about(3), path) == 0.0);
  write_keras_archive(file("m.keras"), model, about(3));
  BOOST_TEST(difference(model, about(3), file("m.keras")) == 0.0);
  const std::string config = ZipFile(file("m.keras")).read("config.json", 1U << 20U);
  BOOST_TEST(config.find(R"("batch_shape":[null,5,3])") != std::string::npos);
  BOOST_TEST(config.find("time_major") == std::string::npos);
  BOOST_TEST(config.find(R"("steps")") == std::string::npos);
  write_tfjs(file("model.json"), model, about(3));
  BOOST_TEST(difference(model, about(3), file("model.json")) == 0.0);
}

BOOST_AUTO_TEST_CASE(layers_of_convolutions_keras_does_not_have) {
  Sequential turned = make(R"({"class_name":"Conv1D","config":{"filters":2,"kernel_size":1,"time_major":true}})", 3);
  BOOST_CHECK_EXCEPTION(write_keras_h5(path, turned, about(3)), ValueError, [](const ValueError& error) {
    return std::string(error.what()).find("no time-major Conv1D") != std::string::npos;
  });
}

// Where the file does not state the steps, the weights behind tell; where nothing tells, it is refused.
BOOST_AUTO_TEST_CASE(steps_that_a_flatten_joins) {
  const auto flatten = [&](const std::string& before, const std::string& after, std::vector<NamedTensor> tensors) {
    KerasModel model =
        read_keras_config(sequential(before + R"({"class_name":"Flatten","config":{}})" + after), "2.10.0", "test");
    std::vector<std::vector<NamedTensor>> weights;
    if (!tensors.empty()) weights.push_back(std::move(tensors));
    return join_keras(std::move(model), std::move(weights), "test", "test").config;
  };
  const std::string pool = R"({"class_name":"MaxPooling1D","config":{"pool_size":2,"batch_input_shape":[null,)";
  const std::string dense = R"(,{"class_name":"Dense","config":{"units":2}})";
  BOOST_TEST(flatten(pool + "null,3]}},", dense, named(numbers({6, 2}), numbers({2}))).find(R"("steps":2)") !=
             std::string::npos);
  BOOST_TEST(flatten(pool + "8,3]}},", "", {}).find(R"("steps":4)") != std::string::npos);
  const auto refusal = [&](auto call, const char* reason) {
    BOOST_CHECK_EXCEPTION((void)call(), FormatError, [&](const FormatError& error) {
      return std::string(error.what()).find(reason) != std::string::npos;
    });
  };
  refusal([&] { return flatten(pool + "null,3]}},", "", {}); }, "does not say how many steps a Flatten joins");
  refusal(
      [&] {
        return flatten(pool + "null,3]}},", dense, named(numbers({7, 2}), numbers({2})));
      },
      "steps of 3 numbers goes to a layer with weights of 7");
}

BOOST_AUTO_TEST_CASE(two_biases_become_their_sum) {
  Sequential model = make(
      R"({"class_name":"LSTM","config":{"units":4,"separate_bias":true,"return_sequences":true}},{"class_name":"GRU","config":{"units":3,"return_sequences":true}})",
      3);
  write_keras_h5(path, model, about(3));
  BOOST_TEST(difference(model, about(3), path) < 1e-6);  // a sum of two float32 is rounded once more
  BOOST_CHECK_THROW(write_tfjs(file("model.json"), model, about(3)), ValueError);
}

BOOST_AUTO_TEST_CASE(what_tensorflow_js_does_not_run_is_not_written) {
  Sequential model = make(R"({"class_name":"Conv1D","config":{"filters":2,"kernel_size":2,"padding":"causal"}})", 3);
  BOOST_CHECK_EXCEPTION(write_tfjs(file("model.json"), model, about(3)), ValueError, [](const ValueError& error) {
    return std::string(error.what()).find("padding causal") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(cells_that_keras_does_not_have_are_not_written) {
  Sequential model =
      make(R"({"class_name":"RNN","config":{"cell":{"class_name":"PeepholeLSTMCell","config":{"units":4}}}})", 3);
  BOOST_CHECK_THROW(write_keras_h5(path, model, about(3)), ValueError);
  BOOST_TEST(!std::filesystem::exists(path));
}

// A gate's block of the file is the bytes, row by row, of its transpose, and there are two biases.
BOOST_AUTO_TEST_CASE(weights_of_cudnn_are_turned) {
  const ModelDescription read = import_layer(R"({"class_name":"CuDNNLSTM","config":{"units":2}})",
                                             named(numbers({3, 8}), numbers({2, 8}), numbers({16})), 3);
  const std::vector<double> from = numbers({3, 8}).to_doubles();
  const std::vector<double> to = read.weights.at("lstm/kernel").to_doubles();
  // Block 0 holds v = from[0][0..1], from[1][0..1], from[2][0..1]; its entry (a, b) is v[3·b + a].
  BOOST_TEST(to[0] == from[0]);
  BOOST_TEST(to[8] == from[1]);
  BOOST_TEST(to[16] == from[8]);
  BOOST_TEST(to[1] == from[9]);
  const std::vector<double> bias16 = numbers({16}).to_doubles();
  BOOST_TEST(read.weights.at("lstm/bias").to_doubles()[0] == bias16[0] + bias16[8], boost::test_tools::tolerance(1e-6));
  const ModelDescription gru = import_layer(R"({"class_name":"CuDNNGRU","config":{"units":2}})",
                                            named(numbers({3, 6}), numbers({2, 6}), numbers({12})), 3);
  BOOST_TEST((gru.weights.at("gru/bias").shape() == Shape{2, 6}));
}

BOOST_AUTO_TEST_CASE(weights_of_keras_1_are_put_in_order) {
  std::vector<NamedTensor> arrays;
  for (int gate = 0; gate < 4; ++gate) {  // i, c, f, o
    arrays.push_back({"W", numbers({3, 2}, gate)});
    arrays.push_back({"U", numbers({2, 2}, 10 + gate)});
    arrays.push_back({"b", numbers({2}, 20 + gate)});
  }
  const ModelDescription read = import_layer(R"({"class_name":"LSTM","config":{"units":2}})", std::move(arrays), 3);
  const std::vector<double> own_bias = read.weights.at("lstm/bias").to_doubles();
  for (const auto& [place, gate] : {std::pair{0, 0}, {2, 2}, {4, 1}, {6, 3}})
    BOOST_TEST(own_bias[static_cast<std::size_t>(place)] == 20 + gate + 0.01, boost::test_tools::tolerance(1e-6));
}

// Names and defaults that changed between versions.
BOOST_AUTO_TEST_CASE(the_version_says_what_a_config_means) {
  const auto config_of = [](const std::string& layer, const std::string& version) {
    return read_keras_config(sequential(layer), version, "test").layers.at(0).config;
  };
  const std::string hard = R"({"class_name":"LSTM","config":{"units":2,"recurrent_activation":"hard_sigmoid"}})";
  BOOST_TEST(config_of(hard, "2.10.0").find(R"("hard_sigmoid")") != std::string::npos);
  BOOST_TEST(config_of(hard, "3.5.0").find("hard_sigmoid_v3") != std::string::npos);
  const std::string gru = R"({"class_name":"GRU","config":{"units":2}})";
  BOOST_TEST(config_of(gru, "2.10.0").find(R"("reset_after":false)") != std::string::npos);
  BOOST_TEST(config_of(gru, "3.5.0").find(R"("reset_after":true)") != std::string::npos);
  // The shape of a bias decides.
  const ModelDescription read = import_layer(gru, named(numbers({3, 6}), numbers({2, 6}), numbers({2, 6})), 3);
  BOOST_TEST(read.config.find(R"("reset_after":true)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_chain_of_layers_is_a_sequential) {
  put(R"({"class_name":"Functional","config":{"layers":[
    {"class_name":"Dense","name":"d","config":{"name":"d","units":2},"inbound_nodes":[[["in",0,0,{}]]]},
    {"class_name":"InputLayer","name":"in","config":{"name":"in","batch_input_shape":[null,null,3]},"inbound_nodes":[]}]}})");
  BOOST_TEST(import_model(path).weights.size() == 2U);
  BOOST_TEST(config_refused(R"({"class_name":"Functional","config":{"layers":[
    {"class_name":"InputLayer","name":"in","config":{},"inbound_nodes":[]},
    {"class_name":"Dense","name":"a","config":{"units":2},"inbound_nodes":[[["in",0,0,{}]]]},
    {"class_name":"Dense","name":"b","config":{"units":2},"inbound_nodes":[[["in",0,0,{}]]]}]}})",
                            {"branches", "'a'", "'b'"}));
  BOOST_TEST(config_refused(R"({"class_name":"Functional","config":{"layers":[
    {"class_name":"Concatenate","name":"c","config":{},"inbound_nodes":[[["a",0,0,{}],["b",0,0,{}]]]}]}})",
                            {"several inputs", "'c'"}));
}

BOOST_AUTO_TEST_CASE(weights_are_all_used_and_parameters_all_filled) {
  put(sequential(dense_layer()));
  BOOST_TEST(import_model(path).weights.size() == 2U);
  put(sequential(dense_layer()), {"d/kernel:0"});
  BOOST_TEST(refused(path, {"weights of layer 'd' do not fit", "kernel [3, 2], bias [2]", "d/kernel:0"}));
  put(sequential(dense_layer()), {"d/kernel:0", "d/gone:0"});
  BOOST_TEST(refused(path, {"missing weight", "d/gone:0"}));
  put(sequential(dense_layer(R"(,"use_bias":false)")));
  BOOST_TEST(refused(path, {"do not fit"}));
  put(sequential(dense_layer() + "," + dense_layer(R"(,"name":"e")")));
  BOOST_TEST(refused(path, {"2 layers with weights", "weights of 1"}));
}

BOOST_AUTO_TEST_CASE(what_recur_has_no_layer_for_is_refused_by_name) {
  BOOST_TEST(config_refused(sequential(R"({"class_name":"Lambda","config":{}})"), {"Lambda", "Python code"}));
  BOOST_TEST(config_refused(sequential(R"({"class_name":"Attention2","config":{"name":"d"}})"), {"Attention2"}));
  BOOST_TEST(config_refused(R"({"class_name":"Mine","config":{}})", {"subclassed"}));
  BOOST_TEST(config_refused(
      sequential(R"({"class_name":"Dense","config":{"name":"d","units":1000000000,"batch_input_shape":[null,3]}})"),
      {"parameters"}));
  BOOST_TEST(config_refused(
      sequential(R"({"class_name":"LSTM","config":{"name":"d","units":100000,"batch_input_shape":[null,null,3]}})"),
      {"parameters"}));
  BOOST_TEST(config_refused("{", {"not JSON"}));
  Hdf5Writer out;
  out.group("layers");
  out.commit(path);
  BOOST_TEST(refused(path, {no_config_error}));
}

BOOST_AUTO_TEST_CASE(an_archive_must_have_every_variable) {
  Sequential model =
      make(R"({"class_name":"LSTM","config":{"units":2}},{"class_name":"Dense","config":{"units":2}})", 3);
  write_keras_archive(file("m.keras"), model, about(3));
  const ZipFile zip(file("m.keras"));
  const auto rewrite = [&](const std::string& from, const std::string& to) {
    std::string config = zip.read("config.json", 1U << 20U);
    const auto at = config.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    ZipWriter out;
    out.add("config.json", config.replace(at, from.size(), to));
    out.add("model.weights.h5", zip.read("model.weights.h5", 1U << 20U));
    out.commit(file("n.keras"));
  };
  rewrite("\"class_name\":\"Dense\"", "\"class_name\":\"Masking\"");
  BOOST_TEST(refused(file("n.keras"), {"no layer uses", "dense/vars/0"}));
  rewrite("\"class_name\":\"LSTM\"", "\"class_name\":\"GRU\"");
  BOOST_TEST(refused(file("n.keras"), {"gru/cell/vars"}));
}

BOOST_AUTO_TEST_CASE(shards_of_tensorflow_js_stay_in_their_folder) {
  const auto text = [&](const std::string& shard, const std::string& weight) {
    return R"({"modelTopology":)" + sequential(dense_layer(R"(,"use_bias":false)")) +
           R"(,"weightsManifest":[{"paths":[")" + shard + R"("],"weights":[)" + weight + "]}]}";
  };
  write(file("w.bin"), std::string(24, '\0'));
  const std::string fine = R"({"name":"d/kernel","shape":[3,2],"dtype":"float32"})";
  write(file("model.json"), text("w.bin", fine));
  BOOST_TEST(import_model(file("model.json")).weights.size() == 1U);
  BOOST_TEST(text_refused(text("../w.bin", fine), {"leaves the folder"}));
  BOOST_TEST(text_refused(text("/etc/passwd", fine), {"leaves the folder"}));
  BOOST_TEST(text_refused(text("w.bin", R"({"name":"d/kernel","shape":[3,2],"dtype":"float32","quantization":{}})"),
                          {"quantized"}));
  BOOST_TEST(text_refused(text("w.bin", R"({"name":"d/kernel","shape":[3,2],"dtype":"int32"})"), {"int32"}));
  BOOST_TEST(text_refused(text("w.bin", R"({"name":"d/kernel","shape":[3,1],"dtype":"float32"})"), {"12 bytes"}));
  BOOST_TEST(text_refused(text("w.bin", R"({"name":"d/kernel","shape":[3,9],"dtype":"float32"})"), {"cut short"}));
  BOOST_TEST(text_refused(text("w.bin", R"({"name":"e/kernel","shape":[3,2],"dtype":"float32"})"),
                          {"no layer uses", "e/kernel"}));
}

BOOST_AUTO_TEST_SUITE_END()
