#include <recur/layers/inference/graph.h>

namespace recur {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

Index Graph::id_count() const {
  if (!takes_ids()) return 0;
  return at(std::get<GraphEmbedding>(stages.front().operations.front()).table).rows;
}

Index Graph::state_size() const {
  Index size = 0;
  for (const GraphStage& stage : stages)
    for (const GraphState& state : stage.states) size += at(state.before).cols;
  return size;
}

std::vector<GraphPart> operands_of(const GraphOperation& operation) {
  std::vector<GraphPart> parts;
  std::visit(Overloaded{[&](const GraphProduct& p) {
                          for (const auto& term : p.terms) parts.push_back(term.a);
                          parts.insert(parts.end(), p.addends.begin(), p.addends.end());
                        },
                        [&](const GraphFused& f) { parts = f.operands; },
                        [&](const GraphLayerNorm& n) {
                          for (const GraphPart& part : {n.x, n.gamma, n.beta})
                            if (part.defined()) parts.push_back(part);
                        },
                        [&](const GraphSoftmax& s) { parts = {s.x}; }, [&](const GraphConcat& c) { parts = c.parts; },
                        [](const GraphEmbedding&) {}},
             operation);
  return parts;
}

std::vector<int> outputs_of(const GraphOperation& operation) {
  return std::visit(Overloaded{[](const GraphFused& f) { return f.outputs; },
                               [](const auto& other) { return std::vector<int>{other.output}; }},
                    operation);
}

}  // namespace recur
