#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace recur::interop {
namespace {

// Bounds memory and time: a graph of a few bytes can ask for any size.
constexpr std::int64_t most_computed = std::int64_t{1} << 27U;
// What a round of a loop counts as, so that one that never ends is given up after 131,072 rounds.
constexpr std::int64_t elements_a_round = 1024;

using Values = std::map<std::string, OnnxTensor>;

/// The values of a graph while it is computed; those of the graph around it are seen too.
class Scope {
 public:
  Scope(const OnnxBody& body, std::int64_t opset, const Scope* outer, std::int64_t& elements)
      : body_(body), opset_(opset), outer_(outer), elements_(elements) {}

  void set(const std::string& name, OnnxTensor value) { values_[name] = std::move(value); }
  void run() {
    for (const OnnxNode& node : body_.nodes) run_node(node);
  }
  [[nodiscard]] const OnnxTensor& at(const std::string& name) const {
    const OnnxTensor* const found = find(name);
    require<FormatError>(found != nullptr, "onnx: there is no value '{}'", name);
    return *found;
  }
  OnnxTensor take(const std::string& name) { return at(name); }

 private:
  [[nodiscard]] const OnnxTensor* find(const std::string& name) const {
    if (const auto at = values_.find(name); at != values_.end()) return &at->second;
    if (const auto at = body_.constants.find(name); at != body_.constants.end()) return &at->second;
    return outer_ == nullptr ? nullptr : outer_->find(name);
  }

  void run_node(const OnnxNode& node) {
    std::vector<const OnnxTensor*> operands;
    for (const std::string& input : node.inputs) operands.push_back(input.empty() ? nullptr : &at(input));
    std::vector<OnnxTensor> results = compute(node, operands);
    require<FormatError>(node.outputs.size() <= results.size() || node.op == "BatchNormalization",
                         "node '{}' ({}): {} outputs", node.name, node.op, node.outputs.size());
    for (const OnnxTensor& result : results) count(node, static_cast<std::int64_t>(result.numbers.size()) + 1);
    for (std::size_t i = 0; i < std::min(results.size(), node.outputs.size()); ++i)
      if (!node.outputs[i].empty()) values_[node.outputs[i]] = std::move(results[i]);
  }

  std::vector<OnnxTensor> compute(const OnnxNode& node, OnnxOperands operands) {
    if (node.op == "Scan") return scan(node, operands);
    if (node.op == "Loop") return loop(node, operands);
    if (node.op == "If") return branch(node, operands);
    return compute_node(node, operands, opset_);
  }

  [[nodiscard]] static const OnnxBody& body_of(const OnnxNode& node, const char* key) {
    const auto at = node.attributes.find(key);
    require<FormatError>(at != node.attributes.end() && at->second.body, "node '{}' ({}): there is no {}", node.name,
                         node.op, key);
    return *at->second.body;
  }
  [[nodiscard]] static bool is_true(const OnnxTensor* condition) {
    return condition == nullptr || (!condition->numbers.empty() && condition->numbers[0] != 0);
  }

  std::vector<OnnxTensor> branch(const OnnxNode& node, OnnxOperands operands) {
    const OnnxBody& body = body_of(node, is_true(&operand(node, operands, 0)) ? "then_branch" : "else_branch");
    Scope inner(body, opset_, this, elements_);
    inner.run();
    std::vector<OnnxTensor> results;
    for (const std::string& output : body.outputs) results.push_back(inner.take(output));
    return results;
  }

  // The body takes the number of the round, the condition and the states, and gives the condition, the states and what
  // is collected.
  std::vector<OnnxTensor> loop(const OnnxNode& node, OnnxOperands operands) {
    const OnnxBody& body = body_of(node, "body");
    const std::size_t states = operands.size() < 2 ? 0 : operands.size() - 2;
    require<FormatError>(body.inputs.size() == states + 2 && body.outputs.size() > states,
                         "node '{}' (Loop): the body has {} inputs, the node {}", node.name, body.inputs.size(),
                         operands.size());
    const OnnxTensor* const most = optional_operand(operands, 0);
    const OnnxTensor* const first = optional_operand(operands, 1);
    bool goes_on = is_true(first);
    std::vector<OnnxTensor> state;
    for (std::size_t i = 0; i < states; ++i) state.push_back(operand(node, operands, i + 2));
    std::vector<std::vector<OnnxTensor>> outputs(body.outputs.size() - states - 1);
    for (double round = 0; goes_on && (most == nullptr || most->numbers.empty() || round < most->numbers[0]); ++round) {
      count(node, elements_a_round);
      Scope inner(body, opset_, this, elements_);
      OnnxTensor number = make_tensor(OnnxTensor::Kind::integer, {});
      number.numbers = {round};
      inner.set(body.inputs[0], std::move(number));
      OnnxTensor condition = make_tensor(OnnxTensor::Kind::boolean, {});
      condition.numbers = {1};
      inner.set(body.inputs[1], std::move(condition));
      for (std::size_t i = 0; i < states; ++i) inner.set(body.inputs[i + 2], std::move(state[i]));
      inner.run();
      goes_on = is_true(&inner.at(body.outputs[0]));
      for (std::size_t i = 0; i < states; ++i) state[i] = inner.take(body.outputs[i + 1]);
      for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i].push_back(inner.take(body.outputs[states + 1 + i]));
    }
    return finish_scan(node, std::move(state), outputs);
  }

  void count(const OnnxNode& node, std::int64_t elements) {
    elements_ += elements;
    require<FormatError>(elements_ <= most_computed, "node '{}' ({}): the graph computes more than {} numbers",
                         node.name, node.op, most_computed);
  }

  // One step of a scanned value, its axis removed; and the steps put together again.
  static OnnxTensor step_of(const OnnxTensor& from, std::int64_t axis, std::int64_t step) {
    OnnxNode gather;
    gather.op = "Gather";
    gather.attributes["axis"].integer = axis;
    OnnxTensor index;
    index.kind = OnnxTensor::Kind::integer;
    index.numbers = {static_cast<double>(step)};
    const std::array<const OnnxTensor*, 2> both = {&from, &index};
    return std::move(compute_shape(gather, both)->front());
  }
  static OnnxTensor joined(std::vector<OnnxTensor>& steps, std::int64_t axis) {
    OnnxNode concat;
    concat.op = "Concat";
    std::vector<const OnnxTensor*> all;
    if (axis < 0) axis += steps.front().rank() + 1;
    concat.attributes["axis"].integer = axis;
    for (OnnxTensor& step : steps) {
      require<FormatError>(axis >= 0 && axis <= step.rank(), "Scan: an output axis {}", axis);
      step.sizes.insert(step.sizes.begin() + axis, 1);
      all.push_back(&step);
    }
    return std::move(compute_shape(concat, all)->front());
  }
  static std::int64_t entry(const std::vector<std::int64_t>& list, std::size_t place) {
    return place < list.size() ? list[place] : 0;
  }

  std::vector<OnnxTensor> scan(const OnnxNode& node, OnnxOperands operands) {
    const OnnxBody& body = body_of(node, "body");
    const std::int64_t scanned = node.integer("num_scan_inputs", 0);
    require<FormatError>(scanned > 0 && scanned <= static_cast<std::int64_t>(operands.size()) && opset_ >= 9,
                         "node '{}' (Scan): no input that is scanned, or an opset before 9", node.name);
    const std::size_t states = operands.size() - static_cast<std::size_t>(scanned);
    require<FormatError>(body.inputs.size() == operands.size() && body.outputs.size() >= states,
                         "node '{}' (Scan): the body has {} inputs, the node {}", node.name, body.inputs.size(),
                         operands.size());
    const auto axes = node.integers("scan_input_axes");
    const auto directions = node.integers("scan_input_directions");
    std::vector<OnnxTensor> state;
    for (std::size_t i = 0; i < states; ++i) state.push_back(operand(node, operands, i));
    std::vector<std::vector<OnnxTensor>> outputs(body.outputs.size() - states);
    const OnnxTensor& first = operand(node, operands, states);
    const std::int64_t time = first.sizes[static_cast<std::size_t>(checked_axis(entry(axes, 0), first.rank()))];
    for (std::int64_t t = 0; t < time; ++t) {
      Scope inner(body, opset_, this, elements_);
      for (std::size_t i = 0; i < states; ++i) inner.set(body.inputs[i], std::move(state[i]));
      for (std::size_t i = states; i < operands.size(); ++i) {
        const bool backwards = entry(directions, i - states) == 1;
        inner.set(body.inputs[i],
                  step_of(operand(node, operands, i), entry(axes, i - states), backwards ? time - 1 - t : t));
      }
      inner.run();
      for (std::size_t i = 0; i < states; ++i) state[i] = inner.take(body.outputs[i]);
      for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i].push_back(inner.take(body.outputs[states + i]));
    }
    return finish_scan(node, std::move(state), outputs);
  }

  static std::vector<OnnxTensor> finish_scan(const OnnxNode& node, std::vector<OnnxTensor> results,
                                             std::vector<std::vector<OnnxTensor>>& outputs) {
    const auto axes = node.integers("scan_output_axes");
    const auto directions = node.integers("scan_output_directions");
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      require<FormatError>(!outputs[i].empty(), "node '{}' ({}): no steps", node.name, node.op);
      if (entry(directions, i) == 1) std::reverse(outputs[i].begin(), outputs[i].end());
      results.push_back(joined(outputs[i], entry(axes, i)));
    }
    return results;
  }

  const OnnxBody& body_;
  std::int64_t opset_;
  const Scope* outer_;
  std::int64_t& elements_;  // computed so far, in all scopes
  Values values_;
};

}  // namespace

std::vector<OnnxTensor> compute_node(const OnnxNode& node, OnnxOperands operands, std::int64_t opset) {
  constexpr std::array<std::string_view, 7> changed = {"LSTM",    "GRU",     "RNN", "BatchNormalization",
                                                       "Dropout", "Reshape", "Gemm"};
  require<FormatError>(opset >= 7 || (std::find(changed.begin(), changed.end(), node.op) == changed.end() &&
                                      !node.has("broadcast") && !node.has("axis")),
                       "node '{}': {} of opset {} is not computed, 7 and later are", node.name, node.op, opset);
  if (auto results = compute_recurrent(node, operands)) return std::move(*results);
  if (auto results = compute_pointwise(node, operands)) return std::move(*results);
  if (auto results = compute_shape(node, operands)) return std::move(*results);
  if (auto results = compute_reshape(node, operands)) return std::move(*results);
  if (auto results = compute_linear(node, operands, opset)) return std::move(*results);
  if (auto results = compute_convolution(node, operands)) return std::move(*results);
  fail<FormatError>("node '{}': the operator {} is not computed", node.name, node.op);
}

std::map<std::string, OnnxTensor> OnnxModel::run(std::map<std::string, OnnxTensor> inputs) const {
  std::int64_t elements = 0;
  Scope scope(graph_, opset_, nullptr, elements);
  for (const std::string& name : graph_.inputs) {
    const auto at = inputs.find(name);
    require<ValueError>(at != inputs.end(), "OnnxModel::run: input '{}' is missing", name);
    require<ValueError>(checked_count(at->second.sizes) == static_cast<std::int64_t>(at->second.numbers.size()),
                        "OnnxModel::run: input '{}' has {} numbers", name, at->second.numbers.size());
    at->second.kind = graph_.input_kinds.at(name);
    scope.set(name, std::move(at->second));
  }
  scope.run();
  std::map<std::string, OnnxTensor> outputs;
  for (const std::string& name : graph_.outputs) outputs[name] = scope.take(name);
  return outputs;
}

}  // namespace recur::interop
