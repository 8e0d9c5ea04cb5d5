#include <recur/interop/c_export.h>

#include <recur/framework/tensor/error.h>
#include <recur/interop/c_writer.h>
#include <recur/layers/inference/inference.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace recur {
namespace {

constexpr float int8_range = 127;

float round_to(float x, float scale) { return scale == 0 ? 0 : scale * static_cast<float>(std::lround(x / scale)); }

void round_rows(GraphValue& table) {
  for (Index r = 0; r < table.rows; ++r) {
    const auto row =
        std::span(table.data).subspan(static_cast<std::size_t>(r * table.cols), static_cast<std::size_t>(table.cols));
    float scale = 0;
    for (const float x : row) scale = std::max(scale, std::abs(x) / int8_range);
    for (float& x : row) x = round_to(x, scale);
  }
}

void round_columns(Graph& graph, const GraphProduct& product) {
  const auto scales = detail::column_scales(graph, product);
  for (const auto& term : product.terms) {
    std::vector<float>& data = graph.values[static_cast<std::size_t>(term.weight)].data;
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = round_to(data[i], scales[i % scales.size()]);
  }
}

bool is_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// The outputs of an Inference for the recorded steps.
std::vector<float> expected_outputs(const Graph& graph, const CExportOptions& options) {
  Inference inference(options.int8 ? round_weights(graph) : graph);
  const std::size_t time = graph.takes_ids() ? options.test_ids.size()
                                             : options.test_inputs.size() / static_cast<std::size_t>(graph.features);
  const auto width = static_cast<std::size_t>(inference.output_size());
  std::vector<float> outputs(time * width);
  for (std::size_t t = 0; t < time; ++t) {
    const auto to = std::span(outputs).subspan(t * width, width);
    if (graph.takes_ids()) inference.step(options.test_ids.subspan(t, 1), to);
    else
      inference.step(options.test_inputs.subspan(t * static_cast<std::size_t>(graph.features),
                                                 static_cast<std::size_t>(graph.features)),
                     to);
  }
  return outputs;
}

}  // namespace

Graph round_weights(const Graph& graph) {
  Graph rounded = graph;
  std::set<int> tables;
  for (const GraphStage& stage : graph.stages)
    for (const GraphOperation& operation : stage.operations) {
      if (const auto* product = std::get_if<GraphProduct>(&operation)) round_columns(rounded, *product);
      else if (const auto* embedding = std::get_if<GraphEmbedding>(&operation))
        round_rows(rounded.values[static_cast<std::size_t>(embedding->table)]);
    }
  for (GraphStage& stage : rounded.stages) stage.probe = {};
  return rounded;
}

CExport export_c(const Graph& graph, const CExportOptions& options) {
  require<ValueError>(is_name(options.name), "export_c: '{}' is no name in C", options.name);
  const bool tested = !options.test_inputs.empty() || !options.test_ids.empty();
  detail::CWriter writer(graph, options);
  return writer.write(tested ? expected_outputs(graph, options) : std::vector<float>{});
}

}  // namespace recur
