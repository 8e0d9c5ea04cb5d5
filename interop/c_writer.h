#pragma once

#include <recur/interop/c_export.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace recur::detail {

/// The scale of each column of a product's weights, which its terms have in common.
[[nodiscard]] std::vector<float> column_scales(const Graph& graph, const GraphProduct& product);

/// Writes the file of export_c.
class CWriter {
 public:
  CWriter(const Graph& graph, const CExportOptions& options) : graph_(graph), options_(options) {}
  /// @param expected what the self-test compares with; empty for none
  [[nodiscard]] CExport write(const std::vector<float>& expected);

 private:
  void operation(const GraphProduct& product);
  void operation(const GraphFused& fused);
  void operation(const GraphLayerNorm& norm);
  void operation(const GraphSoftmax& softmax);
  void operation(const GraphConcat& concat);
  void operation(const GraphEmbedding& embedding);
  void stage(const GraphStage& stage);
  void carry(const GraphStage& stage);

  void array(std::string_view type, const std::string& name, const std::vector<float>& values);
  /// The expression for the numbers of a part; a constant is written when it is first asked for.
  [[nodiscard]] std::string pointer(const GraphPart& part);
  [[nodiscard]] std::string weights(int value, const std::vector<float>& scales);
  [[nodiscard]] std::string value_name(int value);
  [[nodiscard]] std::string head(std::size_t test_steps) const;
  [[nodiscard]] std::string declarations(bool tested) const;
  [[nodiscard]] std::string called_functions(const std::string& step) const;
  [[nodiscard]] std::string end(bool tested) const;
  [[nodiscard]] std::string state_struct() const;
  [[nodiscard]] std::string reset_function() const;
  [[nodiscard]] std::string self_test(const std::vector<float>& expected) const;
  [[nodiscard]] std::string named(std::string_view text) const;

  const Graph& graph_;
  const CExportOptions& options_;
  CExport result_;
  std::string constants_;    ///< Arrays of constants.
  std::string body_;         ///< Of the step function.
  std::set<int> constant_;   ///< Constants that were written.
  std::set<int> weights_;    ///< Matrices that were written.
  std::vector<int> stored_;  ///< Values that lie in the state.
  int scales_ = 0;
};

}  // namespace recur::detail
