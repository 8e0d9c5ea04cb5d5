#pragma once

#include <recur/framework/tensor/shape.h>

#include <string>
#include <variant>
#include <vector>

namespace recur {

namespace detail {
struct FusedKernel;
}

/// A part of a value of a Graph: `size` numbers from `first` on. A value below 0 stands for no part.
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
  std::string name{};         ///< Name of a parameter; empty for other values.
  std::vector<float> data{};  ///< Numbers of a constant, row by row; empty for other values.

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

/// A fused expression, computed element by element. An operand of size 1 is used for all elements.
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

/// A row of a constant; its number is the id at the input of the model.
struct GraphEmbedding {
  int table;
  int output;
};

/// An operation of a traced model.
using GraphOperation =
    std::variant<GraphProduct, GraphFused, GraphLayerNorm, GraphSoftmax, GraphConcat, GraphEmbedding>;

/// A state: its value at the beginning of a step, and its value at the end, with which the next step begins.
struct GraphState {
  int before;
  GraphPart after;
  std::vector<float> initial;
};

/// The operations of a cell, or of a layer without states.
struct GraphStage {
  std::string name;  ///< Name of the class: "LSTMCell".
  GraphPart input;
  GraphPart output;
  std::vector<GraphOperation> operations{};
  std::vector<GraphState> states{};
  /// Inputs and outputs of the cell or layer itself for some steps from the initial states on, to check the graph by.
  struct Probe {
    Index steps = 0;
    std::vector<float> inputs{};
    std::vector<float> outputs{};
  } probe{};
};

/// The operations of a model for one time step of one sequence. Inference runs them, exporters write them.
struct Graph {
  std::vector<GraphValue> values;
  std::vector<GraphStage> stages;
  int input = -1;  ///< Number of the value that holds the features; -1 if the input is an id.
  Index features = 0;
  GraphPart output{};

  /// Returns the value with this number, which must exist.
  [[nodiscard]] const GraphValue& at(int value) const { return values[static_cast<std::size_t>(value)]; }
  [[nodiscard]] bool takes_ids() const { return input < 0; }
  /// Returns the number of different ids that a model of ids takes.
  [[nodiscard]] Index id_count() const;
  [[nodiscard]] Index state_size() const;
  int add(GraphValue value) {
    values.push_back(std::move(value));
    return static_cast<int>(values.size()) - 1;
  }
  [[nodiscard]] GraphPart whole(int value) const { return {value, 0, at(value).rows * at(value).cols}; }
};

/// Return the values that an operation reads, and the values that it computes.
[[nodiscard]] std::vector<GraphPart> operands_of(const GraphOperation& operation);
[[nodiscard]] std::vector<int> outputs_of(const GraphOperation& operation);

}  // namespace recur
