#include <recur/interop/onnx/onnx_writer.h>

#ifdef RECUR_ONNX
#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/bytes.h>
#include <recur/interop/internal/layer_view.h>
#include <recur/interop/internal/onnx_functions.h>
#include <recur/interop/internal/onnx_graph_nodes.h>
#include <recur/interop/internal/onnx_path_builder.h>
#include <recur/interop/internal/onnx_plain_layers.h>
#include <recur/interop/internal/onnx_recurrence.h>
#include <recur/interop/internal/onnx_scan.h>
#include <recur/layers/inference/inference.h>
#include <recur/layers/inference/trace.h>
#include <recur/layers/recurrent/bidirectional.h>

#include <algorithm>
#include <array>
#include <limits>
#endif

namespace recur::interop {

#ifdef RECUR_ONNX
namespace {

/// Traces a layer alone. Throws ValueError as `trace`, and if the trace gives other numbers than the layer.
Graph traced(const AnyLayer& layer, Index features) {
  std::vector<AnyLayer> one;
  one.emplace_back(layer);
  if (RNN* const rnn = one.front()->rnn()) {
    RNNOptions every_step;
    every_step.return_sequences = true;
    rnn->set_options(every_step);
  }
  Sequential model(std::move(one));
  Graph graph = trace(model, features);
  (void)Inference(graph);  // compares
  return graph;
}

/// Adds nodes one after another; the value that goes on is `last_`.
class Writer : private OnnxPathBuilder {
 public:
  Writer(Sequential& model, const ModelDescription& description, bool with_states)
      : model_layers_(model.layers()), description_(description), with_states_(with_states), path_(description.path) {}

  std::string write(const std::vector<LayerView>& layers) {
    size_ = description_.features;
    const bool ids = layers.front().class_name == "Embedding";
    add_value(*graph().add_input(), "x", ids, ids ? std::vector<Index>{-1, -2} : std::vector<Index>{-1, -2, size_});
    require<ValueError>(!ids || path_.plain(), "write_onnx: ids have no gains, scales and skip to the output");
    if (!ids) enter(path_);
    for (const LayerView& layer : layers) add(layer);
    require<ValueError>(path_.skip == 0 || rank_ == 3, "write_onnx: a skip to an output of the last step only");
    if (!ids) leave(path_);
    onnx::NodeProto& end = node("Identity", {last_});
    end.set_output(0, "y");
    std::vector<Index> shape(static_cast<std::size_t>(rank_), -2);
    shape.front() = -1;
    shape.back() = size_;
    add_value(*graph().add_output(), "y", false, shape);
    return model_.SerializeAsString();
  }

 private:
  void add(const LayerView& layer) {
    const std::string& kind = layer.class_name;
    const RNN* const rnn = model_layers_[layer.place]->rnn();
    require<ValueError>(!layer.flag("time_major", false) && (rnn == nullptr || !rnn->options().time_major),
                        "write_onnx: layer '{}' is time_major; models [batch, time, features] are written", layer.name);
    if (kind == "Bidirectional") add_bidirectional(layer);
    else if (mask_.empty() && has_onnx_operator(layer)) add_recurrent(layer);
    else if (rnn != nullptr) add_scanned(layer);
    else if (kind.starts_with("torch.nn.")) add_torch(layer);
    else if (kind == "Dense") add_dense(layer);
    else if (kind == "Embedding") add_embedding(layer);
    else if (kind == "Masking") add_masking(layer);
    else if (kind == "LayerNormalization") add_layer_normalization(layer);
    else if (kind == "Conv1D") add_steps_convolution(layer);
    else if (kind == "BatchNormalization") last_ = add_batch_normalization(*this, layer, last_);
    else if (kind == "Flatten") add_flatten(layer);
    else if (kind == "Activation") add_activation(layer.text("activation", "linear"));
    else add_traced(layer);
  }

  // Layers that act on each step by itself, also your own.
  void add_traced(const LayerView& layer) {
    require<ValueError>(mask_.empty() || layer.class_name == "TimeDistributed",
                        "write_onnx: layer '{}' is a {} under a mask, which is not written", layer.name,
                        layer.class_name);
    const Graph graph = traced(model_layers_[layer.place], size_);
    OnnxGraphNodes nodes(*this, graph);
    nodes.bind(graph.input, last_);
    for (const GraphStage& stage : graph.stages) {
      require<ValueError>(stage.states.empty(), "write_onnx: layer '{}' is a {} with states, which is not written",
                          layer.name, layer.class_name);
      nodes.add(stage);
    }
    last_ = nodes.repeated(graph.output);
    size_ = graph.output.size;
  }

  void add_embedding(const LayerView& layer) {
    const std::string ids = last_;
    const std::string rows = node("Gather", {constant(layer.name, layer.weight("embeddings")), ids}).output(0);
    size_ = layer.weight("embeddings").shape().cols();
    if (layer.flag("mask_zero", false)) {
      const std::string padding = node("Equal", {ids, integers({0})}).output(0);
      mask_ = node("Unsqueeze", {node("Not", {padding}).output(0), integers({2})}).output(0);
    }
    last_ = rows;
  }

  std::string cast(const std::string& x, onnx::TensorProto::DataType type) {
    onnx::NodeProto& added = node("Cast", {x});
    set(added, "to", static_cast<std::int64_t>(type));
    return added.output(0);
  }

  // Steps whose features all equal a number are masked, and zeros from there on.
  void add_masking(const LayerView& layer) {
    require<ValueError>(rank_ == 3, "write_onnx: layer '{}' masks something else than steps", layer.name);
    const std::string x = last_;
    const std::array value = {layer.config["mask_value"].get<double>()};
    const std::string equal = node("Equal", {x, constant("mask_value", make_array({1}, value))}).output(0);
    onnx::NodeProto& any = node("ReduceMax", {cast(node("Not", {equal}).output(0), onnx::TensorProto::FLOAT)});
    set(any, "axes", std::vector<std::int64_t>{-1});
    const std::string kept = any.output(0);
    mask_ = cast(kept, onnx::TensorProto::BOOL);
    (void)node("Mul", {x, kept});
  }

  void add_activation(const std::string& activation) {
    if (activation == "softmax" || activation == "log_softmax")
      return set(node(activation == "softmax" ? "Softmax" : "LogSoftmax", {last_}), "axis", std::int64_t{-1});
    const OnnxArgument x{last_};
    last_ = add_function(*this, activation, std::span(&x, 1));
  }

  void add_dense(const LayerView& layer) {
    (void)node("MatMul", {last_, constant(layer.name + ".kernel", layer.weight("kernel"))});
    if (layer.has("bias")) (void)node("Add", {last_, constant(layer.name + ".bias", layer.weight("bias"))});
    size_ = layer.weight("kernel").shape().cols();
    add_activation(layer.text("activation", "linear"));
  }

  void add_layer_normalization(const LayerView& layer) {
    Array ones({size_}, DType::float32);
    ones.fill(1);
    std::vector<std::string> inputs = {
        last_, constant(layer.name + ".gamma", layer.has("gamma") ? layer.weight("gamma").clone() : ones.clone())};
    if (layer.has("beta")) inputs.push_back(constant(layer.name + ".beta", layer.weight("beta")));
    onnx::NodeProto& added = node("LayerNormalization", inputs);
    set(added, "axis", std::int64_t{-1});
    set(added, "epsilon", layer.config["epsilon"].get<float>());
  }

  void add_steps_convolution(const LayerView& layer) {
    require<ValueError>(rank_ == 3 && mask_.empty(), "write_onnx: layer '{}' is a Conv1D {}", layer.name,
                        mask_.empty() ? "of something else than [batch, time, features]" : "under a mask");
    last_ = add_convolution(*this, layer, last_);
    size_ = layer.weight("kernel").shape()[2];
    add_activation(layer.text("activation", "linear"));
  }

  void add_flatten(const LayerView& layer) {
    if (rank_ == 2) return;
    (void)node("Reshape", {last_, integers({0, -1})});
    rank_ = 2;
    mask_.clear();
    size_ *= std::max<Index>(layer.config["steps"].get<Index>(), 1);
  }

  // ---- Recurrent layers ---------------------------------------------------------------------------------------------

  // The states that a stateful layer begins with.
  std::span<const Array> begin_of(const RNNOptions& options) {
    if (!options.stateful || description_.states.empty()) return {};
    require<ValueError>(next_states_ < description_.states.size(),
                        "write_onnx: states of {} layers, but there are more", description_.states.size());
    return description_.states[next_states_++];
  }

  // `[batch, time, …]` from the last step to the first.
  std::string reversed(const std::string& x) {
    constexpr std::int64_t to_front = std::numeric_limits<std::int64_t>::min();
    return node("Slice", {x, integers({-1}), integers({to_front}), integers({1}), integers({-1})}).output(0);
  }

  void add_recurrent(const LayerView& layer) {
    set(node("Transpose", {last_}), "perm", {1, 0, 2});
    const RNNOptions& options = model_layers_[layer.place]->rnn()->options();
    const OnnxRecurrence made = add_onnx_operator(*this, std::span(&layer, 1), last_, begin_of(options), with_states_);
    size_ = layer.weight("recurrent_kernel").shape()[0];
    (void)node("Squeeze", {made.output, integers({made.sequences ? 1 : 0})});
    rank_ = made.sequences ? 3 : 2;
    if (!made.sequences) return;
    set(node("Transpose", {last_}), "perm", {1, 0, 2});
    // Keras hands out sequences in the order of processing.
    if (options.go_backwards) (void)reversed(last_);
  }

  // A layer under a mask, or with a cell that ONNX does not know.
  void add_scanned(const LayerView& layer) {
    const AnyLayer& own = model_layers_[layer.place];
    const RNNOptions& options = own->rnn()->options();
    scan(own, {layer.name, last_, mask_, options.go_backwards, options.zero_output_for_mask, with_states_},
         begin_of(options), options.return_sequences);
    if (!options.return_sequences) mask_.clear();
    if (mask_.empty() || !options.go_backwards) return;
    const std::string y = last_;
    mask_ = reversed(mask_);
    last_ = y;
  }

  // Layers of PyTorch's kind give the outputs of all steps.
  void add_torch(const LayerView& layer) {
    require<ValueError>(layer.flag("batch_first", false) && mask_.empty(),
                        "write_onnx: layer '{}' is a {} {}, which is not written", layer.name, layer.class_name,
                        mask_.empty() ? "without batch_first" : "under a mask");
    scan(model_layers_[layer.place], {.layer = layer.name, .input = last_, .with_states = with_states_}, {}, true);
  }

  void scan(const AnyLayer& layer, const OnnxScan& how, std::span<const Array> begin, bool sequences) {
    Graph graph = traced(layer, size_);
    std::size_t next = 0;
    for (GraphStage& stage : graph.stages)
      for (GraphState& state : stage.states)
        if (next < begin.size()) {
          const std::vector<double> numbers = begin[next++].to_doubles();
          state.initial.assign(numbers.begin(), numbers.end());
        }
    last_ = add_scan(*this, graph, how);
    size_ = graph.output.size;
    if (sequences) return;
    set(node("Gather", {last_, integers({-1})}), "axis", std::int64_t{1});
    (void)node("Squeeze", {last_, integers({1})});
    rank_ = 2;
  }

  void add_bidirectional(const LayerView& layer) {
    const std::string& merge = model_layers_[layer.place].as<Bidirectional>().config().merge_mode;
    const std::vector<LayerView> both = directions_of(layer);
    const bool fused = mask_.empty() && merge == "concat" && std::ranges::all_of(both, has_onnx_operator) &&
                       both[0].class_name == both[1].class_name && !both[0].flag("go_backwards", false) &&
                       both[0].weight("recurrent_kernel").shape() == both[1].weight("recurrent_kernel").shape();
    if (!fused) return add_two_scans(layer, merge);
    set(node("Transpose", {last_}), "perm", {1, 0, 2});
    const OnnxRecurrence made = add_onnx_operator(*this, both, last_, {}, false);
    // [time, 2, batch, units] or [2, batch, units]: both directions go to the last axis.
    if (made.sequences) set(node("Transpose", {made.output}), "perm", {2, 0, 1, 3});
    else set(node("Transpose", {made.output}), "perm", {1, 0, 2});
    (void)node("Reshape", {last_, integers(made.sequences ? std::vector<std::int64_t>{0, 0, -1}
                                                          : std::vector<std::int64_t>{0, -1})});
    rank_ = made.sequences ? 3 : 2;
    size_ = 2 * both[0].weight("recurrent_kernel").shape()[0];
  }

  static std::vector<LayerView> directions_of(const LayerView& layer) {
    std::vector<LayerView> both;
    for (const char* which : {"forward", "backward"}) {
      const char* key = *which == 'b' && layer.config.contains("backward_layer") ? "backward_layer" : "layer";
      const Json inner = layer.config.value(key, layer.config.value("layer", Json::object()));
      both.push_back({layer.name, inner.value("class_name", ""), inner.value("config", Json::object()), {}, 0});
      const std::string prefix = std::string(which) + "/";
      for (const NamedTensor& tensor : layer.weights)
        if (tensor.name.starts_with(prefix))
          both.back().weights.push_back({tensor.name.substr(prefix.size()), tensor.value.clone()});
    }
    return both;
  }

  void add_two_scans(const LayerView& layer, const std::string& merge) {
    require<ValueError>(!merge.empty(), "write_onnx: layer '{}' does not merge its directions", layer.name);
    const std::string input = last_;
    const Index size = size_;
    bool sequences = false;
    std::vector<std::string> outputs;
    for (const AnyLayer* const part : model_layers_[layer.place]->parts()) {
      const RNNOptions& options = (*part)->rnn()->options();
      require<ValueError>(!options.time_major, "write_onnx: layer '{}' is time_major", layer.name);
      sequences = options.return_sequences;
      size_ = size;
      scan(*part,
           {layer.name + (outputs.empty() ? ".forward" : ".backward"), input, mask_, options.go_backwards,
            options.zero_output_for_mask},
           {}, sequences);
      outputs.push_back(sequences && options.go_backwards ? reversed(last_) : last_);
    }
    if (!sequences) mask_.clear();
    if (merge == "concat") {
      set(node("Concat", outputs), "axis", std::int64_t{-1});
      size_ = model_layers_[layer.place]->output_size(size);
      return;
    }
    (void)node(merge == "mul" ? "Mul" : "Add", outputs);
    if (merge == "ave") (void)node("Mul", {last_, constant("half", make_array({1}, std::array{0.5}))});
  }

  std::vector<AnyLayer>& model_layers_;
  const ModelDescription& description_;
  bool with_states_;
  const SignalPath& path_;
  Index size_ = 0;  ///< Of the last axis of the value that goes on.
  int rank_ = 3;
  std::string mask_;             ///< `[batch, time, 1]`, booleans; empty for none.
  std::size_t next_states_ = 0;  ///< Of the description.
};

}  // namespace

void write_onnx(const std::filesystem::path& file, Sequential& model, const ModelDescription& description,
                bool with_states) {
  write_whole_file(file, Writer(model, description, with_states).write(view_layers(model, true, true)));
}

#else

void write_onnx(const std::filesystem::path& file, Sequential&, const ModelDescription&, bool) {
  fail<FormatError>(
      "write_onnx: '{}': this build writes no ONNX: libonnx was not found when it was configured (RECUR_ONNX)",
      file.string());
}

#endif

}  // namespace recur::interop
