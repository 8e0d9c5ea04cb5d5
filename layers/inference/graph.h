#pragma once

#include <recur/framework/tensor/shape.h>

#include <string>
#include <variant>
#include <vector>

namespace recur {

namespace detail {
struct FusedKernel;
}

/// `size` numbers of a value of a Graph, from `first` on; none of a value below 0.
struct GraphPart {
  int value = -1;
  Index first = 0;
  Index size = 0;

  [[nodiscard]] bool defined() const { return value >= 0; }
  friend bool operator==(const GraphPart&, const GraphPart&) = default;
};

/// A vector that a step computes, or a constant: a weight matrix, a bias, a number.
struct GraphValue {
  Index rows = 1;
  Index cols = 0;
  std::string name{};         ///< Of a parameter; empty for others.
  std::vector<float> data{};  ///< Of a constant, row by row.

  [[nodiscard]] bool constant() const { return !data.empty(); }
};

/// z = Σ aᵢ·Wᵢ + Σ cⱼ
struct GraphProduct {
  struct Term {
    GraphPart a;
    int weight;  ///< A constant `[a.size, z.size]`.
  };
  std::vector<Term> terms;
  std::vector<GraphPart> addends;
  int output;
};

/// A fused expression over numbers side by side. An operand of size 1 goes with every number of the others.
struct GraphFused {
  const detail::FusedKernel* kernel;
  std::vector<GraphPart> operands;
  std::vector<double> constants;
  std::vector<int> outputs;
};

/// y = gamma·(x - mean)/√(variance + epsilon) + beta
struct GraphLayerNorm {
  GraphPart x, gamma, beta;
  double epsilon;
  int output;
};

struct GraphSoftmax {
  GraphPart x;
  bool log;
  int output;
};

struct GraphConcat {
  std::vector<GraphPart> parts;
  int output;
};

/// The row of a constant that the id at the model's input names.
struct GraphEmbedding {
  int table;
  int output;
};

/// Any of the operations that a traced model may hold.
using GraphOperation =
    std::variant<GraphProduct, GraphFused, GraphLayerNorm, GraphSoftmax, GraphConcat, GraphEmbedding>;

/// A state: the value that a step begins with, and what the next step begins with.
struct GraphState {
  int before;
  GraphPart after;
  std::vector<float> initial;
};

/// A cell, or a layer without states.
struct GraphStage {
  std::string name;  ///< Of the class: "LSTMCell".
  GraphPart input;
  GraphPart output;
  std::vector<GraphOperation> operations{};
  std::vector<GraphState> states{};
  /// What the cell or layer itself made of some steps from the initial states on, to check what is made of the graph.
  struct Probe {
    Index steps = 0;
    std::vector<float> inputs{};
    std::vector<float> outputs{};
  } probe{};
};

/// What a model does with one time step of one sequence: what Inference runs and exporters write.
struct Graph {
  std::vector<GraphValue> values;
  std::vector<GraphStage> stages;
  int input = -1;  ///< The value of the features; -1 if the input is an id.
  Index features = 0;
  GraphPart output{};

  /// Returns value number `value`, which must be there.
  [[nodiscard]] const GraphValue& at(int value) const { return values[static_cast<std::size_t>(value)]; }
  [[nodiscard]] bool takes_ids() const { return input < 0; }
  /// Number of ids, of a model that takes ids.
  [[nodiscard]] Index id_count() const;
  [[nodiscard]] Index state_size() const;
  int add(GraphValue value) {
    values.push_back(std::move(value));
    return static_cast<int>(values.size()) - 1;
  }
  [[nodiscard]] GraphPart whole(int value) const { return {value, 0, at(value).rows * at(value).cols}; }
};

/// The values that an operation reads, and those that it computes.
[[nodiscard]] std::vector<GraphPart> operands_of(const GraphOperation& operation);
[[nodiscard]] std::vector<int> outputs_of(const GraphOperation& operation);

}  // namespace recur
