#pragma once

#include <recur/layers/inference/operations.h>

#include <map>
#include <set>
#include <vector>

namespace recur::detail {

/// Assigns places in the memory of a program.
class Layout {
 public:
  explicit Layout(InferenceProgram& program) : program_(program) {}
  /// Returns a place for `size` numbers of each stream; with `sequence`, of each stream and each step that is computed
  /// together with others.
  [[nodiscard]] Slot add(Index size, bool sequence);
  [[nodiscard]] Slot add_constant(const GraphValue& value);

 private:
  InferenceProgram& program_;
};

/// Makes the operations of one stage. Products whose operands do not depend on the states become operations of their
/// own, which are computed for many steps at once.
class StageCompiler {
 public:
  StageCompiler(const Graph& graph, const GraphStage& stage, InferenceProgram& program, bool int8);
  [[nodiscard]] ProgramStage compile();

 private:
  /// Columns of a product: for each place of the panels the column in the matrix of each term, or -1.
  struct Columns {
    ColumnOrder order;
    Index registers;
    Index panels;
    InferenceKernels::Loop loop;
    Place output;
  };
  using Terms = std::vector<GraphProduct::Term>;

  void find_dependent();
  void place_values();
  void add_states();
  [[nodiscard]] bool depends(const GraphPart& part) const { return dependent_.contains(part.value); }
  [[nodiscard]] Place place(const GraphPart& part) const;
  [[nodiscard]] Slot& slot(int value) const { return program_.slots[static_cast<std::size_t>(value)]; }
  [[nodiscard]] MatrixData matrix(int value) const;

  void add(const GraphOperation& operation, std::size_t at);
  template <class Operation>
  void add_both(const Operation& operation, bool dependent);
  void add_product(const GraphProduct& product);
  void add_columns(const GraphProduct& product, const Columns& columns);
  void add_sum(const GraphProduct& product);
  void add_addends(const GraphProduct& product);
  void add_fused(const GraphFused& fused, std::size_t at);

  // Products and gates that the kernels compute in one loop.
  struct Lstm {
    LstmGates gates;
    const GraphProduct* product;
  };
  struct Gru {
    GruGates gates;
    const GraphProduct* input;
    const GraphProduct* recurrent;
  };
  void find_gates();
  [[nodiscard]] const GraphProduct* product_of(int value) const;
  [[nodiscard]] bool only_in(int value, std::size_t operation) const;
  [[nodiscard]] const GraphState* state_of(const GraphPart& before) const;
  [[nodiscard]] bool usable(const Lstm& lstm, std::size_t at) const;
  [[nodiscard]] bool usable(const Gru& gru, std::size_t at) const;
  void keep_output(int h, const GraphProduct& reader, std::size_t at);
  [[nodiscard]] Place kept(int h) const;
  void add_lstm(const Lstm& lstm);
  void add_gru(const Gru& gru);

  [[nodiscard]] std::vector<float> bias_of(const GraphProduct& product, const ColumnOrder& order) const;
  [[nodiscard]] std::vector<float> scales_of(const Terms& terms, const ColumnOrder& order) const;
  [[nodiscard]] PanelOperation::Term pack_term(const GraphProduct::Term& term, const ColumnOrder& order,
                                               Index registers, std::span<const float> scales) const;

  const Graph& graph_;
  const GraphStage& stage_;
  InferenceProgram& program_;
  Layout layout_;
  const InferenceKernels& kernels_;
  bool int8_;
  std::set<int> dependent_;  ///< Values that depend on the states.
  std::set<int> absorbed_;   ///< Values that are never stored.
  std::set<int> in_place_;   ///< States that a kernel writes itself.
  std::map<int, int> kept_;  ///< For each output of gates that is a state, the value that the step begins with.
  std::vector<std::pair<std::size_t, Lstm>> lstms_;  ///< Each with the number of its fused operation.
  std::vector<std::pair<std::size_t, Gru>> grus_;
  ProgramStage result_;
};

}  // namespace recur::detail
