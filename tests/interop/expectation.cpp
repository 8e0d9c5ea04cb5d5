#include "expectation.h"

#include <recur/interop/import.h>
#include <recur/interop/keras/keras_config.h>
#include <recur/interop/onnx/onnx_graph.h>
#include <recur/io/npz.h>
#include <recur/layers/embedding.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/torch/torch_rnn.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fstream>
#include <sstream>

namespace recur::interop {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Outputs = std::map<std::string, std::vector<double>>;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  require<FormatError>(file.good(), "'{}' cannot be read", path.string());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> names_with(const NpzFile& data, const std::string& prefix) {
  std::vector<std::string> found;
  for (const std::string& name : data.names())
    if (name.starts_with(prefix)) found.push_back(name);
  return found;
}

bool begins_with_ids(Sequential& model) { return model.layers().front()->class_name() == Embedding::class_name; }

Tensor<float> with_batch(const Tensor<float>& x) { return Tensor<float>(x.shape().inserted(0, 1), x.values()); }

std::vector<double> call(Sequential& model, const Tensor<float>& x) {
  Tape tape;
  const NoGradient inference(tape);
  if (!begins_with_ids(model)) return model(tape.constant(Array(x.clone()))).to_doubles();
  std::vector<std::int32_t> ids;
  for (const float id : x.values()) ids.push_back(static_cast<std::int32_t>(id));
  return model(tape, ids, x.shape()).to_doubles();
}

// Of a PyTorch module alone: its output and final states.
Outputs run_torch(TorchLayers& layers, const NpzFile& data) {
  Tape tape;
  const NoGradient inference(tape);
  std::vector<Var> states;
  for (const char* name : {"in_h0", "in_c0"})
    if (data.contains(name)) states.push_back(tape.constant(Array(data.load<float>(name))));
  const TorchResult result = layers.call(tape.constant(Array(data.load<float>("in_x"))), states);
  Outputs outputs{{"out_y", result.output.to_doubles()}, {"out_hn", result.states[0].to_doubles()}};
  if (result.states.size() > 1) outputs["out_cn"] = result.states[1].to_doubles();
  return outputs;
}

TorchLayers* torch_layers(AnyLayer& layer) {
  if (layer->class_name() == TorchLSTM::class_name) return &layer.as<TorchLSTM>();
  if (layer->class_name() == TorchGRU::class_name) return &layer.as<TorchGRU>();
  return layer->class_name() == TorchRNN::class_name ? &layer.as<TorchRNN>() : nullptr;
}

Outputs run_model(const ModelDescription& description, const NpzFile& data) {
  Sequential model = build(description);
  if (model.layers().size() == 1)
    if (TorchLayers* const layers = torch_layers(model.layers().front())) return run_torch(*layers, data);
  const Tensor<float> x = data.load<float>("in_x");
  if (begins_with_ids(model)) return {{"out_y", call(model, x)}};
  const Tensor<float> y = run(model, description, x);
  return {{"out_y", {y.values().begin(), y.values().end()}}};
}

// A stateful layer is called twice, as those who made the vectors did.
Outputs run_layer(const Json& layer, const NpzFile& data) {
  std::vector<NamedTensor> tensors;
  for (const std::string& name : names_with(data, "weight_")) tensors.push_back({name, Array(data.load<float>(name))});
  const Tensor<float> x = with_batch(data.load<float>("in_x"));
  Sequential model = build(import_layer(layer.dump(), std::move(tensors), x.shape().cols()));
  const bool stateful = layer["config"].value("stateful", false);
  std::vector<double> output;
  for (int i = 0; i < (stateful ? 2 : 1); ++i) output = call(model, x);
  return {{"out_y", output}};
}

OnnxTensor onnx_input(const NpzFile& data, const std::string& name) {
  OnnxTensor result;
  const Tensor<double> values = data.load<double>(name);
  for (const Index size : values.shape().sizes()) result.sizes.push_back(size);
  result.numbers.assign(values.values().begin(), values.values().end());
  return result;
}

// The graph's outputs under the names of the data: by name, by the last word of it, or by the best fit of one of its
// size.
Outputs named_outputs(const std::map<std::string, OnnxTensor>& results, const NpzFile& data) {
  Outputs outputs;
  for (const std::string& name : names_with(data, "out_")) {
    const std::string own = name.substr(4);
    const std::string last = own.substr(own.rfind('_') + 1);
    const auto at = results.contains(own) ? results.find(own) : results.find(last);
    if (at != results.end()) {
      outputs[name] = at->second.numbers;
      continue;
    }
    double best = INFINITY;
    for (const auto& [other, tensor] : results) {
      const Tensor<double> wanted = data.load<double>(name);
      if (tensor.numbers.size() != wanted.values().size()) continue;
      double worst = 0;
      for (std::size_t i = 0; i < tensor.numbers.size(); ++i)
        worst = std::max(worst, std::abs(tensor.numbers[i] - wanted.values()[i]));
      if (worst >= best) continue;
      best = worst;
      outputs[name] = tensor.numbers;
    }
  }
  return outputs;
}

Outputs run_onnx(const fs::path& file, const NpzFile& data) {
  const OnnxModel model(file);
  std::map<std::string, OnnxTensor> inputs;
  for (const std::string& name : model.graph().inputs)
    if (data.contains("in_" + name)) inputs[name] = onnx_input(data, "in_" + name);
  return named_outputs(model.run(std::move(inputs)), data);
}

// A graph that is a chain of layers gives the same as a Sequential, if its axes are those of Recur.
void check_layers(const fs::path& file, const NpzFile& data, RowResult& result, double tolerance) {
  const auto inputs = names_with(data, "in_");
  const auto outputs = names_with(data, "out_");
  if (inputs.size() != 1) return;
  ModelDescription description;
  try {
    description = import_model(file);
  } catch (const FormatError&) {
    return;
  }
  const bool turned = std::ranges::any_of(description.notes, [](const std::string& note) {
    return note.find("axes") != std::string::npos || note.find("[time, batch") != std::string::npos;
  });
  if (turned) return;
  Sequential model = build(description);
  const std::vector<double> y = call(model, data.load<float>(inputs.front()));
  const Tensor<double> wanted = data.load<double>(outputs.back());
  if (y.size() != wanted.values().size()) return;
  double worst = 0;
  for (std::size_t i = 0; i < y.size(); ++i) worst = std::max(worst, std::abs(y[i] - wanted.values()[i]));
  result.passed = result.passed && worst <= tolerance;
  result.message += fmt::format("; as {} layers {:.2g}", model.layers().size(), worst);
}

Outputs tensors_of(const fs::path& file) {
  Outputs outputs;
  for (const NamedTensor& tensor : import_tensors(file)) {
    std::string name = tensor.name;
    outputs["weight_" + name] = tensor.value.to_doubles();
    std::replace(name.begin(), name.end(), '/', '|');
    outputs["array_" + name] = tensor.value.to_doubles();
  }
  return outputs;
}

// Compares with out_*, weight_* and array_* of the data; returns the largest difference.
double compare(const Outputs& outputs, const NpzFile& data, const char* prefix) {
  double worst = 0;
  for (const std::string& name : names_with(data, prefix)) {
    const auto found = outputs.find(name);
    require<Error>(found != outputs.end(), "'{}' is not among what came out", name);
    const Tensor<double> wanted = data.load<double>(name);
    require<Error>(found->second.size() == wanted.values().size(), "'{}' has {} numbers, {} are expected", name,
                   found->second.size(), wanted.values().size());
    for (std::size_t i = 0; i < found->second.size(); ++i) {
      const double difference = std::abs(found->second[i] - wanted.values()[i]);
      worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
    }
  }
  return worst;
}

// A softmax is a function, which PyTorch's description does not list; numbers whose rows are probabilities tell it.
std::string function_of_output(const NpzFile& data) {
  if (!data.contains("out_y")) return "";
  const Tensor<double> y = data.load<double>("out_y");
  const auto columns = static_cast<std::size_t>(y.shape().cols());
  bool plain = columns > 1;
  bool logarithm = columns > 1;
  for (std::size_t begin = 0; begin < y.values().size(); begin += columns) {
    double sum = 0;
    double sum_of_powers = 0;
    for (const double x : y.values().subspan(begin, columns)) {
      sum += x;
      sum_of_powers += std::exp(x);
    }
    plain = plain && std::abs(sum - 1) < 1e-5;
    logarithm = logarithm && std::abs(sum_of_powers - 1) < 1e-5;
  }
  return logarithm ? "log_softmax" : (plain ? "softmax" : "");
}

// print(RNN(…)) does not say which function it has: a relu makes no state negative, which a tanh does.
std::string with_nonlinearity(std::string module, const NpzFile& data) {
  if (!module.starts_with("RNN(") || module.find("nonlinearity") != std::string::npos || !data.contains("out_hn"))
    return module;
  const Tensor<double> last = data.load<double>("out_hn");
  if (std::ranges::any_of(last.values(), [](double x) { return x < 0; })) return module;
  return module.insert(module.size() - 1, ", nonlinearity='relu'");
}

ImportOptions options_of(const Json& row, const fs::path& folder) {
  ImportOptions options;
  options.module = row.value("module", "");
  if (row.contains("data"))
    options.module = with_nonlinearity(options.module, NpzFile(folder / row["data"].get<std::string>()));
  if (row.contains("config")) options.config = text_of(folder / row["config"].get<std::string>());
  return options;
}

RowResult accept(const Json& row, const fs::path& folder) {
  const fs::path file = folder / row["file"].get<std::string>();
  if (!row.contains("data")) {
    const std::string format = row.value("format", "");
    const bool tensors_only =
        !row.contains("module") && !row.contains("config") && (format == "torch-state-dict" || format == "hdf5");
    if (tensors_only) return {true, fmt::format("loads {} tensors", import_tensors(file).size())};
    if (recognize(file) == FileKind::onnx)
      return {true, fmt::format("loads {} nodes", OnnxModel(file).graph().nodes.size())};
    const ModelDescription description = import_model(file, options_of(row, folder));
    (void)build(description);
    return {true, fmt::format("loads ({})", description.format)};
  }
  const NpzFile data(folder / row["data"].get<std::string>());
  double error = 0;
  if (row.contains("layer")) error = compare(run_layer(row["layer"], data), data, "out_");
  else if (names_with(data, "out_").empty())
    error = std::max(compare(tensors_of(file), data, "weight_"), compare(tensors_of(file), data, "array_"));
  else if (recognize(file) == FileKind::onnx) {
    error = compare(run_onnx(file, data), data, "out_");
  } else {
    ImportOptions options = options_of(row, folder);
    if (!options.module.empty() && data.contains("out_y") && data.contains("in_x"))
      options.last_step = data.load<float>("out_y").shape().rank() < 3;
    if (!options.module.empty()) options.then = function_of_output(data);
    error = compare(run_model(import_model(file, options), data), data, "out_");
  }
  const double tolerance = row.value("tolerance", 0.0);
  RowResult result{error <= tolerance, fmt::format("largest error {:.2g} of {:.2g}", error, tolerance)};
  if (!row.contains("layer") && recognize(file) == FileKind::onnx) check_layers(file, data, result, tolerance);
  return result;
}

// Whether an error says the reason of a note: it holds one of its words of five letters or more.
bool says_reason(std::string error, std::string note) {
  const auto lower = [](std::string& text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  };
  lower(error);
  lower(note);
  std::string word;
  for (const char c : note + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word += c;
      continue;
    }
    if (word.size() >= 4 && error.find(word) != std::string::npos) return true;
    word.clear();
  }
  return note.empty();
}

}  // namespace

RowResult check_row(const Json& row, const fs::path& folder) {
  const std::string verdict = row.at("verdict").get<std::string>();
  const std::string note = row.value("note", "");
  try {
    const RowResult result = accept(row, folder);
    if (verdict == "refuse") return {false, "was accepted: " + result.message};
    return result;
  } catch (const Error& error) {
    const std::string message = error.what();
    if (verdict == "accept") return {false, message};
    std::string words = note + " " + fs::path(row["file"].get<std::string>()).stem().string();
    for (const char* verdict_word : {"refuse", "reason", "right", "numbers"})
      if (const auto at = words.find(verdict_word); at != std::string::npos)
        words.erase(at, std::string_view(verdict_word).size());
    return {says_reason(message, words), "refused: " + message};
  }
}

}  // namespace recur::interop
