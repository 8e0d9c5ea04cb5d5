#include <recur/interop/onnx/onnx_chain.h>

#include <recur/interop/internal/assembly.h>
#include <recur/interop/onnx/onnx_import.h>
#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>

namespace recur::interop {

using Kind = OnnxTensor::Kind;

OnnxChain::OnnxChain(const OnnxModel& model, std::string where)
    : model_(model), graph_(model.graph()), where_(std::move(where)) {}

const OnnxChain::Value& OnnxChain::at(const std::string& name) const {
  const auto found = values_.find(name);
  require<FormatError>(found != values_.end(), "{}: there is no value '{}'", where_, name);
  return found->second;
}

const OnnxChain::Value* OnnxChain::operand(const OnnxNode& node, std::size_t place) const {
  return place < node.inputs.size() && !node.inputs[place].empty() ? &at(node.inputs[place]) : nullptr;
}

const OnnxTensor* OnnxChain::constant(const OnnxNode& node, std::size_t place) const {
  const Value* const value = operand(node, place);
  return value != nullptr && value->kind == Value::Kind::constant ? &value->constant : nullptr;
}

// Integers that are an attribute up to some opset, and a constant input from it on.
std::vector<std::int64_t> OnnxChain::list(const OnnxNode& node, std::size_t place, const char* key) const {
  if (const Value* const value = operand(node, place)) {
    if (value->kind != Value::Kind::constant) refuse(node, fmt::format("its {} are no constant", key));
    return integers_of(value->constant);
  }
  return node.integers(key);
}

void OnnxChain::refuse(const OnnxNode& node, const std::string& reason) const {
  fail<FormatError>("{}: node '{}' ({}): {}; the graph is no chain of layers (written by {})", where_, node.name,
                    node.op, reason, model_.producer().empty() ? "an unknown program" : model_.producer());
}

ModelDescription OnnxChain::describe() {
  begin();
  for (const OnnxNode& node : graph_.nodes)
    if (!done_.contains(&node)) follow(node);
  check_outputs();
  return finish();
}

void OnnxChain::begin() {
  for (const auto& [name, tensor] : graph_.constants) {
    Value value;
    value.kind = Value::Kind::constant;
    value.constant = tensor;
    values_[name] = std::move(value);
  }
  for (const OnnxNode& node : graph_.nodes)
    for (const std::string& input : node.inputs) users_[input].push_back(&node);
  require<FormatError>(!graph_.inputs.empty(), "{}: the graph has no input", where_);
  for (const std::string& name : graph_.inputs) {
    Value value;
    value.kind = Value::Kind::given;
    if (name == graph_.inputs.front()) {
      const std::size_t rank = graph_.input_sizes.at(name).size();
      require<FormatError>(rank <= 3, "{}: the input '{}' has {} axes", where_, name, rank);
      value.kind = Value::Kind::data;
      value.axes = rank == 2 ? "01" : (rank == 1 ? "0" : "01F");
    }
    values_[name] = std::move(value);
  }
}

void OnnxChain::set(const OnnxNode& node, Value value, std::size_t place) {
  if (place < node.outputs.size() && !node.outputs[place].empty()) values_[node.outputs[place]] = std::move(value);
}

void OnnxChain::follow(const OnnxNode& node) {
  bool constants = true;
  bool data = false;
  bool states = false;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Value* const value = operand(node, i);
    if (value == nullptr) continue;
    constants = constants && value->kind == Value::Kind::constant;
    data = data || value->kind == Value::Kind::data;
    states = states || value->kind == Value::Kind::states;
  }
  if (node.op == "Shape" && !constants) return set(node, Value{});
  if (data || states) {
    if (states && follow_states(node)) return;
    if (follow_data(node)) return;
    refuse(node, "an operator that no layer of Recur is");
  }
  if (constants) return compute(node);
  follow_sizes(node);
}

void OnnxChain::compute(const OnnxNode& node) {
  std::vector<const OnnxTensor*> operands;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) operands.push_back(constant(node, i));
  std::vector<OnnxTensor> results = compute_node(node, operands, model_.opset());
  for (std::size_t i = 0; i < results.size(); ++i) {
    most_ += static_cast<std::int64_t>(results[i].numbers.size()) + 1;
    require<FormatError>(most_ <= most_elements, "{}: constants of more than {} numbers", where_, most_elements);
    Value value;
    value.kind = Value::Kind::constant;
    value.constant = std::move(results[i]);
    set(node, std::move(value), i);
  }
}

// Sizes, zeros made of them, and initial states that are inputs of the graph.
void OnnxChain::follow_sizes(const OnnxNode& node) {
  const auto is_zero = [&](const Value* value) {
    return value != nullptr && (value->kind == Value::Kind::zeros ||
                                (value->kind == Value::Kind::constant && value->constant.kind == Kind::real &&
                                 std::ranges::all_of(value->constant.numbers, [](double x) { return x == 0; })));
  };
  Value result;
  bool all_zeros = true;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Value* const value = operand(node, i);
    if (value == nullptr) continue;
    if (value->kind == Value::Kind::given) result.kind = Value::Kind::given;
    all_zeros = all_zeros && is_zero(value);
  }
  if (node.op == "ConstantOfShape") {
    const auto filled = node.attributes.find("value");
    const bool zero = filled == node.attributes.end() || !filled->second.tensor ||
                      std::ranges::all_of(filled->second.tensor->numbers, [](double x) { return x == 0; });
    if (zero) result.kind = Value::Kind::zeros;
  }
  static const std::set<std::string> of_first = {"Expand", "Slice",   "Transpose", "Unsqueeze", "Squeeze", "Gather",
                                                 "Split",  "Reshape", "Cast",      "Identity",  "Tile"};
  if (of_first.contains(node.op) && is_zero(operand(node, 0))) result.kind = Value::Kind::zeros;
  if (node.op == "Concat" && all_zeros) result.kind = Value::Kind::zeros;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) set(node, result, i);
}

bool OnnxChain::follow_data(const OnnxNode& node) {
  if (follow_axes(node)) return true;
  const std::string& op = node.op;
  if (op == "Gather") add_embedding(node);
  else if (op == "LSTM" || op == "GRU" || op == "RNN") add_recurrent(node);
  else if (op == "MatMul") add_dense(node);
  else if (op == "Gemm") add_gemm(node);
  else if (op == "LayerNormalization") add_layer_normalization(node);
  else if (op == "Conv") add_convolution(node);
  else if (op == "BatchNormalization") add_batch_normalization(node);
  else if (op == "MaxPool" || op == "AveragePool" || op == "GlobalMaxPool" || op == "GlobalAveragePool")
    add_pooling_over_steps(node);
  else if (op == "Pad") return pad_steps(node);
  else if (op == "Mul") return add_factor(node);
  else if (op == "ReduceMean") {
    if (!add_layer_normalization_chain(node)) add_pooling(node);
  } else if (op == "Add") {
    if (!add_bias(node)) refuse(node, "a sum that is no bias of a Dense");
  } else if (const auto activation = activation_of_node(node)) {
    add_activation(node, *activation);
  } else {
    return false;
  }
  return true;
}

// The output is the data of the last layer, or its final states where no data are an output.
void OnnxChain::check_outputs() {
  const auto is = [&](Value::Kind kind) {
    return [this, kind](const std::string& name) { return at(name).kind == kind; };
  };
  auto chosen = std::ranges::find_if(graph_.outputs, is(Value::Kind::data));
  if (chosen == graph_.outputs.end()) chosen = std::ranges::find_if(graph_.outputs, is(Value::Kind::states));
  require<FormatError>(chosen != graph_.outputs.end() && !layers_.empty(), "{}: no layer makes an output of the graph",
                       where_);
  for (auto name = graph_.outputs.begin(); name != graph_.outputs.end(); ++name) {
    Value value = at(*name);
    OnnxNode end;
    end.op = "output";
    end.name = *name;
    if (name != chosen) {
      if (value.kind == Value::Kind::data) refuse(end, "a second output");
      notes_.push_back(fmt::format("the final states '{}' are an output of the graph and were left out", *name));
      continue;
    }
    if (value.kind == Value::Kind::states) finish_states(end, value);
    if (value.layers != layers_.size()) refuse(end, "an output that the last layer does not give");
    check_output_axes(end, value.axes);
  }
}

void OnnxChain::check_output_axes(const OnnxNode& end, const std::string& axes) {
  if (axes.find('t') != std::string::npos) refuse(end, "steps in the order of time, of a layer that runs backwards");
  const bool steps = axes.find('T') != std::string::npos || axes == "01F";
  const std::string own = steps ? "BTF" : "BF";
  if (axes != own && axes != "01F" && axes != "01")
    notes_.push_back(
        fmt::format("the output of the graph has axes in the order {}, Recur's is {} (B batch, T time, F "
                    "features, D direction)",
                    axes, own));
}

ModelDescription OnnxChain::finish() {
  require<FormatError>(!layers_.empty(), "{}: the graph has no layer", where_);
  std::string unused;
  for (const auto& [name, tensor] : graph_.constants)
    if (!users_.contains(name)) unused += (unused.empty() ? "" : ", ") + name;
  require<FormatError>(unused.empty(), "{}: weights that no node uses: {}", where_, unused);
  Assembly assembly;
  for (OnnxLayer& layer : layers_)
    assembly.add(layer.class_name, layer.name, std::move(layer.config), std::move(layer.tensors));
  return assembly.finish(fmt::format("ONNX, opset {}", model_.opset()), features_, std::move(notes_));
}

ModelDescription read_onnx(const std::filesystem::path& path) {
  const OnnxModel model(path);
  return OnnxChain(model, fmt::format("read_onnx: '{}'", path.string())).describe();
}

}  // namespace recur::interop
