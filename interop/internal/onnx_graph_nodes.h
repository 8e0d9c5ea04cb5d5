#pragma once

#ifdef RECUR_ONNX

#include <recur/interop/internal/onnx_builder.h>
#include <recur/layers/inference/graph.h>

#include <map>
#include <set>
#include <string>
#include <tuple>

namespace recur::interop {

/// Writes the operations of a traced graph as nodes. They act on the last axis, so the values may have any number of
/// axes before it.
class OnnxGraphNodes {
 public:
  OnnxGraphNodes(OnnxBuilder& to, const Graph& graph) : to_(to), graph_(graph) {}

  /// Says that a value of the graph, an input or a state, is called `name` in the model.
  void bind(int value, const std::string& name);
  /// Adds the nodes of a stage. Its input must be bound or computed. Throws ValueError for an operation on ids and for
  /// a function of your own in a fused expression.
  void add(const GraphStage& stage);
  /// Returns the name of a part. A part that does not depend on what was bound is repeated along the axes before the
  /// last.
  [[nodiscard]] std::string repeated(const GraphPart& part);

 private:
  void add(const GraphProduct& product);
  void add(const GraphFused& fused);
  void add(const GraphLayerNorm& norm);
  void add(const GraphSoftmax& softmax);
  void add(const GraphConcat& concat);
  void add(const GraphEmbedding& embedding);
  [[nodiscard]] std::string part(const GraphPart& part);
  [[nodiscard]] std::string whole(int value);

  OnnxBuilder& to_;
  const Graph& graph_;
  std::map<int, std::string> names_;
  std::map<std::tuple<int, Index, Index>, std::string> slices_;
  std::set<int> dependent_;  ///< Values that depend on what was bound.
  std::string like_;         ///< A bound value, which has all axes.
};

}  // namespace recur::interop

#endif
