#include <recur/interop/onnx/onnx_writer.h>

#ifdef RECUR_ONNX
#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/bytes.h>
#include <recur/interop/internal/layer_view.h>
#include <recur/interop/internal/onnx_path_builder.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#endif

namespace recur::interop {

#ifdef RECUR_ONNX
namespace {

/// A function as ONNX names it, with the numbers that it must be told: runtimes differ in their defaults.
struct Function {
  const char* name;
  std::optional<float> alpha{}, beta{};
};

Function function_of(const std::string& activation, const std::string& layer) {
  static const std::map<std::string, Function> known = {{"tanh", {"Tanh"}},
                                                        {"sigmoid", {"Sigmoid"}},
                                                        {"relu", {"Relu"}},
                                                        {"softsign", {"Softsign"}},
                                                        {"softplus", {"Softplus"}},
                                                        {"hard_sigmoid", {"HardSigmoid", 0.2F, 0.5F}},
                                                        {"hard_sigmoid_v3", {"HardSigmoid", 1.0F / 6, 0.5F}},
                                                        {"elu", {"Elu", 1.0F}},
                                                        {"leaky_relu", {"LeakyRelu", 0.2F}},
                                                        {"linear", {"Affine", 1.0F, 0.0F}}};
  const auto at = known.find(activation);
  require<ValueError>(at != known.end(), "write_onnx: layer '{}' has the activation '{}', which ONNX has no name for",
                      layer, activation);
  return at->second;
}

/// Adds nodes one after another; the value that goes on is `last_`.
class Writer : private OnnxPathBuilder {
 public:
  Writer(const ModelDescription& description, bool with_states)
      : with_states_(with_states), features_(description.features), path_(description.path) {}

  std::string write(const std::vector<LayerView>& layers) {
    size_ = features_;
    const bool ids = layers.front().class_name == "Embedding";
    add_value(*graph().add_input(), "x", ids, ids ? std::vector<Index>{-1, -1} : std::vector<Index>{-1, -2, features_});
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
    if (kind == "LSTM" || kind == "GRU" || kind == "SimpleRNN") add_recurrent(layer, {&layer});
    else if (kind == "Bidirectional") add_bidirectional(layer);
    else if (kind == "Dense") add_dense(layer);
    else if (kind == "TimeDistributed") add_time_distributed(layer);
    else if (kind == "Embedding") add_embedding(layer);
    else if (kind == "LayerNormalization") add_layer_normalization(layer);
    else if (kind == "Conv1D") add_convolution(layer);
    else if (kind == "BatchNormalization") add_batch_normalization(layer);
    else if (kind == "Flatten") add_flatten(layer);
    else if (kind == "Activation") add_activation(layer.text("activation", "linear"), layer.name);
    else fail<ValueError>("write_onnx: layer '{}' is a {}, which is not written as ONNX", layer.name, kind);
  }

  void add_embedding(const LayerView& layer) {
    require<ValueError>(!layer.flag("mask_zero", false), "write_onnx: layer '{}' has mask_zero; masks are not written",
                        layer.name);
    (void)node("Gather", {constant(layer.name, layer.weight("embeddings")), last_});
    size_ = layer.weight("embeddings").shape().cols();
  }

  void add_activation(const std::string& activation, const std::string& layer) {
    if (activation == "linear") return;
    if (activation == "softmax" || activation == "log_softmax")
      return set(node(activation == "softmax" ? "Softmax" : "LogSoftmax", {last_}), "axis", std::int64_t{-1});
    const Function function = function_of(activation, layer);
    onnx::NodeProto& added = node(function.name, {last_});
    if (function.alpha) set(added, "alpha", *function.alpha);
    if (function.beta) set(added, "beta", *function.beta);
  }

  void add_dense(const LayerView& layer) {
    (void)node("MatMul", {last_, constant(layer.name + ".kernel", layer.weight("kernel"))});
    if (layer.has("bias")) (void)node("Add", {last_, constant(layer.name + ".bias", layer.weight("bias"))});
    size_ = layer.weight("kernel").shape().cols();
    add_activation(layer.text("activation", "linear"), layer.name);
  }

  // A Dense acts on the last axis anyway.
  void add_time_distributed(const LayerView& layer) {
    const Json& inner = layer.config["layer"];
    require<ValueError>(inner["class_name"] == "Dense",
                        "write_onnx: layer '{}' applies a {} to each step; a Dense can be written", layer.name,
                        inner["class_name"].dump());
    LayerView dense{layer.name, "Dense", inner["config"], {}, 0};
    for (const NamedTensor& tensor : layer.weights)
      dense.weights.push_back({tensor.name.substr(tensor.name.rfind('/') + 1), tensor.value.clone()});
    add_dense(dense);
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

  // ONNX has the steps as the last axis, and [filters, channels, size] for a kernel.
  void add_convolution(const LayerView& layer) {
    require<ValueError>(!layer.flag("time_major", false) && rank_ == 3,
                        "write_onnx: layer '{}' is a Conv1D of something else than [batch, time, features]",
                        layer.name);
    const Array& kernel = layer.weight("kernel");
    const Index size = kernel.shape()[0], channels = kernel.shape()[1], filters = kernel.shape()[2];
    const std::vector<double> from = kernel.to_doubles();
    std::vector<double> turned;
    for (Index f = 0; f < filters; ++f)
      for (Index c = 0; c < channels; ++c)
        for (Index k = 0; k < size; ++k)
          turned.push_back(from[static_cast<std::size_t>((k * channels + c) * filters + f)]);
    set(node("Transpose", {last_}), "perm", {0, 2, 1});
    std::vector<std::string> inputs = {last_,
                                       constant(layer.name + ".kernel", make_array({filters, channels, size}, turned))};
    if (layer.has("bias")) inputs.push_back(constant(layer.name + ".bias", layer.weight("bias")));
    onnx::NodeProto& added = node("Conv", inputs);
    const auto stride = layer.config["strides"].get<std::int64_t>();
    const auto dilation = layer.config["dilation_rate"].get<std::int64_t>();
    const std::string padding = layer.text("padding", "valid");
    const std::int64_t missing = (size - 1) * dilation;
    set(added, "strides", std::vector<std::int64_t>{stride});
    set(added, "dilations", std::vector<std::int64_t>{dilation});
    if (padding == "causal") set(added, "pads", {missing, 0});
    else if (padding == "same" && stride > 1) set(added, "auto_pad", "SAME_UPPER");  // depends on the steps
    else if (padding == "same") set(added, "pads", {missing / 2, missing - missing / 2});
    set(node("Transpose", {last_}), "perm", {0, 2, 1});
    size_ = filters;
    add_activation(layer.text("activation", "linear"), layer.name);
  }

  // Outside training a factor and a shift.
  void add_batch_normalization(const LayerView& layer) {
    const std::vector<double> mean = layer.weight("moving_mean").to_doubles();
    std::vector<double> factor = layer.weight("moving_variance").to_doubles();
    std::vector<double> shift(mean.size());
    for (double& x : factor) x = 1 / std::sqrt(x + layer.config["epsilon"].get<double>());
    if (layer.has("gamma"))
      std::ranges::transform(factor, layer.weight("gamma").to_doubles(), factor.begin(), std::multiplies());
    if (layer.has("beta")) shift = layer.weight("beta").to_doubles();
    for (std::size_t i = 0; i < shift.size(); ++i) shift[i] -= mean[i] * factor[i];
    (void)node("Mul", {last_, constant(layer.name + ".factor", make_array({size_}, factor))});
    (void)node("Add", {last_, constant(layer.name + ".shift", make_array({size_}, shift))});
  }

  void add_flatten(const LayerView& layer) {
    if (rank_ == 2) return;
    (void)node("Reshape", {last_, integers({0, -1})});
    rank_ = 2;
    size_ *= std::max<Index>(layer.config["steps"].get<Index>(), 1);
  }

  static Index gates_of(const std::string& kind) { return kind == "LSTM" ? 4 : (kind == "GRU" ? 3 : 1); }
  // ONNX has i, o, f, c and z, r, h.
  static GateOrder order_of(const std::string& kind) {
    return kind == "LSTM" ? GateOrder{0, 3, 1, 2} : (kind == "GRU" ? GateOrder{0, 1, 2} : GateOrder{0});
  }

  // The arrays of all directions, one behind the other.
  std::string weights(const std::vector<const LayerView*>& directions, const char* which, const std::string& name) {
    std::vector<double> all;
    std::vector<std::int64_t> sizes = {static_cast<std::int64_t>(directions.size())};
    for (const LayerView* const one : directions) {
      const Array rows = columns_to_rows(one->weight(which), order_of(one->class_name));
      if (sizes.size() == 1) sizes.insert(sizes.end(), {rows.shape()[0], rows.shape()[1]});
      const std::vector<double> numbers = rows.to_doubles();
      all.insert(all.end(), numbers.begin(), numbers.end());
    }
    return constant(name, make_array({static_cast<Index>(all.size())}, all), sizes);
  }
  std::string biases(const std::vector<const LayerView*>& directions, const std::string& name) {
    std::vector<double> all;
    for (const LayerView* const one : directions) {
      const Array& bias = one->weight("bias");
      const bool two = bias.shape().rank() == 2;
      const Array none({bias.shape().cols()}, bias.dtype());
      for (const Index row : {Index{0}, Index{1}}) {
        const Array part = two ? row_of(bias, row) : (row == 0 ? bias.clone() : none.clone());
        const std::vector<double> numbers = move_blocks(part, order_of(one->class_name)).to_doubles();
        all.insert(all.end(), numbers.begin(), numbers.end());
      }
    }
    const auto count = static_cast<std::int64_t>(directions.size());
    return constant(name, make_array({static_cast<Index>(all.size())}, all),
                    {count, static_cast<std::int64_t>(all.size()) / count});
  }

  void add_functions(onnx::NodeProto& to, const std::vector<const LayerView*>& directions) const {
    onnx::AttributeProto names;
    onnx::AttributeProto alphas;
    onnx::AttributeProto betas;
    const auto add_one = [&](const std::string& activation, const std::string& layer) {
      const Function function = function_of(activation, layer);
      names.add_strings(function.name);
      if (function.alpha) alphas.add_floats(*function.alpha);
      if (function.beta) betas.add_floats(*function.beta);
    };
    for (const LayerView* const one : directions) {
      if (one->class_name != "SimpleRNN") add_one(one->text("recurrent_activation", "sigmoid"), one->name);
      for (int i = 0; i < (one->class_name == "LSTM" ? 2 : 1); ++i) add_one(one->text("activation", "tanh"), one->name);
    }
    const auto put = [&](onnx::AttributeProto& attribute, const char* key, onnx::AttributeProto::AttributeType type) {
      attribute.set_name(key);
      attribute.set_type(type);
      *to.add_attribute() = attribute;
    };
    put(names, "activations", onnx::AttributeProto::STRINGS);
    if (alphas.floats_size() > 0) put(alphas, "activation_alpha", onnx::AttributeProto::FLOATS);
    if (betas.floats_size() > 0) put(betas, "activation_beta", onnx::AttributeProto::FLOATS);
  }

  // Adds the operator for one or two directions. The value that goes on has the axes of Y, or of Y_h without sequences.
  void add_recurrent(const LayerView& layer, const std::vector<const LayerView*>& directions) {
    const LayerView& first = *directions[0];
    const bool sequences = first.flag("return_sequences", false);
    const bool backwards = directions.size() == 1 && first.flag("go_backwards", false);
    const std::string& kind = first.class_name;
    const auto clip = first.config.find("cell_clip");
    require<ValueError>(clip == first.config.end() || *clip == 0.0,
                        "write_onnx: layer '{}' has a cell_clip, which ONNX's LSTM does not have", layer.name);
    size_ = first.weight("recurrent_kernel").shape()[0];
    set(node("Transpose", {last_}), "perm", {1, 0, 2});
    std::vector<std::string> inputs = {last_, weights(directions, "kernel", layer.name + ".W"),
                                       weights(directions, "recurrent_kernel", layer.name + ".R"),
                                       first.has("bias") ? biases(directions, layer.name + ".B") : "", ""};
    const bool states = with_states_ && directions.size() == 1;
    if (states) add_states(layer.name, kind == "LSTM", inputs);
    onnx::NodeProto& added = node(kind == "SimpleRNN" ? "RNN" : kind.c_str(), inputs);
    added.set_name(layer.name);
    added.clear_output();
    for (const char* output : {".Y", ".Y_h", ".Y_c"}) added.add_output(layer.name + output);
    if (kind != "LSTM") added.mutable_output()->RemoveLast();
    if (states) {
      added.set_output(1, layer.name + ".h_out");
      if (kind == "LSTM") added.set_output(2, layer.name + ".c_out");
    }
    set(added, "hidden_size", static_cast<std::int64_t>(size_));
    set(added, "direction", directions.size() == 2 ? "bidirectional" : (backwards ? "reverse" : "forward"));
    if (kind == "GRU") set(added, "linear_before_reset", std::int64_t{first.flag("reset_after", true) ? 1 : 0});
    add_functions(added, directions);
    last_ = added.output(sequences ? 0 : 1);
    rank_ = sequences ? 3 : 2;
    if (directions.size() == 2) return;
    (void)node("Squeeze", {last_, integers({sequences ? 1 : 0})});
    if (!sequences) return;
    // Keras hands out sequences in the order of processing.
    constexpr std::int64_t to_front = std::numeric_limits<std::int64_t>::min();
    if (backwards) (void)node("Slice", {last_, integers({-1}), integers({to_front}), integers({0}), integers({-1})});
    set(node("Transpose", {last_}), "perm", {1, 0, 2});
  }

  void add_states(const std::string& layer, bool lstm, std::vector<std::string>& inputs) {
    for (const char* which : {".h", ".c"}) {
      if (!lstm && which[1] == 'c') continue;
      const std::string name = layer + which;
      add_value(*graph().add_input(), name, false, {1, -1, size_});
      add_value(*graph().add_output(), name + "_out", false, {1, -1, size_});
      inputs.push_back(name);
    }
  }

  void add_bidirectional(const LayerView& layer) {
    const Json& inner = layer.config["layer"];
    require<ValueError>(layer.text("merge_mode", "none") == "concat",
                        "write_onnx: layer '{}' merges its directions by '{}'; concat can be written", layer.name,
                        layer.text("merge_mode", "none"));
    const std::string kind = inner["class_name"].get<std::string>();
    require<ValueError>(kind == "LSTM" || kind == "GRU" || kind == "SimpleRNN",
                        "write_onnx: layer '{}' runs a {} in both directions", layer.name, kind);
    const auto backward = layer.config.find("backward_layer");
    std::vector<LayerView> both;
    for (const char* which : {"forward", "backward"}) {
      const bool own = *which == 'b' && backward != layer.config.end() && backward->is_object();
      both.push_back({layer.name, kind, own ? (*backward)["config"] : inner["config"], {}, 0});
      const std::string prefix = std::string(which) + "/";
      for (const NamedTensor& tensor : layer.weights)
        if (tensor.name.starts_with(prefix))
          both.back().weights.push_back({tensor.name.substr(prefix.size()), tensor.value.clone()});
    }
    require<ValueError>(both[0].weight("recurrent_kernel").shape() == both[1].weight("recurrent_kernel").shape(),
                        "write_onnx: the directions of layer '{}' differ in size", layer.name);
    add_recurrent(layer, {&both[0], &both[1]});
    // [time, 2, batch, units] or [2, batch, units]: both directions go to the last axis.
    if (rank_ == 3) {
      set(node("Transpose", {last_}), "perm", {2, 0, 1, 3});
      (void)node("Reshape", {last_, integers({0, 0, -1})});
    } else {
      set(node("Transpose", {last_}), "perm", {1, 0, 2});
      (void)node("Reshape", {last_, integers({0, -1})});
    }
    size_ *= 2;
  }

  bool with_states_;
  Index features_;
  const SignalPath& path_;
  Index size_ = 0;
  int rank_ = 3;
};

}  // namespace

void write_onnx(const std::filesystem::path& file, Sequential& model, const ModelDescription& description,
                bool with_states) {
  write_whole_file(file, Writer(description, with_states).write(view_layers(model)));
}

#else

void write_onnx(const std::filesystem::path& file, Sequential&, const ModelDescription&, bool) {
  fail<FormatError>(
      "write_onnx: '{}': this build writes no ONNX: libonnx was not found when it was configured (RECUR_ONNX)",
      file.string());
}

#endif

}  // namespace recur::interop
