#include <recur/interop/internal/assembly.h>
#include <recur/interop/keras/keras_config.h>

namespace recur::interop {
namespace {

using Tensors = std::vector<NamedTensor>;

// Keras 1's arrays of one kind, side by side.
Array joined(const Tensors& tensors, std::span<const std::size_t> places) {
  const Shape& shape = tensors[places[0]].value.shape();
  const bool matrix = shape.rank() == 2;
  const Index rows = matrix ? shape[0] : 1;
  const Index columns = shape.cols();
  const auto count = static_cast<Index>(places.size());
  std::vector<double> all(static_cast<std::size_t>(rows * columns * count));
  for (Index k = 0; k < count; ++k) {
    const Array& part = tensors[places[static_cast<std::size_t>(k)]].value;
    require<FormatError>(part.shape() == shape, "Keras 1: arrays of {} and {} for the gates of one layer", shape,
                         part.shape());
    const std::vector<double> from = part.to_doubles();
    for (Index row = 0; row < rows; ++row)
      for (Index column = 0; column < columns; ++column)
        all[static_cast<std::size_t>((row * count + k) * columns + column)] =
            from[static_cast<std::size_t>(row * columns + column)];
  }
  const Shape result = matrix ? Shape{rows, columns * count} : Shape{columns * count};
  return make_array(result, all);
}

// Twelve arrays W, U, b of i, c, f, o, or nine of z, r, h.
Tensors from_keras1(const Tensors& tensors, bool lstm) {
  const std::vector<std::size_t> gates =
      lstm ? std::vector<std::size_t>{0, 6, 3, 9} : std::vector<std::size_t>{0, 3, 6};
  Tensors result;
  constexpr std::array<const char*, 3> names = {"kernel", "recurrent_kernel", "bias"};
  for (std::size_t kind = 0; kind < 3; ++kind) {
    std::vector<std::size_t> places;
    for (const std::size_t gate : gates) places.push_back(gate + kind);
    result.push_back({names[kind], joined(tensors, places)});
  }
  return result;
}

// Each gate's block of a CuDNN kernel is the bytes, row by row, of its transpose.
Array from_cudnn(const Array& kernel, Index gates, bool recurrent) {
  const Index rows = kernel.shape()[0];
  const Index columns = kernel.shape()[1];
  const Index units = columns / gates;
  require<FormatError>(columns % gates == 0 && (!recurrent || rows == units), "CuDNN: a kernel of {}", kernel.shape());
  const std::vector<double> from = kernel.to_doubles();
  std::vector<double> to(from.size());
  for (Index gate = 0; gate < gates; ++gate)
    for (Index row = 0; row < rows; ++row)
      for (Index unit = 0; unit < units; ++unit) {
        const Index flat = unit * rows + row;
        to[static_cast<std::size_t>(row * columns + gate * units + unit)] =
            from[static_cast<std::size_t>(flat / units * columns + gate * units + flat % units)];
      }
  return make_array(kernel.shape(), to, kernel.dtype());
}

Array halves_as_rows(const Array& bias) { return make_array({2, bias.size() / 2}, bias.to_doubles(), bias.dtype()); }

// Brings the arrays of one recurrent layer into today's layout, and its config into agreement with them.
Tensors adapt(const std::string& class_name, Json& config, Tensors tensors, std::vector<std::string>& notes) {
  const bool lstm = class_name == "LSTM";
  if (!lstm && class_name != "GRU") return tensors;
  if (tensors.size() == (lstm ? 12U : 9U)) {
    notes.emplace_back("weights of Keras 1 were brought into today's layout");
    if (!lstm) config["reset_after"] = false;
    return from_keras1(tensors, lstm);
  }
  if (tensors.size() != 3 || tensors[1].value.shape().rank() != 2) return tensors;
  const Index units = tensors[1].value.shape()[0];
  const Array& bias = tensors[2].value;
  const Index gates = lstm ? 4 : 3;
  if (bias.shape().rank() == 1 && bias.size() == 2 * gates * units && tensors[0].value.shape().rank() == 2) {
    notes.emplace_back("weights of a CuDNN layer were brought into the usual layout");
    tensors[0].value = from_cudnn(tensors[0].value, gates, false);
    tensors[1].value = from_cudnn(tensors[1].value, gates, true);
    tensors[2].value = lstm ? summed_bias(halves_as_rows(bias)) : halves_as_rows(bias);
    if (!lstm) config["reset_after"] = true;
    return tensors;
  }
  if (!lstm) config["reset_after"] = bias.shape().rank() == 2;
  return tensors;
}

Tensors part(Tensors& tensors, std::size_t first, std::size_t count) {
  Tensors result;
  for (std::size_t i = first; i < first + count; ++i) result.push_back({tensors[i].name, std::move(tensors[i].value)});
  return result;
}

Tensors adapt_layer(const std::string& class_name, Json& config, Tensors tensors, std::vector<std::string>& notes) {
  if (class_name == "TimeDistributed" && config.contains("layer"))
    return adapt_layer(config["layer"].value("class_name", ""), config["layer"]["config"], std::move(tensors), notes);
  if (class_name != "Bidirectional" || tensors.size() % 2 != 0 || !config.contains("layer"))
    return adapt(class_name, config, std::move(tensors), notes);
  const std::size_t half = tensors.size() / 2;
  Json& forward = config["layer"];
  const bool own = config.contains("backward_layer") && config["backward_layer"].is_object();
  Tensors result = adapt(forward.value("class_name", ""), forward["config"], part(tensors, 0, half), notes);
  Json& backward = own ? config["backward_layer"] : forward;
  for (NamedTensor& tensor :
       adapt(backward.value("class_name", ""), backward["config"], part(tensors, half, half), notes))
    result.push_back(std::move(tensor));
  return result;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Of a layer whose input the config does not say: what its first array takes.
Index first_features(const KerasLayer& layer, const Tensors& tensors) {
  if (layer.class_name == "Embedding") return 1;
  if (tensors.empty()) return 0;
  const Shape& shape = tensors[0].value.shape();
  if (layer.class_name == "Conv1D") return shape.rank() == 3 ? shape[1] : 0;
  if (layer.class_name == "BatchNormalization") return shape.cols();
  return shape.rank() == 2 ? shape[0] : 0;
}

// Keras knows the steps that a Flatten joins from the shape of the input. Where the file does not state it, the next
// layer with weights tells. @param next the weights of that layer; null if there is none
Index flattened_steps(const Assembly& assembly, const KerasModel& model, const Tensors* next,
                      const std::string& where) {
  if (assembly.empty()) {
    if (model.steps > 0) return model.steps;
    fail<FormatError>("{}: a Flatten as the first layer, and the file does not say how many steps it joins", where);
  }
  Sequential before = assembly.make_model(model.features);
  if (next != nullptr && !next->empty()) {
    const Index rows = next->front().value.shape()[0];
    const Index size = before.output_size();
    require<FormatError>(rows > 0 && size > 0 && rows % size == 0,
                         "{}: a Flatten of steps of {} numbers goes to a layer with weights of {}", where, size, rows);
    return rows / size;
  }
  require<FormatError>(model.steps > 0, "{}: the file does not say how many steps a Flatten joins", where);
  const Shape shape = before.output_shape({1, model.steps, model.features});
  return shape.rank() == 3 ? shape[1] : 1;
}

}  // namespace

ModelDescription join_keras(KerasModel model, std::vector<std::vector<NamedTensor>> weights, std::string format,
                            const std::string& where) {
  std::vector<std::string> wanted;
  for (const KerasLayer& layer : model.layers)
    if (layer.has_weights) wanted.push_back(layer.name.empty() ? layer.class_name : layer.name);
  std::vector<std::string> given;
  for (const Tensors& tensors : weights) given.push_back(tensors.empty() ? "(none)" : tensors.front().name);
  require<FormatError>(wanted.size() == given.size(),
                       "{}: the model has {} layers with weights [{}], the file has weights of {} [{}]", where,
                       wanted.size(), list_of(wanted), given.size(), list_of(given));
  Assembly assembly;
  std::size_t next = 0;
  for (KerasLayer& layer : model.layers) {
    Json config = parse_json(layer.config, where);
    Tensors tensors;
    if (layer.has_weights) {
      if (model.features == 0) model.features = first_features(layer, weights[next]);
      tensors = adapt_layer(layer.class_name, config, std::move(weights[next++]), model.notes);
    }
    if (layer.class_name == "Flatten")
      config["steps"] = flattened_steps(assembly, model, next < weights.size() ? &weights[next] : nullptr, where);
    assembly.add(layer.class_name, layer.name, std::move(config), std::move(tensors));
  }
  require<FormatError>(model.features > 0, "{}: the size of the input is not known", where);
  return assembly.finish(std::move(format), model.features, std::move(model.notes));
}

ModelDescription import_layer(const std::string& json, std::vector<NamedTensor> tensors, Index features) {
  KerasModel model;
  model.layers.push_back(read_keras_layer(json, "import_layer"));
  model.features = features;
  std::vector<Tensors> weights;
  if (model.layers.front().has_weights) weights.push_back(std::move(tensors));
  else
    require<FormatError>(tensors.empty(), "import_layer: a {} has no weights, {} are given",
                         model.layers.front().class_name, tensors.size());
  return join_keras(std::move(model), std::move(weights), "Keras layer", "import_layer");
}

}  // namespace recur::interop
