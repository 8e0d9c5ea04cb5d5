#include <recur/layers/inference/trace_conv.h>

namespace recur::detail {

GraphPart add_window(Graph& graph, GraphStage& stage, const Conv1D& layer) {
  const Index features = stage.input.size;
  const Index dilation = layer.options().dilation_rate;
  const Index earlier = (layer.kernel_size() - 1) * dilation;
  if (earlier == 0) return stage.input;
  // The state and the step's input, of which all but the oldest step is the next state.
  const int before = graph.add({1, earlier * features});
  const int steps = graph.add({1, (earlier + 1) * features});
  stage.operations.emplace_back(GraphConcat{{graph.whole(before), stage.input}, steps});
  stage.states.push_back({before,
                          {steps, features, earlier * features},
                          std::vector<float>(static_cast<std::size_t>(earlier * features))});
  if (dilation == 1) return graph.whole(steps);
  GraphConcat taps;
  for (Index k = 0; k < layer.kernel_size(); ++k) taps.parts.push_back({steps, k * dilation * features, features});
  taps.output = graph.add({1, layer.kernel_size() * features});
  const GraphPart window = graph.whole(taps.output);
  stage.operations.emplace_back(std::move(taps));
  return window;
}

}  // namespace recur::detail
