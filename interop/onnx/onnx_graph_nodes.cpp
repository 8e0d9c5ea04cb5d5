#ifdef RECUR_ONNX

#include <recur/framework/expr/fused_call.h>
#include <recur/framework/tensor/error.h>
#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/onnx_functions.h>
#include <recur/interop/internal/onnx_graph_nodes.h>
#include <recur/layers/activation.h>

#include <algorithm>
#include <string_view>

namespace recur::interop {

void OnnxGraphNodes::bind(int value, const std::string& name) {
  names_[value] = name;
  dependent_.insert(value);
  if (like_.empty()) like_ = name;
}

void OnnxGraphNodes::add(const GraphStage& stage) {
  for (const GraphOperation& operation : stage.operations) {
    std::visit([&](const auto& one) { add(one); }, operation);
    const std::vector<GraphPart> operands = operands_of(operation);
    if (std::ranges::any_of(operands, [&](const GraphPart& part) { return dependent_.contains(part.value); }))
      for (const int output : outputs_of(operation)) dependent_.insert(output);
  }
}

std::string OnnxGraphNodes::whole(int value) {
  if (const auto at = names_.find(value); at != names_.end()) return at->second;
  const GraphValue& constant = graph_.at(value);
  require<ValueError>(constant.constant(), "write_onnx: value {} of a trace is not computed before it is used", value);
  return names_[value] = to_.constant(constant.name.empty() ? "constant" : constant.name,
                                      make_array({constant.rows, constant.cols},
                                                 std::vector<double>(constant.data.begin(), constant.data.end())));
}

std::string OnnxGraphNodes::part(const GraphPart& part) {
  const std::string name = whole(part.value);
  if (part == graph_.whole(part.value)) return name;
  std::string& slice = slices_[{part.value, part.first, part.size}];
  if (slice.empty())
    slice = to_.node("Slice",
                     {name, to_.integers({part.first}), to_.integers({part.first + part.size}), to_.integers({-1})})
                .output(0);
  return slice;
}

std::string OnnxGraphNodes::repeated(const GraphPart& part) {
  const std::string name = this->part(part);
  if (dependent_.contains(part.value)) return name;
  const std::string shape = to_.node("Shape", {like_}).output(0);
  const std::string axes = to_.node("Slice", {shape, to_.integers({0}), to_.integers({-1})}).output(0);
  onnx::NodeProto& sizes = to_.node("Concat", {axes, to_.integers({part.size})});
  OnnxBuilder::set(sizes, "axis", std::int64_t{0});
  return to_.node("Expand", {name, sizes.output(0)}).output(0);
}

// ---- Operations -----------------------------------------------------------------------------------------------------

void OnnxGraphNodes::add(const GraphProduct& product) {
  std::string sum;
  const auto add_to_sum = [&](const std::string& term) {
    sum = sum.empty() ? term : to_.node("Add", {sum, term}).output(0);
  };
  for (const auto& term : product.terms) add_to_sum(to_.node("MatMul", {part(term.a), whole(term.weight)}).output(0));
  for (const GraphPart& addend : product.addends) add_to_sum(part(addend));
  names_[product.output] = sum;
}

void OnnxGraphNodes::add(const GraphFused& fused) {
  const detail::FusedKernel& kernel = *fused.kernel;
  std::vector<std::string> values;
  for (int node = 0; node < kernel.nodes; ++node) {
    std::string_view name = kernel.functions[node];
    if (name.empty()) {
      const auto* const at = std::find(kernel.operand_nodes, kernel.operand_nodes + kernel.operands, node);
      values.push_back(part(fused.operands[static_cast<std::size_t>(at - kernel.operand_nodes)]));
      continue;
    }
    std::vector<OnnxArgument> arguments;
    for (std::size_t k = 0; k < kernel.children[node].size(); ++k) {
      const int child = kernel.children[node][k];
      const int slot = kernel.constant_slots[node][k];
      if (child >= 0) arguments.push_back({values[static_cast<std::size_t>(child)]});
      else if (slot >= 0) arguments.push_back({{}, fused.constants[static_cast<std::size_t>(slot)]});
    }
    if (name == "activate") {  // the activation is an argument
      name = Activation(static_cast<Activation::Kind>(static_cast<int>(*arguments.back().number))).name();
      arguments.pop_back();
    }
    values.push_back(add_function(to_, name, arguments));
  }
  for (std::size_t o = 0; o < fused.outputs.size(); ++o)
    names_[fused.outputs[o]] = values[static_cast<std::size_t>(kernel.output_nodes[o])];
}

void OnnxGraphNodes::add(const GraphLayerNorm& norm) {
  const std::string ones =
      to_.constant("ones", make_array({norm.x.size}, std::vector<double>(static_cast<std::size_t>(norm.x.size), 1.0)));
  onnx::NodeProto& added = to_.node("LayerNormalization", {part(norm.x), ones});
  OnnxBuilder::set(added, "axis", std::int64_t{-1});
  OnnxBuilder::set(added, "epsilon", static_cast<float>(norm.epsilon));
  std::string y = added.output(0);
  if (norm.gamma.defined()) y = to_.node("Mul", {y, part(norm.gamma)}).output(0);
  if (norm.beta.defined()) y = to_.node("Add", {y, part(norm.beta)}).output(0);
  names_[norm.output] = y;
}

void OnnxGraphNodes::add(const GraphSoftmax& softmax) {
  onnx::NodeProto& added = to_.node(softmax.log ? "LogSoftmax" : "Softmax", {part(softmax.x)});
  OnnxBuilder::set(added, "axis", std::int64_t{-1});
  names_[softmax.output] = added.output(0);
}

void OnnxGraphNodes::add(const GraphConcat& concat) {
  if (concat.parts.size() == 1) {
    names_[concat.output] = part(concat.parts.front());
    return;
  }
  std::vector<std::string> parts;
  for (const GraphPart& one : concat.parts) parts.push_back(repeated(one));
  onnx::NodeProto& added = to_.node("Concat", parts);
  OnnxBuilder::set(added, "axis", std::int64_t{-1});
  names_[concat.output] = added.output(0);
}

void OnnxGraphNodes::add(const GraphEmbedding& /*embedding*/) {
  fail<ValueError>("write_onnx: an Embedding that is not the first layer");
}

}  // namespace recur::interop

#endif
