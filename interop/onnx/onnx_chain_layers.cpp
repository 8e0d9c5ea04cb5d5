// The part of OnnxChain that makes layers.

#include <recur/interop/onnx/onnx_chain.h>

#include <recur/interop/internal/assembly.h>
#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>

namespace recur::interop {
namespace {

NamedTensor named(const char* name, Array value) { return {name, std::move(value)}; }

}  // namespace

const OnnxChain::Value& OnnxChain::take(const OnnxNode& node, std::size_t place, Index padding) {
  const Value* const value = operand(node, place);
  if (value == nullptr || value->kind != Value::Kind::data) refuse(node, "its data are no output of a layer");
  if (value->layers != layers_.size()) refuse(node, "a value that is used twice");
  if (value->padding != padding) refuse(node, "padding that no convolution follows");
  return *value;
}

void OnnxChain::add(const OnnxNode& node, OnnxLayer layer, std::string axes) {
  layers_.push_back(std::move(layer));
  Value value;
  value.kind = Value::Kind::data;
  value.axes = std::move(axes);
  value.layers = layers_.size();
  set(node, std::move(value));
}

void OnnxChain::need_features(const OnnxNode& node, Index features) {
  if (layers_.empty()) features_ = size_ = features;
  if (size_ != features) refuse(node, fmt::format("it takes {} features, the layer before gives {}", features, size_));
}

// The axes of data whose last one a layer works on.
std::string OnnxChain::features_axes(const OnnxNode& node, const Value& value) const {
  std::string axes = value.axes == "01" ? "BF" : value.axes;
  if (!axes.ends_with("F") || axes.find('D') != std::string::npos) refuse(node, "the features are not the last axis");
  return axes;
}

// ---- Recurrent layers -----------------------------------------------------------------------------------------------

// Returns the letter of time, of data whose axes are those that the node reads.
std::string OnnxChain::read_time_axes(const OnnxNode& node, const std::string& axes) {
  const bool batch_first = node.integer("layout", 0) == 1;
  std::string own = axes;
  if (own.size() == 3 && own[2] == 'F') {
    char& time = own[batch_first ? 1 : 0];
    char& batch = own[batch_first ? 0 : 1];
    if (time == '0' || time == '1') {
      if (time == '0')
        notes_.emplace_back("the input of the graph is [time, batch, features], Recur's is [batch, time, features]");
      time = 'T';
      batch = 'B';
    }
    if ((time == 'T' || time == 't') && batch == 'B') return {time};
  }
  refuse(node, fmt::format("its input has the axes {}", axes));
}

void OnnxChain::check_initial_states(const OnnxNode& node) {
  for (const std::size_t place : {5U, 6U}) {
    const Value* const state = operand(node, place);
    if (state == nullptr || state->kind == Value::Kind::zeros) continue;
    if (state->kind == Value::Kind::given) {
      notes_.push_back(
          fmt::format("initial states of '{}' are inputs of the graph; the layer begins with zeros", node.name));
      continue;
    }
    const bool zeros = state->kind == Value::Kind::constant &&
                       std::ranges::all_of(state->constant.numbers, [](double x) { return x == 0; });
    if (!zeros) refuse(node, "an initial state that is neither zero nor an input of the graph");
  }
}

void OnnxChain::add_recurrent(const OnnxNode& node) {
  const std::string time = read_time_axes(node, take(node, 0).axes);
  if (operand(node, 4) != nullptr) refuse(node, "sequence_lens: lengths are no part of a Sequential");
  check_initial_states(node);
  const OnnxWeights weights{constant(node, 1), constant(node, 2), constant(node, 3), constant(node, 7)};
  const bool all = weights.w != nullptr && weights.r != nullptr &&
                   (weights.b != nullptr || operand(node, 3) == nullptr) &&
                   (weights.p != nullptr || operand(node, 7) == nullptr);
  if (!all) refuse(node, "weights that are no constants");
  const std::string direction = node.text("direction", "forward");
  const bool both = direction == "bidirectional";
  if (both && time == "t") refuse(node, "both directions of steps that are turned round");
  OnnxLayer layer = make_recurrent_layer(node, weights, (direction == "reverse") != (time == "t"));
  layer.set_sequences(true);
  need_features(node, weights.w->sizes[2]);
  size_ = weights.r->sizes[2] * (both ? 2 : 1);
  const bool batch_first = node.integer("layout", 0) == 1;
  const std::string steps = direction == "reverse" ? "t" : "T";
  add(node, std::move(layer), batch_first ? "B" + steps + "DF" : steps + "DBF");
  Value states;
  states.kind = Value::Kind::states;
  states.axes = batch_first ? "BDF" : "DBF";
  for (Index d = 0; d < (both ? 2 : 1); ++d) states.states.emplace_back(layers_.size() - 1, d);
  set(node, std::move(states), 1);
  Value cells;
  cells.kind = Value::Kind::given;
  set(node, std::move(cells), 2);
}

// ---- Other layers ---------------------------------------------------------------------------------------------------

void OnnxChain::add_embedding(const OnnxNode& node) {
  const OnnxTensor* const table = constant(node, 0);
  const std::string axes = take(node, 1).axes;
  if (table == nullptr || table->rank() != 2 || node.integer("axis", 0) != 0 || !layers_.empty())
    refuse(node, "a choice from what is no table of embeddings at the input");
  OnnxLayer layer{"Embedding", "", {{"input_dim", table->sizes[0]}, {"output_dim", table->sizes[1]}}};
  layer.tensors.push_back(named("embeddings", array_of(*table, {table->sizes[0], table->sizes[1]})));
  features_ = 1;
  size_ = table->sizes[1];
  add(node, std::move(layer), axes + "F");
}

void OnnxChain::add_dense(const OnnxNode& node) {
  const Value& value = take(node, 0);
  const OnnxTensor* const kernel = constant(node, 1);
  if (kernel == nullptr || kernel->rank() != 2) refuse(node, "a product with what is no matrix of weights");
  const std::string axes = features_axes(node, value);
  need_features(node, kernel->sizes[0]);
  size_ = kernel->sizes[1];
  OnnxLayer layer{"Dense", "", {{"units", size_}, {"use_bias", false}}};
  layer.tensors.push_back(named("kernel", array_of(*kernel, {kernel->sizes[0], size_})));
  add(node, std::move(layer), axes);
}

void OnnxChain::add_gemm(const OnnxNode& node) {
  const Value& value = take(node, 0);
  const OnnxTensor* const kernel = constant(node, 1);
  const OnnxTensor* const bias = constant(node, 2);
  if (kernel == nullptr || kernel->rank() != 2 || node.integer("transA", 0) != 0 ||
      (bias == nullptr && operand(node, 2) != nullptr))
    refuse(node, "a product with what is no matrix of weights");
  const std::string axes = features_axes(node, value);
  const bool turned = node.integer("transB", 0) != 0;
  const Index inputs = kernel->sizes[turned ? 1 : 0];
  need_features(node, inputs);
  size_ = kernel->sizes[turned ? 0 : 1];
  const auto scaled = [](const OnnxTensor& from, double factor) {
    OnnxTensor result = from;
    for (double& x : result.numbers) x *= factor;
    return result;
  };
  const Array own = array_of(scaled(*kernel, node.real("alpha", 1)), {kernel->sizes[0], kernel->sizes[1]});
  OnnxLayer layer{"Dense", "", {{"units", size_}, {"use_bias", bias != nullptr}}};
  layer.tensors.push_back(named("kernel", turned ? rows_to_columns(own, {0}) : own.clone()));
  if (bias != nullptr) {
    OnnxTensor all = scaled(*bias, node.real("beta", 1));
    if (all.numbers.size() == 1) all.numbers.assign(static_cast<std::size_t>(size_), all.numbers[0]);
    layer.tensors.push_back(named("bias", array_of(all, {size_})));
  }
  add(node, std::move(layer), axes);
}

// A sum of a product and as many constants as it has columns.
bool OnnxChain::add_bias(const OnnxNode& node) {
  const std::size_t place = constant(node, 0) != nullptr ? 1 : 0;
  const OnnxTensor* const bias = constant(node, 1 - place);
  const Value* const value = operand(node, place);
  if (bias == nullptr || value == nullptr || value->layers != layers_.size() || layers_.empty()) return false;
  OnnxLayer& layer = layers_.back();
  if (value->axes.ends_with("F") && add_shift(layer, *bias)) {
    set(node, *value);
    return true;
  }
  const bool plain = layer.class_name == "Dense" && layer.tensors.size() == 1 && !layer.config.contains("activation");
  if (!plain || static_cast<Index>(bias->numbers.size()) != size_ || bias->sizes.empty() || bias->sizes.back() != size_)
    return false;
  layer.tensors.push_back(named("bias", array_of(*bias, {size_})));
  layer.config["use_bias"] = true;
  set(node, *value);
  return true;
}

void OnnxChain::add_activation(const OnnxNode& node, const std::string& name) {
  const Value value = take(node, 0);
  const bool over_features = name.ends_with("softmax");
  const std::string axes = over_features || value.axes != "BFT" ? features_axes(node, value) : value.axes;
  if (over_features) {
    const auto rank = static_cast<std::int64_t>(axes.size());
    const std::int64_t axis = checked_axis(node.integer("axis", model_.opset() < 13 ? 1 : -1), rank);
    if (axis != rank - 1) refuse(node, "a softmax that is not over the features");
  }
  OnnxLayer* const last = layers_.empty() ? nullptr : &layers_.back();
  const bool has_function = last != nullptr && (last->class_name == "Dense" || last->class_name == "Conv1D");
  if (has_function && !last->config.contains("activation")) {
    last->config["activation"] = name;
    return set(node, value);
  }
  if (layers_.empty()) refuse(node, "a function of the input");
  add(node, {"Activation", "", {{"activation", name}}}, axes);
}

void OnnxChain::add_normalized(const OnnxNode& node, const OnnxTensor& gamma, const OnnxTensor* beta, double epsilon) {
  const auto size = static_cast<Index>(gamma.numbers.size());
  const std::string axes = features_axes(node, take(node, 0));
  need_features(node, size);
  OnnxLayer layer{"LayerNormalization", "", {{"epsilon", epsilon}, {"center", beta != nullptr}}};
  layer.tensors.push_back(named("gamma", array_of(gamma, {size})));
  if (beta != nullptr) layer.tensors.push_back(named("beta", array_of(*beta, {size})));
  add(node, std::move(layer), axes);
}

void OnnxChain::add_layer_normalization(const OnnxNode& node) {
  const std::size_t rank = take(node, 0).axes.size();
  const OnnxTensor* const gamma = constant(node, 1);
  const OnnxTensor* const beta = constant(node, 2);
  if (gamma == nullptr || (beta == nullptr && operand(node, 2) != nullptr))
    refuse(node, "weights that are no constants");
  if (checked_axis(node.integer("axis", -1), static_cast<std::int64_t>(rank)) != static_cast<std::int64_t>(rank) - 1)
    refuse(node, "a normalization over more than the features");
  add_normalized(node, *gamma, beta, node.real("epsilon", 1e-5));
}

// PyTorch before opset 17: ReduceMean, Sub, Pow, ReduceMean, Add, Sqrt, Div, Mul, Add. Returns the nodes behind the
// first, the last one only where there is an offset; none for another mean.
std::vector<const OnnxNode*> OnnxChain::normalization_of(const OnnxNode& mean) const {
  const auto user_of = [&](const OnnxNode* node, const char* op) -> const OnnxNode* {
    const auto users = node == nullptr ? users_.end() : users_.find(node->outputs.front());
    if (users == users_.end()) return nullptr;
    const auto found = std::ranges::find(users->second, op, &OnnxNode::op);
    return found == users->second.end() ? nullptr : *found;
  };
  std::vector<const OnnxNode*> nodes;
  const OnnxNode* last = &mean;
  for (const char* op : {"Sub", "Pow", "ReduceMean", "Add", "Sqrt", "Div", "Mul"}) {
    last = user_of(last, op);
    if (last == nullptr) return {};
    nodes.push_back(last);
  }
  const OnnxNode* const difference = nodes[0];
  if (difference->inputs.front() != mean.inputs.front() || nodes[5]->inputs.front() != difference->outputs.front())
    return {};
  if (const OnnxNode* const shift = user_of(last, "Add"); shift != nullptr && constant_of(*shift) != nullptr)
    nodes.push_back(shift);
  return nodes;
}

// The constant among the two operands of a node; null if there is none.
const OnnxTensor* OnnxChain::constant_of(const OnnxNode& node) const {
  for (const std::string& input : node.inputs)
    if (const auto found = values_.find(input); found != values_.end() && found->second.kind == Value::Kind::constant)
      return &found->second.constant;
  return nullptr;
}

bool OnnxChain::add_layer_normalization_chain(const OnnxNode& node) {
  const auto rank = static_cast<std::int64_t>(take(node, 0).axes.size());
  const std::vector<std::int64_t> axes = list(node, 1, "axes");
  if (axes.size() != 1 || checked_axis(axes[0], rank) != rank - 1) return false;
  // Constants that stand behind this node are not computed yet.
  for (const OnnxNode& other : graph_.nodes)
    if (other.op == "Constant" && !values_.contains(other.outputs.front())) compute(other);
  const std::vector<const OnnxNode*> nodes = normalization_of(node);
  if (nodes.empty()) return false;
  const OnnxTensor* const exponent = constant_of(*nodes[1]);
  const OnnxTensor* const epsilon = constant_of(*nodes[3]);
  const OnnxTensor* const gamma = constant_of(*nodes[6]);
  if (exponent == nullptr || exponent->numbers != std::vector<double>{2} || epsilon == nullptr ||
      epsilon->numbers.size() != 1 || gamma == nullptr)
    return false;
  add_normalized(node, *gamma, nodes.size() > 7 ? constant_of(*nodes[7]) : nullptr, epsilon->numbers[0]);
  set(*nodes.back(), at(node.outputs.front()));
  done_.insert(nodes.begin(), nodes.end());
  return true;
}

void OnnxChain::add_pooling(const OnnxNode& node) {
  const Value value = take(node, 0);
  const std::vector<std::int64_t> axes = list(node, 1, "axes");
  if (axes.size() != 1 || value.axes.size() != 3 || node.integer("keepdims", 1) != 0) refuse(node, "a mean");
  const auto axis = static_cast<std::size_t>(checked_axis(axes[0], 3));
  const char letter = value.axes[axis];
  if (letter != 'T' && letter != 't' && letter != '1') refuse(node, "a mean that is not over time");
  std::string rest = value.axes;
  rest.erase(axis, 1);
  if (rest[0] == '0') rest[0] = 'B';
  add(node, {"GlobalAveragePooling1D", ""}, rest);
}

}  // namespace recur::interop
