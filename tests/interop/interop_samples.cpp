// Writes models in the formats of other programs, with inputs and Recur's outputs, for scripts/read_back:
// FOLDER/list.json has a row for each file. Numbers are raw little-endian float32, ids int32.
//
//   interop_samples FOLDER

#include <recur/framework/tensor/error.h>
#include <recur/interop/export.h>
#include <recur/interop/onnx/onnx_graph.h>
#include <recur/layers/config/config.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>

namespace recur::interop {
namespace {

using Json = nlohmann::json;
using Path = std::filesystem::path;

struct Sample {
  std::string name;
  std::string layers;  ///< Configs, without brackets.
  std::vector<std::string> formats;
  Index features = 3;
  Index ids = 0;           ///< Number of different ids at the input; 0: features.
  bool with_gaps = false;  ///< Every seventh step is zeros.
};

struct Length {
  Index batch, time;
  double tolerance;
};
// Sums of float32 in another order: 1e-6 after 100 steps, 1e-5 after 10,000.
constexpr std::array lengths = {Length{2, 100, 1e-6}, Length{1, 10'000, 1e-5}};

std::string layer(const std::string& kind, const std::string& name, const std::string& options) {
  return R"({"class_name":")" + kind + R"(","config":{"name":")" + name + "\"" + (options.empty() ? "" : ",") +
         options + "}}";
}

std::vector<Sample> all_samples() {
  const auto steps = [](const std::string& kind, const std::string& name, int units, const std::string& options = "") {
    return layer(
        kind, name,
        R"("units":)" + std::to_string(units) + R"(,"return_sequences":true)" + (options.empty() ? "" : ",") + options);
  };
  const auto head = [](int units, const std::string& activation) {
    return "," +
           layer("Dense", "head", R"("units":)" + std::to_string(units) + R"(,"activation":")" + activation + "\"");
  };
  const std::string both = layer("Bidirectional", "both", R"("layer":)" + steps("LSTM", "inner", 8));
  const std::string cells = R"("return_sequences":true,"cell":)" +
                            layer("StackedRNNCells", "stack",
                                  R"("cells":[)" + layer("LayerNormLSTMCell", "first", R"("units":8)") + "," +
                                      layer("MGUCell", "second", R"("units":6)") + "]");
  return {
      {"lstm",
       steps("LSTM", "lower", 16) + "," + steps("LSTM", "upper", 8) + head(2, "linear"),
       {"torch", "torch-safetensors", "keras-h5", "keras", "tfjs", "onnx", "onnx-stateful"}},
      {"gru", steps("GRU", "gru", 12) + head(1, "tanh"), {"torch", "keras-h5", "keras", "onnx", "onnx-stateful"}},
      {"gru_before",
       steps("GRU", "gru", 12, R"("reset_after":false)") + head(1, "sigmoid"),
       {"keras-h5", "tfjs", "onnx"}},
      {"simple_rnn",
       steps("SimpleRNN", "rnn", 8) + head(2, "linear"),
       {"torch", "torch-safetensors", "keras-h5", "keras", "tfjs", "onnx", "onnx-stateful"}},
      {"bidirectional",
       both + "," + layer("LayerNormalization", "norm", "") + head(3, "softmax"),
       {"torch", "keras-h5", "keras", "onnx"}},
      {"directions", both + head(3, "softmax"), {"torch", "keras-h5", "tfjs", "onnx"}},
      {"stacked",
       layer("RNN", "rnn",
             R"("return_sequences":true,"cell":)" +
                 layer("StackedRNNCells", "stack",
                       R"("cells":[)" + layer("LSTMCell", "first", R"("units":8)") + "," +
                           layer("SimpleRNNCell", "second", R"("units":6)") + "]")) +
           head(2, "linear"),
       {"keras-h5", "keras", "tfjs", "onnx"}},
      {"words",
       layer("Embedding", "table", R"("input_dim":20,"output_dim":8)") + "," + layer("LSTM", "lstm", R"("units":8)") +
           head(4, "linear"),
       {"torch", "keras-h5", "keras", "tfjs", "onnx"},
       1,
       20},
      {"convolution",
       layer("Conv1D", "conv", R"("filters":6,"kernel_size":3,"padding":"same","activation":"relu")") + "," +
           layer("BatchNormalization", "norm", "") + "," + steps("LSTM", "lstm", 8) + head(1, "linear"),
       {"keras-h5", "keras", "tfjs", "onnx"}},
      {"masked",
       layer("Masking", "gaps", "") + "," + steps("LSTM", "lstm", 8) + "," + layer("GRU", "gru", R"("units":6)") +
           head(2, "linear"),
       {"onnx"},
       3,
       0,
       true},
      {"padded",
       layer("Embedding", "table", R"("input_dim":20,"output_dim":8,"mask_zero":true)") + "," + both +
           head(2, "linear"),
       {"onnx"},
       1,
       20},
      {"own_cells", layer("RNN", "cells", cells) + head(2, "linear"), {"onnx", "onnx-stateful"}},
      {"clipped",
       steps("LSTM", "lstm", 8, R"("cell_clip":0.5,"activation":"gelu")") + head(1, "linear"),
       {"onnx", "onnx-stateful"}},
  };
}

void write_raw(const Path& file, const void* numbers, std::size_t bytes) {
  std::ofstream out(file, std::ios::binary);
  out.write(static_cast<const char*>(numbers), static_cast<std::streamsize>(bytes));
  require<FormatError>(out.good(), "interop_samples: '{}' cannot be written", file.string());
}

Json sizes_of(const Shape& shape) { return std::vector<Index>(shape.sizes().begin(), shape.sizes().end()); }

Sequential make(const Sample& sample) {
  const AnyLayer whole =
      layer_from_config(R"({"class_name":"Sequential","config":{"layers":[)" + sample.layers + "]}}");
  Sequential model(std::move(whole.as<Sequential>().layers()));
  Builder builder(sample.features, DType::float32, Generator(7));
  model.build(builder);
  // So small that a difference in rounding fades over the steps.
  Generator random(11);
  for (const NamedParameter& p : parameters(model)) {
    std::vector<double> values(static_cast<std::size_t>(p.parameter->size()));
    const bool variance = p.path.ends_with("moving_variance");
    for (double& value : values) value = variance ? 0.5 + random.uniform() : 0.6 * random.uniform() - 0.3;
    p.parameter->edit().assign(values);
  }
  return model;
}

Tensor<float> output_for_ids(Sequential& model, const std::vector<std::int32_t>& ids, const Length& length) {
  Tape tape;
  const NoGradient inference(tape);
  const Var y = model(tape, ids, {length.batch, length.time});
  Tensor<float> output(y.shape());
  const std::vector<double> numbers = y.to_doubles();
  std::copy(numbers.begin(), numbers.end(), output.values().begin());
  return output;
}

// Writes an input and the output for it; returns what they are.
Json write_run(const Path& folder, const Sample& sample, Sequential& model, const Length& length) {
  const std::string name = sample.name + "_" + std::to_string(length.time);
  Generator random(static_cast<std::uint64_t>(length.time));
  ModelDescription description;
  description.features = sample.features;
  Tensor<float> output;
  Shape shape = {length.batch, length.time};
  if (sample.ids > 0) {
    std::vector<std::int32_t> ids(static_cast<std::size_t>(shape.count()));
    for (std::int32_t& id : ids) id = static_cast<std::int32_t>(random.uniform() * static_cast<double>(sample.ids));
    write_raw(folder / (name + ".x"), ids.data(), ids.size() * sizeof(ids[0]));
    output = output_for_ids(model, ids, length);
  } else {
    shape = {length.batch, length.time, sample.features};
    Tensor<float> input(shape);
    std::size_t place = 0;
    for (float& number : input.values()) {
      const std::size_t step = place++ / static_cast<std::size_t>(sample.features);
      number = sample.with_gaps && step % 7 == 3 ? 0 : static_cast<float>(2 * random.uniform() - 1);
    }
    write_raw(folder / (name + ".x"), input.values().data(), input.values().size_bytes());
    output = run(model, description, input);
  }
  write_raw(folder / (name + ".y"), output.values().data(), output.values().size_bytes());
  return {{"input", name + ".x"},
          {"input_shape", sizes_of(shape)},
          {"output", name + ".y"},
          {"output_shape", sizes_of(output.shape())},
          {"tolerance", length.tolerance}};
}

Json write_weights(const Path& folder, const Sample& sample, Sequential& model) {
  Json weights = Json::array();
  for (const auto& [path, parameter] : parameters(model)) {
    const std::string file = sample.name + "_" + std::to_string(weights.size()) + ".w";
    const std::vector<double> numbers = parameter->value().to_doubles();
    const std::vector<float> floats(numbers.begin(), numbers.end());
    write_raw(folder / file, floats.data(), floats.size() * sizeof(float));
    weights.push_back({{"name", path}, {"file", file}, {"shape", sizes_of(parameter->shape())}});
  }
  return weights;
}

Path file_of(const std::string& name, const std::string& format) {
  const std::map<std::string, std::string> endings = {{"torch", ".pt"},    {"torch-safetensors", ".safetensors"},
                                                      {"keras-h5", ".h5"}, {"keras", ".keras"},
                                                      {"onnx", ".onnx"},   {"onnx-stateful", "_stateful.onnx"}};
  return format == "tfjs" ? Path(name + "_tfjs") / "model.json" : Path(name + endings.at(format));
}

// The states that a file takes: its inputs but x.
Json states_of(const Path& file) {
  Json states = Json::object();
  const OnnxModel onnx(file);
  for (auto [name, sizes] : onnx.graph().input_sizes) {
    if (name == "x") continue;
    std::ranges::replace_if(
        sizes, [](std::int64_t size) { return size < 0; }, 1);
    states[name] = sizes;
  }
  return states;
}

Json write_sample(const Path& folder, const Sample& sample) {
  Sequential model = make(sample);
  ModelDescription description;
  description.features = sample.features;
  Json runs = Json::array();
  for (const Length& length : lengths) runs.push_back(write_run(folder, sample, model, length));
  const Json weights = write_weights(folder, sample, model);
  Json rows = Json::array();
  for (const ExportFormat& format : export_formats()) {
    if (std::ranges::find(sample.formats, format.name) == sample.formats.end()) continue;
    const Path file = file_of(sample.name, std::string(format.name));
    std::filesystem::create_directories((folder / file).parent_path());
    (void)format.write(folder / file, model, description);
    rows.push_back({{"file", file.string()},
                    {"format", format.name},
                    {"layers", Json::parse("[" + sample.layers + "]")},
                    {"features", sample.features},
                    {"ids", sample.ids},
                    {"runs", runs},
                    {"weights", weights}});
    if (format.name == "onnx-stateful") rows.back()["states"] = states_of(folder / file);
  }
  return rows;
}

void write_all(const Path& folder) {
  Json list = Json::array();
  for (const Sample& sample : all_samples())
    for (Json& row : write_sample(folder, sample)) list.push_back(std::move(row));
  const std::string text = list.dump(1) + "\n";
  write_raw(folder / "list.json", text.data(), text.size());
}

}  // namespace
}  // namespace recur::interop

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: interop_samples FOLDER\n");
    return 2;
  }
  try {
    recur::interop::write_all(argv[1]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "interop_samples: {}\n", error.what());
    return 1;
  }
  return 0;
}
