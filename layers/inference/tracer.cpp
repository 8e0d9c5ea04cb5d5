#include <recur/layers/inference/tracer.h>

#include <recur/framework/autodiff/products.h>
#include <recur/framework/expr/fused_call.h>

#include <string_view>
#include <vector>

namespace recur::detail {

Tracer::Tracer(Tape& tape, Graph& graph, GraphStage& stage) : tape_(tape), graph_(graph), stage_(stage) {
  tape_.set_operation_observer(this);
}

Tracer::~Tracer() { tape_.set_operation_observer(nullptr); }

GraphPart Tracer::unknown(Var x, std::string reason) {
  const int value = graph_.add({1, x.size()});
  unknown_[value] = std::move(reason);
  return graph_.whole(value);
}

const std::string* Tracer::reason_of(std::span<const GraphPart> parts) const {
  for (const GraphPart& part : parts)
    if (const auto found = unknown_.find(part.value); found != unknown_.end()) return &found->second;
  return nullptr;
}

// The operation that made a value which the tracer was not told of; empty if it is a constant.
std::string Tracer::origin(Var x) const {
  const Node* const root = &x.node()->root();
  if (is_parameter(Var(const_cast<Node*>(root)))) return {};
  for (const Record& record : tape_.records()) {
    bool made_here = false;
    record.for_each_output([&](Var output) { made_here = made_here || output.node() == root; });
    if (made_here) return record.name();
  }
  return {};
}

int Tracer::new_value(Var y) {
  const int value = graph_.add({1, y.size()});
  known_[&y.node()->root()] = value;
  if (y.rows() != 1) unknown_[value] = fmt::format("a value {} has several rows for a step of one sequence", y.shape());
  return value;
}

int Tracer::constant(Var x, bool transpose) {
  const auto [at, added] = constants_.try_emplace({x.node(), transpose}, -1);
  if (!added) return at->second;
  const NodeExtra* const extra = x.node()->root().extra;
  GraphValue value{transpose ? x.cols() : x.rows(), transpose ? x.rows() : x.cols()};
  if (extra != nullptr && extra->leaf != nullptr) value.name = extra->leaf->parameter->name();
  dispatch_real(tape_.dtype(), [&]<class T>() {
    const MatrixView<const T> from = x.value<T>();
    for (Index r = 0; r < value.rows; ++r)
      for (Index c = 0; c < value.cols; ++c)
        value.data.push_back(static_cast<float>(transpose ? from(c, r) : from(r, c)));
  });
  return at->second = graph_.add(std::move(value));
}

GraphPart Tracer::part(Var x) {
  Node* const node = x.node();
  const auto found = known_.find(&node->root());
  if (found == known_.end()) {
    const std::string operation = origin(x);
    if (!operation.empty()) return unknown(x, fmt::format("the operation {} cannot be traced", operation));
    return graph_.whole(constant(x, false));
  }
  if (x.rows() != 1) return unknown(x, fmt::format("a value of one row is read as {}", x.shape()));
  return {found->second, node->offset(tape_.dtype()), x.size()};
}

GraphPart Tracer::known_part(Var x) {
  const GraphPart found = part(x);
  if (const std::string* const reason = reason_of(std::span(&found, 1)); reason != nullptr)
    fail<ValueError>("trace: {}: {}", stage_.name, *reason);
  return found;
}

// An operation whose operands are unknown makes its results unknown.
template <class Operation>
void Tracer::add(Operation operation, std::span<const GraphPart> operands, std::span<const Var> outputs) {
  const std::string* const reason = reason_of(operands);
  for (const Var output : outputs) {
    const int value = new_value(output);
    if (reason != nullptr) unknown_.try_emplace(value, *reason);
    if constexpr (requires { operation.outputs; }) operation.outputs.push_back(value);
    else operation.output = value;
  }
  if (reason == nullptr) stage_.operations.emplace_back(std::move(operation));
}

void Tracer::product(const Linear& sum, Var z) {
  GraphProduct product{};
  std::vector<GraphPart> operands;
  for (const Linear::Product& term : sum.terms().all_products()) {
    if (known_.contains(&term.w.node()->root()) || !origin(term.w).empty())
      operands.push_back(unknown(term.w, fmt::format("a product {} x {} of two values that depend on the input",
                                                     term.a.shape(), term.w.shape())));
    else if (term.transpose == Transpose::a)
      operands.push_back(unknown(term.a, "a product with a transposed left operand"));
    else product.terms.push_back({part(term.a), constant(term.w, term.transpose == Transpose::b)});
  }
  for (const auto& term : product.terms) operands.push_back(term.a);
  for (const Var addend : sum.terms().all_addends()) product.addends.push_back(part(addend));
  operands.insert(operands.end(), product.addends.begin(), product.addends.end());
  add(std::move(product), operands, std::span(&z, 1));
}

void Tracer::fused(const FusedKernel& kernel, std::span<const Var> operands, std::span<const double> constants,
                   std::span<const Var> outputs) {
  GraphFused fused{&kernel, {}, {constants.begin(), constants.end()}, {}};
  for (const Var operand : operands) fused.operands.push_back(part(operand));
  const std::vector<GraphPart> parts = fused.operands;
  add(std::move(fused), parts, outputs);
}

void Tracer::named(const char* name, std::span<const Var> operands, double number, Var y) {
  std::vector<GraphPart> parts;
  for (const Var operand : operands) parts.push_back(operand.defined() ? part(operand) : GraphPart{});
  const std::string_view kind = name;
  const std::span<const Var> output(&y, 1);
  if (kind == "layer_norm") add(GraphLayerNorm{parts[0], parts[1], parts[2], number, 0}, parts, output);
  else if (kind == "concat") add(GraphConcat{parts, 0}, parts, output);
  else if (kind == "softmax" || kind == "log_softmax")
    add(GraphSoftmax{parts[0], kind == "log_softmax", 0}, parts, output);
  else unknown_[new_value(y)] = fmt::format("the operation {} cannot be traced", name);
}

}  // namespace recur::detail
