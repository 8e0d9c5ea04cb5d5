#include <recur/interop/torch/torch_layout.h>

#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/layer_view.h>
#include <recur/interop/torch/torch_front_end.h>
#include <recur/layers/torch/torch_rnn.h>

namespace recur::interop {
namespace {

Index gates_of(const std::string& kind) { return kind == "LSTM" ? 4 : (kind == "GRU" ? 3 : 1); }

void append(std::vector<NamedTensor>& to, std::vector<NamedTensor> from) {
  for (NamedTensor& tensor : from) to.push_back(std::move(tensor));
}

void check_torch_layer(const LayerView& layer) {
  const bool rnn = layer.class_name == "SimpleRNN";
  const std::string activation = layer.text("activation", "tanh");
  require<ValueError>(activation == "tanh" || (rnn && activation == "relu"),
                      "to_state_dict: layer '{}' has the activation '{}'; PyTorch's {} has {}", layer.name, activation,
                      layer.class_name, rnn ? "tanh and relu" : "tanh");
  require<ValueError>(layer.text("recurrent_activation", "sigmoid") == "sigmoid",
                      "to_state_dict: layer '{}' has the recurrent activation '{}'; PyTorch has sigmoid", layer.name,
                      layer.text("recurrent_activation", ""));
  require<ValueError>(layer.class_name != "GRU" || layer.flag("reset_after", true),
                      "to_state_dict: layer '{}' is a GRU without reset_after, which PyTorch does not have",
                      layer.name);
  require<ValueError>(!layer.flag("go_backwards", false),
                      "to_state_dict: layer '{}' goes backwards alone, which PyTorch's layers do not", layer.name);
}

// Both directions of a Bidirectional, which have weights "forward/kernel" and so on.
std::vector<NamedTensor> both_directions(const LayerView& layer) {
  require<ValueError>(layer.text("merge_mode", "concat") == "concat",
                      "to_state_dict: layer '{}' merges its directions by '{}'; PyTorch joins them", layer.name,
                      layer.text("merge_mode", "none"));
  std::vector<NamedTensor> result;
  for (const char* which : {"forward", "backward"}) {
    LayerView one{layer.name, layer.config["layer"]["class_name"], layer.config["layer"]["config"], {}, 0};
    const std::string prefix = std::string(which) + "/";
    for (const NamedTensor& tensor : layer.weights)
      if (tensor.name.starts_with(prefix))
        one.weights.push_back({tensor.name.substr(prefix.size()), tensor.value.clone()});
    check_torch_layer(one);
    append(result, torch_tensors(one, layer.name + ".", 0, *which == 'f' ? "" : "_reverse"));
  }
  return result;
}

TorchLayers& torch_layers(AnyLayer& layer, const std::string& kind) {
  if (kind == TorchLSTM::class_name) return layer.as<TorchLSTM>();
  if (kind == TorchGRU::class_name) return layer.as<TorchGRU>();
  return layer.as<TorchRNN>();
}

}  // namespace

std::vector<NamedTensor> torch_tensors(const LayerView& layer, const std::string& prefix, Index number,
                                       const std::string& suffix) {
  const std::string end = "_l" + std::to_string(number) + suffix;
  const GateOrder order = torch_gate_order(gates_of(layer.class_name));
  std::vector<NamedTensor> tensors;
  tensors.push_back({prefix + "weight_ih" + end, columns_to_rows(layer.weight("kernel"), order)});
  tensors.push_back({prefix + "weight_hh" + end, columns_to_rows(layer.weight("recurrent_kernel"), order)});
  if (!layer.has("bias")) return tensors;
  const Array& bias = layer.weight("bias");
  const bool two = bias.shape().rank() == 2;
  const Array zeros({bias.shape().cols()}, bias.dtype());
  tensors.push_back({prefix + "bias_ih" + end, move_blocks(two ? row_of(bias, 0) : bias.clone(), order)});
  tensors.push_back({prefix + "bias_hh" + end, two ? move_blocks(row_of(bias, 1), order) : zeros.clone()});
  return tensors;
}

std::vector<NamedTensor> to_state_dict(Sequential& model, std::vector<std::string>& notes) {
  std::vector<NamedTensor> result;
  const std::vector<LayerView> layers = view_layers(model);
  for (const LayerView& layer : layers) {
    const std::string prefix = layers.size() == 1 && layer.class_name.starts_with("torch.") ? "" : layer.name + ".";
    const std::string& kind = layer.class_name;
    if (kind == "LSTM" || kind == "GRU" || kind == "SimpleRNN") {
      check_torch_layer(layer);
      append(result, torch_tensors(layer, prefix, 0));
      if (!layer.flag("return_sequences", false))
        notes.push_back(fmt::format("'{}' hands on its last step only", layer.name));
    } else if (kind == "Bidirectional") {
      append(result, both_directions(layer));
    } else if (kind.starts_with("torch.nn.")) {
      for (auto& [name, array] : torch_layers(model.layers()[layer.place], kind).state_dict())
        result.push_back({prefix + name, std::move(array)});
    } else if (kind == "Dense") {
      result.push_back({prefix + "weight", columns_to_rows(layer.weight("kernel"), {0})});
      if (layer.has("bias")) result.push_back({prefix + "bias", layer.weight("bias").clone()});
      if (layer.text("activation", "linear") != "linear")
        notes.push_back(fmt::format("'{}' is followed by {}", layer.name, layer.text("activation", "")));
    } else if (kind == "Conv1D" || kind == "BatchNormalization") {
      append(result, front_end_tensors(layer, prefix, notes));
    } else if (kind == "Embedding") {
      result.push_back({prefix + "weight", layer.weight("embeddings").clone()});
    } else if (kind == "LayerNormalization") {
      if (layer.has("gamma")) result.push_back({prefix + "weight", layer.weight("gamma").clone()});
      if (layer.has("beta")) result.push_back({prefix + "bias", layer.weight("beta").clone()});
      notes.push_back(fmt::format("'{}' has eps = {}", layer.name, layer.config["epsilon"].dump()));
    } else {
      require<ValueError>(layer.weights.empty(), "to_state_dict: layer '{}' is a {}, which PyTorch has no module for",
                          layer.name, kind);
      notes.push_back(fmt::format("'{}' is a {}", layer.name, kind));
    }
  }
  return result;
}

}  // namespace recur::interop
