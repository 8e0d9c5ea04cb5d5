#include <recur/interop/trace_model.h>

#include <recur/framework/tensor/error.h>
#include <recur/layers/any_layer.h>
#include <recur/layers/inference/trace.h>

namespace recur::interop {
namespace {

/// The beginning of a signal path as a layer.
class Entrance {
 public:
  static constexpr const char* class_name = "Entrance";
  explicit Entrance(const SignalPath& path) : path_(path) {}
  [[nodiscard]] Var operator()(Var x) const { return enter(path_, x); }

 private:
  SignalPath path_;
};

/// Its end, without the skip.
class Exit {
 public:
  static constexpr const char* class_name = "Exit";
  explicit Exit(SignalPath path) : path_(std::move(path)) { path_.skip = 0; }
  [[nodiscard]] Var operator()(Var y) const { return leave(path_, y, y); }

 private:
  SignalPath path_;
};

// A file says what its recurrent layers begin with.
void start_from(Graph& graph, const std::vector<std::vector<Array>>& states) {
  std::size_t next = 0;
  for (GraphStage& stage : graph.stages) {
    if (stage.states.empty()) continue;
    require<ValueError>(next < states.size() && states[next].size() == stage.states.size(),
                        "trace_model: the states that the model begins with are not those of its {}", stage.name);
    for (std::size_t i = 0; i < stage.states.size(); ++i) {
      const std::vector<double> numbers = states[next][i].to_doubles();
      require<ValueError>(numbers.size() == stage.states[i].initial.size(),
                          "trace_model: a state of {} numbers for a {} of {}", numbers.size(), stage.name,
                          stage.states[i].initial.size());
      stage.states[i].initial.assign(numbers.begin(), numbers.end());
    }
    stage.probe = {};  // of other states
    ++next;
  }
}

}  // namespace

Graph trace_model(Sequential& model, const ModelDescription& description) {
  const SignalPath& path = description.path;
  std::vector<AnyLayer> before, after;
  if (path.input_gain != 1 || !path.inputs.empty()) before.emplace_back(Entrance(path));
  if (path.output_gain != 1 || !path.outputs.empty()) after.emplace_back(Exit(path));
  Graph graph = trace(model, description.features, {before, after, path.skip});
  if (!description.states.empty()) start_from(graph, description.states);
  return graph;
}

}  // namespace recur::interop
