#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/layers/config/config.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>

#include <nlohmann/json.hpp>

using namespace recur;
using namespace recur::test;
using nlohmann::json;
using namespace nlohmann::literals;

namespace {

json of_class(const char* name, json config) { return {{"class_name", name}, {"config", std::move(config)}}; }

// The config written is that read, and reading it again writes the same.
template <class Read>
void round_trip(const json& given, Read read) {
  const json once = json::parse(get_config(read(given.dump())));
  const json twice = json::parse(get_config(read(once.dump())));
  BOOST_TEST(once == twice, once.dump());
  BOOST_TEST(once["class_name"] == given["class_name"]);
  for (const auto& [key, value] : given["config"].items())
    if (value.is_primitive()) BOOST_TEST(once["config"][key] == value, key << " in " << once.dump());
}

struct DoublingCell {
  static constexpr const char* class_name = "DoublingCell";
  struct Config {
    Index units = 0;
    double factor = 2;
    void fields(Fields& f) {
      f.required("units");
      f("units", units);
      f("factor", factor);
    }
  };
  struct State {
    Var h;
  };
  explicit DoublingCell(Config config) : settings(config) {}
  [[nodiscard]] StateSize state_size() const { return settings.units; }
  [[nodiscard]] Step<State> call(Var x, State) const {
    const Var y = x * settings.factor;
    return {y, {y}};
  }
  [[nodiscard]] Config config() const { return settings; }
  Config settings;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(cells_round_trip) {
  const json lstm = of_class("LSTMCell", {{"units", 5},
                                          {"activation", "relu"},
                                          {"dropout", 0.5},
                                          {"implementation", 1},
                                          {"unit_forget_bias", false},
                                          {"name", "mine"},
                                          {"trainable", false}});
  const json gru =
      of_class("GRUCell", {{"units", 3}, {"reset_after", false}, {"recurrent_activation", "hard_sigmoid"}});
  const std::vector<json> cells = {
      lstm,
      gru,
      of_class("SimpleRNNCell", {{"units", 2}, {"use_bias", false}}),
      of_class("PeepholeLSTMCell", {{"units", 4}}),
      of_class("ProjectedLSTMCell", {{"units", 4}, {"projection", 2}, {"proj_clip", 1.5}}),
      of_class("CoupledLSTMCell", {{"units", 4}}),
      of_class("LayerNormLSTMCell", {{"units", 4}, {"epsilon", 0.5}}),
      of_class("StackedRNNCells", {{"cells", {lstm, of_class("StackedRNNCells", {{"cells", {gru}}})}}}),
      of_class("ResidualCell", {{"cell", gru}}),
      of_class("DropoutCell", {{"cell", lstm}, {"input_dropout", 0.25}}),
      of_class("ZoneoutCell", {{"cell", lstm}, {"zoneout_c", 0.25}}),
      of_class("AttentionCell", {{"cell", lstm}, {"memory_size", 3}, {"units", 2}, {"score", "dot"}}),
  };
  for (const json& cell : cells) round_trip(cell, [](const std::string& text) { return cell_from_config(text); });
}

BOOST_AUTO_TEST_CASE(layers_round_trip) {
  const json cell = of_class("LSTMCell", {{"units", 5}});
  const json rnn = of_class("RNN", {{"cell", cell}, {"return_sequences", true}, {"go_backwards", true}});
  const json lstm = of_class("LSTM", {{"units", 5}, {"return_sequences", true}, {"stateful", true}});
  const json dense = of_class("Dense", {{"units", 2}, {"activation", "softplus"}});
  const std::vector<json> layers = {
      rnn,
      lstm,
      of_class("GRU", {{"units", 5}, {"reset_after", false}}),
      of_class("SimpleRNN", {{"units", 5}, {"return_state", true}}),
      of_class("Bidirectional", {{"layer", lstm}, {"merge_mode", nullptr}}),
      of_class("TimeDistributed", {{"layer", dense}}),
      dense,
      of_class("Embedding", {{"input_dim", 7}, {"output_dim", 2}, {"mask_zero", true}}),
      of_class("Masking", {{"mask_value", -1.0}}),
      of_class("Dropout", {{"rate", 0.5}}),
      of_class("LayerNormalization", {{"axis", 2}, {"epsilon", 0.25}, {"scale", false}}),
      of_class("Attention", {{"use_scale", true}, {"causal", true}}),
      of_class("AdditiveAttention", {{"use_scale", false}, {"dropout", 0.25}}),
      of_class("Sequential", {{"layers", {lstm, dense}}}),
      of_class("torch.nn.LSTM", {{"input_size", 3}, {"hidden_size", 4}, {"num_layers", 2}, {"proj_size", 2}}),
      of_class("torch.nn.GRU", {{"input_size", 3}, {"hidden_size", 4}, {"bidirectional", true}}),
      of_class("torch.nn.RNN", {{"input_size", 3}, {"hidden_size", 4}, {"nonlinearity", "relu"}}),
  };
  for (const json& layer : layers) round_trip(layer, [](const std::string& text) { return layer_from_config(text); });
}

BOOST_AUTO_TEST_CASE(initializers_regularizers_constraints) {
  const json cell =
      of_class("LSTMCell",
               {{"units", 2},
                {"kernel_initializer",
                 {{"class_name", "RandomUniform"}, {"config", {{"minval", -0.5}, {"maxval", 0.5}, {"seed", 42}}}}},
                {"recurrent_initializer",
                 {{"class_name", "VarianceScaling"},
                  {"config", {{"scale", 2.0}, {"mode", "fan_avg"}, {"distribution", "uniform"}, {"seed", nullptr}}}}},
                {"kernel_regularizer", {{"class_name", "L1L2"}, {"config", {{"l1", 0.5}, {"l2", 0.25}}}}},
                {"recurrent_constraint", {{"class_name", "MaxNorm"}, {"config", {{"max_value", 3}, {"axis", 0}}}}},
                {"bias_constraint", {{"class_name", "NonNeg"}, {"config", json::object()}}}});
  const AnyCell made = cell_from_config(cell.dump());
  const auto& options = made.as<LSTMCell>().options();
  BOOST_TEST((options.kernel_initializer == random_uniform(-0.5, 0.5).seeded(42)));
  BOOST_TEST((options.recurrent_initializer == variance_scaling(2, "fan_avg", "uniform")));
  BOOST_TEST((options.kernel_regularizer == Regularizer{0.5, 0.25}));
  BOOST_TEST((options.recurrent_constraint == max_norm(3)));
  BOOST_TEST((options.bias_constraint == non_neg()));
  round_trip(cell, [](const std::string& text) { return cell_from_config(text); });
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_refused_with_its_place) {
  const auto cell_error = [](const json& config, const std::string& text) {
    BOOST_CHECK_EXCEPTION((void)cell_from_config(config.dump()), ValueError, says<ValueError>(text));
  };
  cell_error(of_class("LSTMCell", {{"units", 2}, {"activaton", "tanh"}}),
             "config.activaton: the key is not known (did you mean activation?) (known: ");
  cell_error(of_class("StackedRNNCells",
                      {{"cells", {of_class("LSTMCell", {{"units", 2}}), of_class("Cell", json::object())}}}),
             "config.cells[1]: 'Cell' is not a known class of cell (known: AttentionCell");
  cell_error(of_class("StackedRNNCells", {{"cells", {of_class("LSTMCell", {{"units", "2"}})}}}),
             "config.cells[0].config.units: an integer is expected, got \"2\"");
  cell_error(of_class("LSTMCell", json::object()), "the key \"units\" is missing");
  cell_error(of_class("LSTMCell", {{"units", 2}, {"activation", "tan"}}),
             "config.activation: Activation: 'tan' is not known");
  cell_error(of_class("LSTMCell", {{"units", 0}}), "units must be positive");
  cell_error(of_class("LSTMCell", {{"units", 2}, {"seed", 3}}), "config.seed: only null is supported");
  cell_error(of_class("StackedRNNCells", {{"cells", {of_class("LSTM", {{"units", 2}})}}}),
             "config.cells[0]: 'LSTM' is not a known class of cell");
  cell_error(of_class("StackedRNNCells", {{"cells", {3}}}),
             "config.cells[0]: {\"class_name\": …, \"config\": {…}} is expected, got 3");
  BOOST_CHECK_EXCEPTION((void)cell_from_config("{"), ValueError, says<ValueError>("not JSON"));
}

// Keras's layers all take one; here it goes to the option of that name, or to the layer or cell as such.
// Values that a reader could take for others.
BOOST_AUTO_TEST_CASE(whole_numbers_are_whole_and_fit) {
  const auto refuses = [](const std::string& text, const std::string& part) {
    try {
      (void)layer_from_config(text);
    } catch (const ValueError& error) {
      BOOST_TEST(std::string(error.what()).find(part) != std::string::npos, error.what());
      BOOST_TEST(std::string(error.what()).find("json.exception") == std::string::npos, error.what());
      return;
    }
    BOOST_ERROR(text << " is accepted");
  };
  const auto lstm = [](const std::string& more) {
    return R"({"class_name": "LSTM", "config": {"units": 2, )" + more + "}}";
  };
  for (const char* units : {"18446744073709551615", "9223372036854775808", "6148914691236517206", "2.5", "true", "1e3"})
    refuses(std::string(R"({"class_name": "LSTM", "config": {"units": )") + units + "}}", "config.units: an integer");
  for (const char* axis : {"4294967295", "-2147483649", "0.7"})
    refuses(std::string(R"({"class_name": "LayerNormalization", "config": {"axis": )") + axis + "}}", "config.axis: ");
  for (const char* axis : {"0.7", "1e308", "4294967296", "null"})
    refuses(lstm(R"("kernel_constraint": {"class_name": "MaxNorm", "config": {"axis": )" + std::string(axis) + "}}"),
            "kernel_constraint.config.axis: ");
  refuses(lstm(R"("dtype": {})"), "config.dtype: a name");
  refuses(lstm(R"("dtype": {"config": 5})"), "config.dtype: a name");
  refuses(lstm(R"("units": 3)"), "/config/units: the key is there twice");
  refuses("{\n x", "line 2, column 2: not JSON");
  refuses(std::string(100'000, '['), "nested deeper than 256 levels");
  refuses(R"({"class_name": "Sequential", "config": {"layers": [{"class_name": 5}]}})", "config.layers[0]");
}

BOOST_AUTO_TEST_CASE(activity_regularizers_round_trip) {
  const json penalty = of_class("L1L2", {{"l1", 0.0}, {"l2", 0.5}});
  const json cell = of_class("GRUCell", {{"units", 2}, {"activity_regularizer", penalty}});
  const json stack = of_class("StackedRNNCells", {{"cells", {cell, cell}}, {"activity_regularizer", penalty}});
  const json rnn = of_class("RNN", {{"cell", stack}, {"activity_regularizer", penalty}});
  const json both = of_class("Bidirectional", {{"layer", rnn}, {"activity_regularizer", penalty}});
  const AnyLayer made = layer_from_config(both.dump());
  BOOST_TEST((made->activity_regularizer == l2(0.5)));
  const json once = json::parse(get_config(made));
  BOOST_TEST(json::parse(get_config(layer_from_config(once.dump()))) == once);
  for (const json::json_pointer& at :
       {"/config"_json_pointer, "/config/layer/config"_json_pointer, "/config/layer/config/cell/config"_json_pointer,
        "/config/layer/config/cell/config/cells/1/config"_json_pointer})
    BOOST_TEST(once[at]["activity_regularizer"] == penalty, at.to_string());
  // Around a cell it would be lost.
  BOOST_CHECK_EXCEPTION((void)cell_from_config(of_class("ResidualCell", {{"cell", cell}}).dump()), ValueError,
                        says<ValueError>("config: config: ResidualCell: the cell inside has an activity_regularizer"));
  AnyLayer twice = GRU(2, {}, {.activity_regularizer = l2(1)});
  twice->activity_regularizer = l2(1);
  BOOST_CHECK_THROW((void)get_config(twice), ValueError);
}

BOOST_AUTO_TEST_CASE(implementation_0_of_old_configs_is_1) {
  const AnyCell cell = cell_from_config(of_class("GRUCell", {{"units", 2}, {"implementation", 0}}).dump());
  BOOST_TEST(cell.as<GRUCell>().options().implementation == 1);
}

BOOST_AUTO_TEST_CASE(name_trainable_and_dtype_are_heeded) {
  AnyCell cell = cell_from_config(
      of_class("GRUCell", {{"units", 2}, {"name", "g"}, {"trainable", false}, {"dtype", "float64"}}).dump());
  BOOST_TEST(cell.common.name == "g");
  Builder single(3, DType::float32, Generator(1));
  BOOST_CHECK_EXCEPTION(cell.build(single), ValueError,
                        says<ValueError>("configured as float64, but built as float32"));
  Builder right(3, DType::float64, Generator(1));
  cell.build(right);
  for (const NamedParameter& p : parameters(cell)) BOOST_TEST(!p.parameter->trainable);
}

BOOST_AUTO_TEST_CASE(classes_of_ones_own) {
  Registry registry;
  registry.add_cell<DoublingCell>();
  BOOST_CHECK_THROW(registry.add_cell<DoublingCell>(), ValueError);
  const json config = of_class("DoublingCell", {{"units", 3}, {"factor", 5.0}});
  round_trip(config, [&](const std::string& text) { return cell_from_config(text, registry); });
  BOOST_CHECK_THROW((void)cell_from_config(config.dump()), ValueError);  // the other registries do not know it
  AnyLayer rnn = layer_from_config(of_class("RNN", {{"cell", config}}).dump(), registry);
  Tape tape(DType::float64);
  LayerValue input;
  input.value = tape.filled({1, 2, 3}, 1);
  BOOST_TEST(rnn->call(input).value.to_doubles()[2] == 5);
}

// A model as TensorFlow r1.15's to_json writes it.
constexpr const char* of_r1_15 = R"json({"class_name": "Sequential", "config": {"name": "sequential", "layers": [
  {"class_name": "Embedding", "config": {"name": "embedding", "trainable": true, "batch_input_shape": [null, null],
    "dtype": "float32", "input_dim": 7, "output_dim": 2, "embeddings_initializer": {"class_name": "RandomUniform",
    "config": {"minval": -0.05, "maxval": 0.05, "seed": null, "dtype": "float32"}}, "embeddings_regularizer": null,
    "activity_regularizer": null, "embeddings_constraint": null, "mask_zero": true, "input_length": null}},
  {"class_name": "Bidirectional", "config": {"name": "bidirectional", "trainable": true, "dtype": "float32",
    "layer": {"class_name": "LSTM", "config": {"name": "lstm", "trainable": true, "dtype": "float32",
      "return_sequences": true, "return_state": false, "go_backwards": false, "stateful": false, "unroll": false,
      "time_major": false, "units": 3, "activation": "tanh", "recurrent_activation": "hard_sigmoid", "use_bias": true,
      "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": null, "dtype": "float32"}},
      "recurrent_initializer": {"class_name": "Orthogonal", "config": {"gain": 1.0, "seed": null, "dtype": "float32"}},
      "bias_initializer": {"class_name": "Zeros", "config": {"dtype": "float32"}}, "unit_forget_bias": true,
      "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}}, "recurrent_regularizer": null,
      "bias_regularizer": null, "activity_regularizer": null, "kernel_constraint": null, "recurrent_constraint": null,
      "bias_constraint": {"class_name": "MaxNorm", "config": {"max_value": 2, "axis": 0}}, "dropout": 0.0,
      "recurrent_dropout": 0.0, "implementation": 1}}, "merge_mode": "concat"}},
  {"class_name": "Dense", "config": {"name": "dense", "trainable": true, "dtype": "float32", "units": 1,
    "activation": "linear", "use_bias": true, "kernel_initializer": {"class_name": "GlorotUniform",
    "config": {"seed": null, "dtype": "float32"}}, "bias_initializer": {"class_name": "Zeros",
    "config": {"dtype": "float32"}}, "kernel_regularizer": null, "bias_regularizer": null, "activity_regularizer": null,
    "kernel_constraint": null, "bias_constraint": null}}]}, "keras_version": "2.2.4-tf", "backend": "tensorflow"})json";

// And as Keras 3 does.
constexpr const char* of_keras_3 = R"json({"module": "keras", "class_name": "Sequential", "config": {
  "name": "sequential", "trainable": true, "dtype": {"module": "keras", "class_name": "DTypePolicy",
  "config": {"name": "float32"}, "registered_name": null}, "layers": [
  {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 5, 2], "dtype": "float32",
    "sparse": false, "ragged": false, "name": "input_layer"}, "registered_name": null},
  {"module": "keras.layers", "class_name": "RNN", "config": {"name": "rnn", "trainable": true, "dtype": {"module":
    "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": null},
    "return_sequences": true, "return_state": false, "go_backwards": false, "stateful": false, "unroll": false,
    "zero_output_for_mask": false, "cell": {"module": "keras.layers", "class_name": "StackedRNNCells", "config": {
      "name": "stacked_rnn_cells", "trainable": true, "dtype": "float32", "cells": [{"module": "keras.layers",
      "class_name": "GRUCell", "config": {"name": "gru_cell", "trainable": true, "dtype": {"module": "keras",
        "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": null}, "units": 3,
        "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": true, "kernel_initializer": {"module":
        "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": null}, "registered_name": null},
        "recurrent_initializer": {"module": "keras.initializers", "class_name": "OrthogonalInitializer", "config":
        {"seed": null, "gain": 1.0}, "registered_name": null}, "bias_initializer": {"module": "keras.initializers",
        "class_name": "Zeros", "config": {}, "registered_name": null}, "kernel_regularizer": null,
        "recurrent_regularizer": null, "bias_regularizer": null, "kernel_constraint": null,
        "recurrent_constraint": null, "bias_constraint": null, "dropout": 0.0, "recurrent_dropout": 0.0,
        "reset_after": true, "seed": null}, "registered_name": null, "build_config": {"input_shape": [null, 2]}}]},
      "registered_name": null}}, "registered_name": null, "build_config": {"input_shape": [null, 5, 2]}},
  {"module": "keras.layers", "class_name": "LayerNormalization", "config": {"name": "layer_normalization",
    "trainable": true, "dtype": "float32", "axis": [-1], "epsilon": 0.001, "center": true, "scale": true,
    "rms_scaling": false, "beta_initializer": "zeros", "gamma_initializer": "ones", "beta_regularizer": null,
    "gamma_regularizer": null, "beta_constraint": null, "gamma_constraint": null}, "registered_name": null}],
  "build_input_shape": [null, 5, 2]}, "registered_name": null, "build_config": {"input_shape": [null, 5, 2]},
  "compile_config": null})json";

BOOST_AUTO_TEST_CASE(models_as_keras_writes_them) {
  for (const char* text : {of_r1_15, of_keras_3}) {
    AnyLayer model = layer_from_config(text);
    Builder builder(2, DType::float32, Generator(1));
    model.build(builder);
    BOOST_TEST(model.as<Sequential>().layers().size() == (text == of_r1_15 ? 3U : 2U));
    const json written = json::parse(get_config(model));
    BOOST_TEST(json::parse(get_config(layer_from_config(written.dump()))) == written);
  }
}

// clip(0.2x + 0.5, 0, 1) up to Keras 2, clip(x/6 + 0.5, 0, 1) since.
BOOST_AUTO_TEST_CASE(hard_sigmoid_is_that_of_the_keras_that_wrote_the_config) {
  const json plain = of_class("Dense", {{"units", 1}, {"activation", "hard_sigmoid"}});
  const auto name_in = [](const json& config) {
    return json::parse(get_config(layer_from_config(config.dump())))["config"]["activation"].get<std::string>();
  };
  BOOST_TEST(name_in(plain) == "hard_sigmoid");
  json keras3 = plain;
  keras3["module"] = "keras.layers";
  keras3["registered_name"] = nullptr;
  BOOST_TEST(name_in(keras3) == "hard_sigmoid_v3");
  const auto in_model = [&](const json& layer, json more) {
    json model = of_class("Sequential", {{"layers", json::array({layer})}});
    model.update(more);
    return json::parse(get_config(layer_from_config(model.dump())))["config"]["layers"][0]["config"]["activation"]
        .get<std::string>();
  };
  BOOST_TEST(in_model(plain, {{"module", "keras"}}) == "hard_sigmoid_v3");
  BOOST_TEST(in_model(plain, {{"keras_version", "2.2.4-tf"}}) == "hard_sigmoid");
  BOOST_TEST(in_model(plain, {{"keras_version", "3.5.0"}}) == "hard_sigmoid_v3");
  BOOST_TEST(in_model(keras3, {{"keras_version", "2.13.1"}, {"module", "keras"}}) == "hard_sigmoid");
  // Cells inside of layers, too.
  json cell = of_class("LSTMCell", {{"units", 2}, {"recurrent_activation", "hard_sigmoid"}});
  json rnn = of_class("RNN", {{"cell", cell}});
  rnn["module"] = "keras.layers";
  const json written = json::parse(get_config(layer_from_config(rnn.dump())));
  BOOST_TEST(written["config"]["cell"]["config"]["recurrent_activation"] == "hard_sigmoid_v3");
}

BOOST_AUTO_TEST_CASE(reset_after_is_what_the_keras_that_wrote_the_config_takes_for_granted) {
  const auto reset_after = [](json more) {
    json model = of_class("Sequential", {{"layers", json::array({of_class("GRU", {{"units", 2}})})}});
    model.update(more);
    return json::parse(get_config(layer_from_config(model.dump())))["config"]["layers"][0]["config"]["reset_after"]
        .get<bool>();
  };
  BOOST_TEST(reset_after(json::object()));
  BOOST_TEST(reset_after({{"keras_version", "2.13.1"}}));
  BOOST_TEST(!reset_after({{"keras_version", "2.2.4-tf"}}));
  BOOST_TEST(!reset_after({{"keras_version", "2.1.6"}}));
}

BOOST_AUTO_TEST_SUITE_END()
