#include <recur/layers/inference/trace.h>

#include <recur/framework/autodiff/products.h>
#include <recur/framework/ops/reshape.h>
#include <recur/layers/embedding.h>
#include <recur/layers/inference/trace_conv.h>
#include <recur/layers/inference/tracer.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/sequential.h>
#include <recur/layers/torch/torch_rnn.h>

#include <algorithm>
#include <set>

namespace recur {
namespace {

constexpr Index probe_steps = 3;

std::vector<float> numbers(Var x) {
  const std::vector<double> from = x.to_doubles();
  return {from.begin(), from.end()};
}

DType dtype_of_model(Sequential& model) {
  const auto all = parameters(model);
  return all.empty() ? DType::float32 : all.front().parameter->dtype();
}

/// Adds the stages of a model to a graph, one after another.
class ModelTrace {
 public:
  ModelTrace(Graph& graph, DType dtype) : graph_(graph), dtype_(dtype) {}

  void layers(std::span<const AnyLayer> all) {
    for (const AnyLayer& layer : all) add(layer);
  }
  /// Adds a part of the input, of `size` numbers, to the output.
  void add_skip(const GraphPart& from, Index size);

 private:
  void add(const AnyLayer& layer);
  void add_cells(const AnyCell& cell, const std::string& name);
  void add_cell(CellInterface& cell, const std::string& name);
  void add_rnn(RNN& rnn, std::string_view name);
  void add_torch(TorchLayers& layers, std::string_view name);
  void add_embedding(Embedding& embedding);
  void add_conv(Conv1D& conv, LayerInterface& layer);
  void add_plain(LayerInterface& layer);
  [[nodiscard]] GraphPart computed(GraphStage& stage, const GraphPart& part);
  void finish(detail::Tracer& tracer, GraphStage& stage, Var output);
  void probe(GraphStage& stage, CellInterface& cell);
  void probe(GraphStage& stage, LayerInterface& layer);

  // Numbers that are as likely as others.
  [[nodiscard]] Tensor<float> random(Shape shape) {
    Tensor<float> x(shape);
    for (float& number : x.values()) number = static_cast<float>(generator_.normal() / 2);
    return x;
  }

  Graph& graph_;
  DType dtype_;
  Generator generator_{23};
  bool last_step_only_ = false;  // a layer has handed on its last output only
};

void refuse(std::string_view layer, const char* reason) { fail<ValueError>("trace: {}: {}", layer, reason); }

void ModelTrace::add(const AnyLayer& layer) {
  const std::string_view name = layer->class_name();
  if (name == Sequential::class_name) return layers(layer.as<Sequential>().layers());
  if (name == Embedding::class_name) return add_embedding(layer.as<Embedding>());
  if (RNN* const rnn = layer->rnn()) return add_rnn(*rnn, name);
  if (name == "torch.nn.LSTM") return add_torch(layer.as<TorchLayer<TorchLayers::Kind::lstm>>(), name);
  if (name == "torch.nn.GRU") return add_torch(layer.as<TorchLayer<TorchLayers::Kind::gru>>(), name);
  if (name == "torch.nn.RNN") return add_torch(layer.as<TorchLayer<TorchLayers::Kind::rnn>>(), name);
  if (name == "Bidirectional" || name == "Attention" || name == "AdditiveAttention")
    refuse(name, "it looks at later steps, which are not known yet in a step");
  if (name == Conv1D::class_name) return add_conv(layer.as<Conv1D>(), *layer);
  if (name == "MaxPooling1D" || name == "AveragePooling1D" || name == "GlobalMaxPooling1D")
    refuse(name, "a step of its output is made of several of its input");
  if (name == "Flatten" && !last_step_only_) refuse(name, "it joins all steps, of which a step knows one");
  if (name == "Masking") refuse(name, "steps cannot be skipped; leave masked steps out of the input");
  add_plain(*layer);
}

void ModelTrace::add_rnn(RNN& rnn, std::string_view name) {
  if (rnn.options().go_backwards) refuse(name, "it goes backwards, and the last step is not known yet");
  if (last_step_only_) refuse(name, "the layer before hands on one step, not a sequence");
  add_cells(rnn.cell(), std::string(name));
  last_step_only_ = !rnn.options().return_sequences;
}

void ModelTrace::add_torch(TorchLayers& layers, std::string_view name) {
  if (layers.options().bidirectional) refuse(name, "it looks at later steps, which are not known yet in a step");
  for (RNN& rnn : layers.rnns()) add_cells(rnn.cell(), std::string(name));
}

void ModelTrace::add_cells(const AnyCell& cell, const std::string& name) {
  const auto stacked = cell->stacked();
  for (const AnyCell& part : stacked) add_cells(part, name);
  if (stacked.empty())
    add_cell(*cell, cell->class_name().empty() ? "a cell of " + name : std::string(cell->class_name()));
}

void ModelTrace::add_cell(CellInterface& cell, const std::string& name) {
  if (cell.takes_constants()) refuse(name, "it takes constants, which a step is not given");
  GraphStage stage{name, graph_.output, {}};
  Tape tape(dtype_);
  tape.set_training(false);
  detail::Tracer tracer(tape, graph_, stage);
  const Var x = tape.input(random({1, graph_.output.size}));
  tracer.bind(x, graph_.output.value);
  const auto initial = cell.get_initial_state(tape, 1);
  const auto before = tape.list<Var>(cell.state_count());
  const auto after = tape.list<Var>(cell.state_count());
  for (std::size_t i = 0; i < before.size(); ++i) {
    before[i] = tape.input(random(initial[i].shape()));
    const int value = graph_.add({1, initial[i].cols()});
    tracer.bind(before[i], value);
    stage.states.push_back({value, {}, numbers(initial[i])});
  }
  const Var y = cell.call(x, before, after, {});
  for (std::size_t i = 0; i < after.size(); ++i) stage.states[i].after = computed(stage, tracer.known_part(after[i]));
  probe(stage, cell);
  finish(tracer, stage, y);
}

void ModelTrace::add_embedding(Embedding& embedding) {
  if (embedding.options().mask_zero)
    refuse("Embedding", "mask_zero: steps cannot be skipped; leave padding out of the input");
  if (!graph_.stages.empty() || graph_.input >= 0) refuse("Embedding", "it must be the first layer");
  GraphStage stage{"Embedding", {}, {}};
  Tape tape(dtype_);
  GraphValue table{embedding.input_dim(), embedding.output_size(), "embeddings",
                   numbers(tape.leaf(embedding.embeddings))};
  const int constant = graph_.add(std::move(table));
  const int output = graph_.add({1, embedding.output_size()});
  stage.operations.emplace_back(GraphEmbedding{constant, output});
  stage.output = graph_.output = graph_.whole(output);
  graph_.stages.push_back(std::move(stage));
}

void ModelTrace::add_conv(Conv1D& conv, LayerInterface& layer) {
  const Conv1DOptions& options = conv.options();
  if (last_step_only_) refuse(Conv1D::class_name, "the layer before hands on one step, not a sequence");
  if (options.strides > 1) refuse(Conv1D::class_name, "with strides, not every step has an output");
  if (conv.looks_ahead()) refuse(Conv1D::class_name, "it looks at later steps; with padding causal it does not");
  if (options.time_major) refuse(Conv1D::class_name, "it is time-major");
  GraphStage stage{Conv1D::class_name, graph_.output, {}};
  const GraphPart window = detail::add_window(graph_, stage, conv);
  Tape tape(dtype_);
  tape.set_training(false);
  detail::Tracer tracer(tape, graph_, stage);
  const Var x = tape.input(random({1, window.size}));
  tracer.bind(x, window.value);
  const Linear sums = matmul(x, reshape(tape.leaf(conv.kernel), {window.size, conv.output_size()}));
  const Var y = options.activation(options.use_bias ? Var(sums + conv.bias) : Var(sums));
  probe(stage, layer);
  finish(tracer, stage, y);
}

void ModelTrace::add_plain(LayerInterface& layer) {
  GraphStage stage{std::string(layer.class_name()), graph_.output, {}};
  Tape tape(dtype_);
  tape.set_training(false);
  detail::Tracer tracer(tape, graph_, stage);
  LayerValue input;
  input.value = tape.input(random({1, 1, graph_.output.size}));
  if (last_step_only_) input.value = tape.view(input.value, 0, {1, graph_.output.size}, graph_.output.size);
  tracer.bind(Var(&input.value.node()->root()), graph_.output.value);
  const Var y = layer.call(input).value;
  probe(stage, layer);
  finish(tracer, stage, y);
}

void ModelTrace::add_skip(const GraphPart& from, Index size) {
  require<ValueError>(!graph_.takes_ids() && !last_step_only_ && from.size <= size && from.size == graph_.output.size,
                      "trace: a skip of {} numbers from an input of {} to an output of {}{}", from.size, size,
                      graph_.output.size, last_step_only_ ? ", of the last step only" : "");
  GraphStage stage{"skip", graph_.output, {}};
  const int sum = graph_.add({1, graph_.output.size});
  stage.operations.emplace_back(GraphProduct{{}, {graph_.output, from}, sum});
  stage.output = graph_.output = graph_.whole(sum);
  graph_.stages.push_back(std::move(stage));
}

// The part itself if the stage computes it or is given it, a copy of a constant or of a state from before the step
// otherwise.
GraphPart ModelTrace::computed(GraphStage& stage, const GraphPart& part) {
  if (part.value == stage.input.value) return part;
  for (const GraphOperation& operation : stage.operations)
    for (const int output : outputs_of(operation))
      if (output == part.value) return part;
  const int copy = graph_.add({1, part.size});
  stage.operations.emplace_back(GraphConcat{{part}, copy});
  return graph_.whole(copy);
}

// Operations whose results nothing needs: of penalties, for instance.
void remove_unused(GraphStage& stage) {
  std::set<int> needed = {stage.output.value};
  for (const GraphState& state : stage.states) needed.insert(state.after.value);
  std::vector<GraphOperation> kept;
  for (auto at = stage.operations.rbegin(); at != stage.operations.rend(); ++at) {
    const auto outputs = outputs_of(*at);
    if (std::ranges::none_of(outputs, [&](int output) { return needed.contains(output); })) continue;
    for (const GraphPart& part : operands_of(*at)) needed.insert(part.value);
    kept.push_back(std::move(*at));
  }
  std::ranges::reverse(kept);
  stage.operations = std::move(kept);
}

void ModelTrace::finish(detail::Tracer& tracer, GraphStage& stage, Var output) {
  stage.output = graph_.output = computed(stage, tracer.known_part(output));
  remove_unused(stage);
  graph_.stages.push_back(std::move(stage));
}

// What the cell makes of some steps.
void ModelTrace::probe(GraphStage& stage, CellInterface& cell) {
  Tape tape(dtype_);
  const NoGradient inference(tape);
  auto states = tape.list<Var>(cell.state_count());
  std::ranges::copy(cell.get_initial_state(tape, 1), states.begin());
  stage.probe.steps = probe_steps;
  for (Index t = 0; t < probe_steps; ++t) {
    const Var x = tape.constant(random({1, stage.input.size}));
    const auto next = tape.list<Var>(cell.state_count());
    const Var y = cell.call(x, states, next, {});
    states = next;
    for (const float number : numbers(x)) stage.probe.inputs.push_back(number);
    for (const float number : numbers(y)) stage.probe.outputs.push_back(number);
  }
}

// What the layer makes of some steps at once, or of one where that is all it gets.
void ModelTrace::probe(GraphStage& stage, LayerInterface& layer) {
  Tape tape(dtype_);
  const NoGradient inference(tape);
  stage.probe.steps = last_step_only_ ? 1 : probe_steps;
  LayerValue input;
  input.value = tape.constant(
      random(last_step_only_ ? Shape{1, stage.input.size} : Shape{1, stage.probe.steps, stage.input.size}));
  stage.probe.inputs = numbers(input.value);
  stage.probe.outputs = numbers(layer.call(input).value);
}

}  // namespace

Graph trace(Sequential& model, Index features) { return trace(model, features, {}); }

Graph trace(Sequential& model, Index features, const TraceEnds& ends) {
  Graph graph;
  if (model.layers().front()->class_name() != Embedding::class_name) {
    require<ValueError>(features > 0, "trace: features must be positive, got {}", features);
    graph.features = features;
    graph.input = graph.add({1, features});
    graph.output = graph.whole(graph.input);
  }
  ModelTrace made(graph, dtype_of_model(model));
  made.layers(ends.before);
  const GraphPart entered = graph.output;
  made.layers(model.layers());
  if (ends.skip > 0) made.add_skip({entered.value, entered.first, ends.skip}, entered.size);
  made.layers(ends.after);
  return graph;
}

}  // namespace recur
