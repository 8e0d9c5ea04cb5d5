#include <recur/interop/audio/rtneural.h>

#include <recur/interop/internal/assembly.h>

#include <cmath>
#include <set>

namespace recur::interop {
namespace {

Index last_size(const Json& layer, const char* key, const std::string& where) {
  const auto at = layer.find(key);
  require<FormatError>(at != layer.end() && at->is_array() && !at->empty() && at->back().is_number_integer() &&
                           at->back().get<std::int64_t>() > 0,
                       "{}: \"{}\" must be a list that ends with a size", where, key);
  return at->back().get<Index>();
}

std::string activation_of(const Json& layer, const std::string& where) {
  const std::string name = layer.contains("activation") ? read_string(layer, "activation", where) : "";
  static const std::set<std::string> known = {"", "linear", "tanh", "relu", "sigmoid", "softmax", "elu"};
  require<FormatError>(known.contains(name),
                       "{}: activation '{}' is not one of RTNeural's (tanh, relu, sigmoid, softmax, elu)", where, name);
  return name.empty() ? "linear" : name;
}

/// Reads the layers one after another.
class RTNeuralReader {
 public:
  RTNeuralReader(const Json& json, const std::string& where) : json_(json), where_(where) {}

  ModelDescription read() {
    const auto layers = json_.find("layers");
    require<FormatError>(layers != json_.end() && layers->is_array() && !layers->empty(),
                         "{}: \"layers\" must be a list", where_);
    const Index inputs = last_size(json_, "in_shape", where_);
    size_ = inputs;
    for (std::size_t i = 0; i < layers->size(); ++i) {
      const std::string at = fmt::format("{}: layers[{}]", where_, i);
      require<FormatError>((*layers)[i].is_object(), "{}: an object is expected", at);
      read_layer((*layers)[i], at);
    }
    ModelDescription result = assembly_.finish("RTNeural JSON", inputs, std::move(notes_));
    read_path(result);
    return result;
  }

 private:
  void read_layer(const Json& layer, const std::string& at) {
    const std::string type = read_string(layer, "type", at);
    const Index units = last_size(layer, "shape", at);
    if (type == "dense" || type == "time-distributed-dense") read_dense(layer, units, at);
    else if (type == "lstm" || type == "gru") read_recurrent(layer, type, units, at);
    else if (type == "activation") {
      require<FormatError>(units == size_, "{}: an activation of {} after a layer of {}", at, units, size_);
      assembly_.add("Activation", "", {{"activation", activation_of(layer, at)}});
    } else
      fail<FormatError>("{}: a layer of type '{}' is not imported (dense, lstm, gru and activation are)", at, type);
    size_ = units;
  }

  Array weight(const Json& layer, std::size_t place, const Shape& shape, const std::string& at) const {
    const auto weights = layer.find("weights");
    require<FormatError>(weights != layer.end() && weights->is_array() && weights->size() > place,
                         "{}: array {} of \"weights\" is missing", at, place);
    Array array = read_array((*weights)[place], fmt::format("{}.weights[{}]", at, place));
    require<FormatError>(array.shape() == shape,
                         "{}: sizes that do not go together: weights[{}] is {}, the shapes ask for {}", at, place,
                         array.shape(), shape);
    return array;
  }

  void read_dense(const Json& layer, Index units, const std::string& at) {
    std::vector<NamedTensor> tensors;
    tensors.push_back({"kernel", weight(layer, 0, {size_, units}, at)});
    const bool bias = layer.at("weights").size() > 1;
    if (bias) tensors.push_back({"bias", weight(layer, 1, {units}, at)});
    check_count(layer, bias ? 2 : 1, at);
    assembly_.add("Dense", "", {{"units", units}, {"use_bias", bias}, {"activation", activation_of(layer, at)}},
                  std::move(tensors));
  }

  void read_recurrent(const Json& layer, const std::string& type, Index units, const std::string& at) {
    const bool lstm = type == "lstm";
    const Index columns = units * (lstm ? 4 : 3);
    std::vector<NamedTensor> tensors;
    tensors.push_back({"kernel", weight(layer, 0, {size_, columns}, at)});
    tensors.push_back({"recurrent_kernel", weight(layer, 1, {units, columns}, at)});
    tensors.push_back({"bias", lstm ? weight(layer, 2, {columns}, at) : weight(layer, 2, {2, columns}, at)});
    check_count(layer, 3, at);
    const std::string said = layer.contains("activation") ? read_string(layer, "activation", at) : "";
    if (!said.empty() && said != "tanh")
      notes_.push_back(fmt::format("the activation '{}' of a {} layer has no effect in RTNeural", said, type));
    Json config = {{"units", units}, {"return_sequences", true}, {"stateful", true}};
    if (!lstm) config["reset_after"] = true;
    assembly_.add(lstm ? "LSTM" : "GRU", "", std::move(config), std::move(tensors));
  }

  static void check_count(const Json& layer, std::size_t count, const std::string& at) {
    require<FormatError>(layer.at("weights").size() == count, "{}: {} arrays of weights, {} are expected", at,
                         layer.at("weights").size(), count);
  }

  void read_path(ModelDescription& result) const {
    static const std::set<std::string> of_aidax = {"in_skip",     "in_gain",      "out_gain",
                                                   "input_batch", "output_batch", "metadata"};
    for (const auto& [key, value] : json_.items())
      if (of_aidax.contains(key)) result.format = "AIDA-X JSON";
    const auto gain = [&](const char* key) {
      const double decibel = read_number(json_, key, 0, where_);
      return decibel <= -90 ? 0 : std::pow(10, decibel / 20);
    };
    result.path.input_gain = gain("in_gain");
    result.path.output_gain = gain("out_gain");
    result.path.skip = read_number(json_, "in_skip", 0, where_) > 0 ? 1 : 0;
    const auto metadata = json_.find("metadata");
    if (metadata == json_.end() || !metadata->is_object()) return;
    const auto rate = metadata->find("samplerate");
    result.sample_rate = rate != metadata->end() && rate->is_number() ? rate->get<double>() : 48000;
    if (rate != metadata->end() && !rate->is_number())
      result.notes.emplace_back("the sample rate is no number in the file: the plugin takes 48000");
  }

  const Json& json_;
  const std::string& where_;
  Index size_ = 0;
  Assembly assembly_;
  std::vector<std::string> notes_;
};

}  // namespace

ModelDescription read_rtneural(const std::string& text, const std::string& where) {
  const Json json = parse_json(text, where);
  return RTNeuralReader(json, where).read();
}

}  // namespace recur::interop
