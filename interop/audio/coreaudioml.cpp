#include <recur/interop/audio/coreaudioml.h>

#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/bytes.h>
#include <recur/interop/internal/layer_view.h>
#include <recur/interop/torch/state_dict.h>
#include <recur/interop/torch/torch_layout.h>

#include <algorithm>

namespace recur::interop {
namespace {

StateDict read_state_dict(const Json& json, const std::string& where) {
  require<FormatError>(json.is_object() && !json.empty(), "{}: an object of arrays is expected", where);
  StateDict dict;
  for (const auto& [name, value] : json.items())
    dict.tensors.push_back({name, read_array(value, fmt::format("{}: '{}'", where, name))});
  return dict;
}

// A plugin goes on from where it ended.
void make_stateful(ModelDescription& model) {
  Json config = parse_json(model.config, "config");
  for (Json& layer : config["config"]["layers"])
    if (layer["config"].contains("return_sequences")) layer["config"]["stateful"] = true;
  model.config = config.dump();
}

void check_model_data(const Json& data, const ModelDescription& model, const std::string& where) {
  const std::string unit = read_string(data, "unit_type", where);
  const Json config = parse_json(model.config, "config");
  const Json& layers = config["config"]["layers"];
  const std::string wanted = unit == "RNN" ? "SimpleRNN" : unit;
  const Index count = read_integer(data, "num_layers", where);
  for (std::size_t i = 0; i + 1 < layers.size(); ++i)
    require<FormatError>(
        layers[i]["class_name"] == wanted && layers[i]["config"]["units"] == read_integer(data, "hidden_size", where),
        "{}: model_data says {} of {} units, the weights of layer {} are those of {} of {}", where, unit,
        data["hidden_size"].dump(), i, layers[i]["class_name"].dump(), layers[i]["config"]["units"].dump());
  require<FormatError>(static_cast<Index>(layers.size()) == count + 1 && layers.back()["class_name"] == "Dense",
                       "{}: model_data says {} recurrent layers and a Linear, the weights are those of {} layers",
                       where, count, layers.size());
  require<FormatError>(model.features == read_integer(data, "input_size", where) &&
                           layers.back()["config"]["units"] == read_integer(data, "output_size", where),
                       "{}: model_data says {} inputs and {} outputs, the weights have {} and {}", where,
                       data["input_size"].dump(), data["output_size"].dump(), model.features,
                       layers.back()["config"]["units"].dump());
}

}  // namespace

ModelDescription read_json_state_dict(const std::string& text, const std::string& where) {
  StateDict dict = read_state_dict(parse_json(text, where), where);
  dict.format = "PyTorch state dict as JSON";
  return describe_torch(dict);
}

ModelDescription read_coreaudioml(const std::string& text, const std::string& where) {
  const Json json = parse_json(text, where);
  const auto data = json.find("model_data");
  const auto state = json.find("state_dict");
  require<FormatError>(data != json.end() && data->is_object() && state != json.end(),
                       "{}: \"model_data\" and \"state_dict\" are needed", where);
  const std::string kind = read_string(*data, "model", where);
  require<FormatError>(kind == "SimpleRNN", "{}: the model '{}' is not imported (SimpleRNN is)", where, kind);
  const std::string unit = read_string(*data, "unit_type", where);
  require<FormatError>(unit == "LSTM" || unit == "GRU" || unit == "RNN",
                       "{}: the unit type '{}' is not known (LSTM, GRU and RNN are)", where, unit);
  StateDict dict = read_state_dict(*state, where);
  dict.format = "CoreAudioML JSON";
  ModelDescription result = describe_torch(dict, {"", false});
  result.notes.clear();  // the order of the two modules is that of the format
  check_model_data(*data, result, where);
  make_stateful(result);
  const std::int64_t skip = data->contains("skip") ? read_integer(*data, "skip", where) : 0;
  const std::int64_t outputs = read_integer(*data, "output_size", where);
  require<FormatError>(skip >= 0 && skip <= result.features && (skip == 0 || skip == outputs),
                       "{}: skip {} does not go with {} inputs and {} outputs", where, skip, result.features, outputs);
  result.path.skip = skip;
  return result;
}

void write_coreaudioml(const std::filesystem::path& file, Sequential& model, const ModelDescription& description) {
  constexpr const char* where = "write_coreaudioml";
  const std::vector<LayerView> layers = view_layers(model);
  require<ValueError>(layers.size() >= 2 && layers.back().class_name == "Dense" &&
                          layers.back().text("activation", "linear") == "linear",
                      "{}: the model must be recurrent layers and a linear Dense", where);
  require<ValueError>(!description.path.has_gains() && !description.path.scaled(),
                      "{}: the format has no gains and no scales of columns", where);
  Json state;
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
    check_plugin_layer(layers[i], where);
    require<ValueError>(layers[i].class_name == layers[0].class_name &&
                            layers[i].config["units"] == layers[0].config["units"] &&
                            layers[i].has("bias") == layers[0].has("bias"),
                        "{}: the recurrent layers must be of one class and size", where);
    for (const NamedTensor& tensor : torch_tensors(layers[i], "rec.", static_cast<Index>(i)))
      state[tensor.name] = write_array(tensor.value);
  }
  state["lin.weight"] = write_array(columns_to_rows(layers.back().weight("kernel"), {0}));
  const Index outputs = layers.back().weight("kernel").shape()[1];
  const Array no_bias({outputs}, DType::float32);
  state["lin.bias"] = write_array(layers.back().has("bias") ? layers.back().weight("bias") : no_bias);
  const std::string& kind = layers[0].class_name;
  Json json;
  json["model_data"] = {{"model", "SimpleRNN"},
                        {"input_size", description.features},
                        {"skip", description.path.skip},
                        {"output_size", outputs},
                        {"unit_type", kind == "SimpleRNN" ? "RNN" : kind},
                        {"num_layers", layers.size() - 1},
                        {"hidden_size", layers[0].config["units"]},
                        {"bias_fl", layers[0].has("bias")}};
  json["state_dict"] = std::move(state);
  write_whole_file(file, json.dump());
}

}  // namespace recur::interop
