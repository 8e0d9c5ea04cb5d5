#include <recur/interop/torch/state_dict.h>

#include <recur/interop/internal/assembly.h>
#include <recur/interop/torch/tensor_groups.h>
#include <recur/interop/torch/torch_activation.h>
#include <recur/interop/torch/torch_front_end.h>
#include <recur/layers/torch/torch_rnn.h>

#include <algorithm>
#include <set>

namespace recur::interop {
namespace {

constexpr const char* function = "describe_torch";

constexpr std::string_view recurrent_modules[] = {"LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell"};

Index gates_of(const std::string& class_name) {
  return class_name.starts_with("LSTM") ? 4 : (class_name.starts_with("GRU") ? 3 : 1);
}

class Importer {
 public:
  Importer(const StateDict& dict, const TorchHints& hints) : dict_(dict), hints_(hints), notes_(dict.notes) {
    if (!hints.module.empty()) modules_ = read_module_text(hints.module);
    const std::string prefix = common_prefix(dict, modules_);
    if (!prefix.empty()) notes_.push_back(fmt::format("'{}' before every name was left out", prefix));
    groups_ = group_tensors(dict, prefix);
    if (hints.module.empty()) guess_modules();
  }

  ModelDescription describe() {
    for (std::size_t i = 0; i < modules_.size(); ++i)
      if (is_recurrent(modules_[i])) last_recurrent_ = i;
    for (std::size_t i = 0; i < modules_.size(); ++i) add(modules_[i], i);
    std::string left;
    for (const TensorGroup& g : groups_)
      for (const auto& [name, array] : g.tensors)
        if (!used_.contains(array)) left += (left.empty() ? "" : ", ") + g.full(name);
    require<FormatError>(left.empty(), "{}: tensors that no module uses: {}", function, left);
    require<FormatError>(!assembly_.empty(), "{}: there is no module", function);
    if (!hints_.then.empty()) assembly_.add("Activation", "", {{"activation", hints_.then}});
    return assembly_.finish(dict_.format, features_, std::move(notes_));
  }

 private:
  void guess_modules() {
    std::string order;
    for (const TensorGroup& g : groups_) {
      modules_.push_back(guess_module(g));
      order += (order.empty() ? "" : ", ") + (g.prefix.empty() ? std::string("(the whole)") : g.prefix);
    }
    if (modules_.size() > 1)
      notes_.push_back(fmt::format("assumed: modules follow each other as in the file: {}", order));
  }

  static bool is_recurrent(const TorchModule& m) {
    return std::ranges::find(recurrent_modules, m.class_name) != std::end(recurrent_modules);
  }

  const TensorGroup& group_of(const TorchModule& module) const {
    const auto at =
        std::find_if(groups_.begin(), groups_.end(), [&](const TensorGroup& g) { return g.prefix == module.name; });
    require<FormatError>(at != groups_.end(), "{}: there are no tensors of '{}' ({})", function, module.name,
                         module.class_name);
    return *at;
  }
  const Array& use(const TensorGroup& g, const std::string& name) {
    const Array& array = g.at(name);
    used_.insert(&array);
    return array;
  }
  const Array* use_if_there(const TensorGroup& g, const std::string& name) {
    return g.has(name) ? &use(g, name) : nullptr;
  }

  // Sizes chain, or the order is another one.
  void connect(Index inputs, Index outputs, const TorchModule& module) {
    if (features_ == 0) features_ = inputs;
    require<FormatError>(
        size_ == 0 || size_ == inputs,
        "{}: '{}' takes {} features, the module before it gives {}: the order of the modules is not that of the "
        "file; say it with a config or print(model)",
        function, module.name, inputs, size_);
    size_ = outputs;
  }

  void add(const TorchModule& module, std::size_t place) {
    const std::string& name = module.class_name;
    if (is_recurrent(module)) add_recurrent(module, place);
    else if (name == "Linear" || name == "Embedding" || name == "matrix") add_matrix(module, place);
    else if (name == "LayerNorm") add_layer_norm(module);
    else if (is_front_end(module)) add_front_end(module);
    else if (does_nothing(module) || (name == "Flatten" && pooled_))
      notes_.push_back(fmt::format("'{}' ({}) does nothing outside training and was left out", module.name, name));
    else add_activation(module);
  }

  void add_front_end(const TorchModule& module) {
    const auto at = std::ranges::find(groups_, module.name, &TensorGroup::prefix);
    const TensorGroup* const g = at == groups_.end() ? nullptr : &*at;
    TorchLayer layer = make_front_end(module, g, notes_);
    if (g != nullptr)
      for (const char* name : {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
        (void)use_if_there(*g, name);
    if (assembly_.empty())
      notes_.push_back(
          fmt::format("'{}' takes [batch, channels, time]; the model takes [batch, time, features]", module.name));
    require<FormatError>(size_ > 0 || layer.inputs > 0, "{}: '{}' ({}) cannot be the first module", function,
                         module.name, module.class_name);
    connect(layer.inputs > 0 ? layer.inputs : size_, layer.outputs > 0 ? layer.outputs : size_, module);
    pooled_ = layer.class_name.starts_with("Global");
    assembly_.add(layer.class_name, module.name, std::move(layer.config), std::move(layer.weights));
  }

  void add_activation(const TorchModule& module) {
    const auto name = torch_activation(module);
    require<FormatError>(name.has_value(), "{}: '{}' is a {}, which is not imported", function, module.name,
                         module.class_name);
    assembly_.add("Activation", module.name, {{"activation", *name}});
  }

  void add_matrix(const TorchModule& module, std::size_t place) {
    const TensorGroup& g = group_of(module);
    const Array& weight = use(g, "weight");
    require<FormatError>(weight.shape().rank() == 2, "{}: '{}' has shape {}", function, g.full("weight"),
                         weight.shape());
    const Index rows = weight.shape()[0];
    const Index cols = weight.shape()[1];
    const bool embedding =
        module.class_name == "Embedding" || (module.class_name == "matrix" && is_embedding(place, cols));
    if (embedding) {
      if (module.class_name == "matrix")
        notes_.push_back(fmt::format("assumed: '{}' is an Embedding of ids", module.name));
      require<FormatError>(assembly_.empty(), "{}: '{}' is an Embedding that is not the first module", function,
                           module.name);
      features_ = 1;
      size_ = cols;
      assembly_.add("Embedding", module.name, {{"input_dim", rows}, {"output_dim", cols}},
                    tensors("embeddings", weight.clone()));
      return;
    }
    connect(cols, rows, module);
    const Array* const bias = use_if_there(g, "bias");
    std::vector<NamedTensor> weights = tensors("kernel", rows_to_columns(weight, {0}));
    if (bias != nullptr) weights.push_back({"bias", bias->clone()});
    assembly_.add("Dense", module.name, {{"units", rows}, {"use_bias", bias != nullptr}}, std::move(weights));
  }

  // A first matrix without a bias whose columns are what the next module takes.
  bool is_embedding(std::size_t place, Index cols) const {
    if (place != 0 || modules_.size() < 2 || !is_recurrent(modules_[1])) return false;
    const bool cell = modules_[1].class_name.ends_with("Cell");
    return groups_[1].at(cell ? "weight_ih" : "weight_ih_l0").shape().cols() == cols &&
           groups_[0].at("weight").shape()[0] != cols;
  }

  void add_layer_norm(const TorchModule& module) {
    const TensorGroup& g = group_of(module);
    const Array& gamma = use(g, "weight");
    connect(gamma.size(), gamma.size(), module);
    if (module.options.empty())
      notes_.push_back(fmt::format("assumed: '{}' has PyTorch's default eps of 1e-5", module.name));
    std::vector<NamedTensor> weights = tensors("gamma", gamma.clone());
    const Array* const beta = use_if_there(g, "bias");
    if (beta != nullptr) weights.push_back({"beta", beta->clone()});
    assembly_.add("LayerNormalization", module.name,
                  {{"epsilon", std::stod(module.option("eps", "1e-5"))}, {"center", beta != nullptr}},
                  std::move(weights));
  }

  void add_recurrent(const TorchModule& module, std::size_t place);
  void add_alone(const TorchModule& module, const TensorGroup& g);
  void add_stack_layer(const TorchModule& module, const TensorGroup& g, const std::string& suffix, bool last);
  std::vector<NamedTensor> direction(const TensorGroup& g, const std::string& class_name, const std::string& suffix);

  static std::vector<NamedTensor> tensors(const char* name, Array value) {
    std::vector<NamedTensor> list;
    list.push_back({name, std::move(value)});
    return list;
  }

  const StateDict& dict_;
  const TorchHints& hints_;
  std::vector<std::string> notes_;
  std::vector<TensorGroup> groups_;
  std::vector<TorchModule> modules_;
  std::size_t last_recurrent_ = 0;
  std::set<const Array*> used_;
  Assembly assembly_;
  Index features_ = 0;
  Index size_ = 0;
  bool pooled_ = false;  // all steps into one
};

Index count_layers(const TensorGroup& g) {
  Index count = 0;
  while (g.has("weight_ih_l" + std::to_string(count))) ++count;
  return count;
}

void Importer::add_recurrent(const TorchModule& module, std::size_t place) {
  const TensorGroup& g = group_of(module);
  const bool cell = module.class_name.ends_with("Cell");
  if (modules_.size() == 1 && module.name.empty() && !cell) return add_alone(module, g);
  const Index layers = count_layers(g);
  require<FormatError>(!g.has("weight_hr_l0"), "{}: '{}' has proj_size, which is imported only without other modules",
                       function, module.name);
  const bool last_step = hints_.last_step.value_or(false);
  if (place == last_recurrent_ && !hints_.last_step)
    notes_.push_back(fmt::format("assumed: every step of '{}' goes on, not only the last", module.name));
  if (cell) add_stack_layer(module, g, "", last_step && place == last_recurrent_);
  for (Index layer = 0; layer < layers; ++layer)
    add_stack_layer(module, g, "_l" + std::to_string(layer),
                    last_step && place == last_recurrent_ && layer + 1 == layers);
}

std::vector<NamedTensor> Importer::direction(const TensorGroup& g, const std::string& class_name,
                                             const std::string& suffix) {
  const GateOrder order = torch_gate_order(gates_of(class_name));
  std::vector<NamedTensor> weights = tensors("kernel", rows_to_columns(use(g, "weight_ih" + suffix), order));
  weights.push_back({"recurrent_kernel", rows_to_columns(use(g, "weight_hh" + suffix), order)});
  if (const Array* const bias = use_if_there(g, "bias_ih" + suffix))
    weights.push_back({"bias", as_rows(move_blocks(*bias, order), move_blocks(use(g, "bias_hh" + suffix), order))});
  return weights;
}

void Importer::add_stack_layer(const TorchModule& module, const TensorGroup& g, const std::string& suffix, bool last) {
  const bool both = g.has("weight_ih" + suffix + "_reverse");
  const Shape shape = g.at("weight_hh" + suffix).shape();
  connect(g.at("weight_ih" + suffix).shape().cols(), shape.cols() * (both ? 2 : 1), module);
  std::vector<NamedTensor> weights = direction(g, module.class_name, suffix);
  const bool has_bias = weights.size() == 3;
  Json config = {{"units", shape.cols()}, {"use_bias", has_bias}, {"return_sequences", !last}};
  std::string class_name = module.class_name.substr(0, module.class_name.find("Cell"));
  const bool gru = class_name == "GRU";
  if (gru) config["reset_after"] = true;
  else if (has_bias) config["separate_bias"] = true;
  if (class_name == "RNN") {
    class_name = "SimpleRNN";
    const std::string nonlinearity = module.option("nonlinearity", "'tanh'");
    config["activation"] = nonlinearity == "'relu'" || nonlinearity == "relu" ? "relu" : "tanh";
  }
  if (!both) return assembly_.add(class_name, module.name + suffix, std::move(config), std::move(weights));
  std::vector<NamedTensor> backward = direction(g, module.class_name, suffix + "_reverse");
  for (NamedTensor& tensor : backward) weights.push_back(std::move(tensor));
  Json inner;
  inner["class_name"] = class_name;
  inner["config"] = std::move(config);
  assembly_.add("Bidirectional", module.name + suffix, {{"layer", inner}}, std::move(weights));
}

// Keeps the module's states and axes, which PyTorch's own layer has.
void Importer::add_alone(const TorchModule& module, const TensorGroup& g) {
  const bool projected = g.has("weight_hr_l0");
  TorchOptions options;
  options.input_size = g.at("weight_ih_l0").shape().cols();
  options.hidden_size = projected ? g.at("weight_hr_l0").shape().cols() : g.at("weight_hh_l0").shape().cols();
  options.proj_size = projected ? g.at("weight_hr_l0").shape()[0] : 0;
  options.num_layers = count_layers(g);
  options.bias = g.has("bias_ih_l0");
  options.bidirectional = g.has("weight_ih_l0_reverse");
  options.batch_first = module.option("batch_first", "False") == "True";
  if (hints_.module.empty()) notes_.emplace_back("assumed: time is the first axis (batch_first=False)");
  Json config = {{"input_size", options.input_size},   {"hidden_size", options.hidden_size},
                 {"num_layers", options.num_layers},   {"bias", options.bias},
                 {"batch_first", options.batch_first}, {"bidirectional", options.bidirectional}};
  if (projected) config["proj_size"] = options.proj_size;
  const bool relu = module.option("nonlinearity", "'tanh'") == "'relu'";
  if (module.class_name == "RNN") config["nonlinearity"] = relu ? "relu" : "tanh";
  features_ = options.input_size;
  std::vector<NamedTensor> weights;
  for (Index layer = 0; layer < options.num_layers; ++layer)
    for (const char* reverse : {"", "_reverse"}) {
      if (*reverse != '\0' && !options.bidirectional) continue;
      const std::string suffix = "_l" + std::to_string(layer) + reverse;
      for (NamedTensor& tensor : direction(g, module.class_name, suffix)) weights.push_back(std::move(tensor));
      if (projected) weights.push_back({"projection_kernel", rows_to_columns(use(g, "weight_hr" + suffix), {0})});
    }
  assembly_.add("torch.nn." + module.class_name, "", std::move(config), std::move(weights));
}

}  // namespace

ModelDescription describe_torch(const StateDict& dict, const TorchHints& hints) {
  return Importer(dict, hints).describe();
}

}  // namespace recur::interop
