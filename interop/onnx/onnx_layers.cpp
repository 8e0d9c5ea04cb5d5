#include <recur/interop/onnx/onnx_layers.h>

#include <recur/interop/internal/assembly.h>
#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace recur::interop {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is(std::optional<double> given, double otherwise, double wanted) {
  return std::abs(given.value_or(otherwise) - wanted) < 1e-6;
}

using Given = std::optional<double>;

// Recur's name of a function with these numbers.
std::optional<std::string> known_activation(const std::string& function, Given alpha, Given beta) {
  const std::string own = lower(function);
  for (const char* same : {"tanh", "sigmoid", "relu", "softsign", "softplus", "mish"})
    if (own == same) return same;
  if (own == "hardsigmoid" && is(beta, 0.5, 0.5)) {
    if (is(alpha, 0.2, 0.2)) return "hard_sigmoid";
    if (is(alpha, 0.2, 1.0 / 6)) return "hard_sigmoid_v3";
  }
  if (own == "affine" && is(alpha, 1, 1) && is(beta, 0, 0)) return "linear";
  if (own == "scaledtanh" && is(alpha, 1, 1) && is(beta, 1, 1)) return "tanh";
  if (own == "elu" && is(alpha, 1, 1)) return "elu";
  if (own == "celu" && is(alpha, 1, 1)) return "celu";
  if (own == "swish" && is(alpha, 1, 1)) return "silu";
  if (own == "leakyrelu" && is(alpha, 0.01, 0.2)) return "leaky_relu";
  return std::nullopt;
}

[[noreturn]] void refuse_function(const OnnxNode& node, const std::string& function, Given alpha, Given beta) {
  fail<FormatError>("node '{}' ({}): the function {} with alpha {} and beta {} is not one of Recur's", node.name,
                    node.op, function, alpha ? fmt::format("{:g}", *alpha) : "default",
                    beta ? fmt::format("{:g}", *beta) : "default");
}

Index gates_of(const OnnxNode& node) { return node.op == "LSTM" ? 4 : (node.op == "GRU" ? 3 : 1); }

/// Makes the layer of one node.
class RecurrentMaker {
 public:
  RecurrentMaker(const OnnxNode& node, const OnnxWeights& weights) : node_(node), weights_(weights) {
    const std::string direction = node.text("direction", "forward");
    directions_ = direction == "bidirectional" ? 2 : 1;
    require<FormatError>(node.real("clip", 0) == 0,
                         "node '{}' ({}): a clip of gate sums is not what Recur's cells have", node.name, node.op);
    read_sizes();
    read_functions();
    coupled_ = node.op == "LSTM" && node.integer("input_forget", 0) != 0;
    require<FormatError>(!coupled_ || weights.p == nullptr,
                         "node '{}' (LSTM): input_forget and peepholes together are no cell of Recur", node.name);
    // Keras's i, f, c, o and a coupled cell's i, c, o, of ONNX's i, o, f, c.
    if (node.op == "LSTM") order_ = coupled_ ? GateOrder{0, 3, 1} : GateOrder{0, 2, 3, 1};
    else order_ = node.op == "GRU" ? GateOrder{0, 1, 2} : GateOrder{0};
    two_biases_ = needs_two_biases();
  }

  OnnxLayer make(bool backwards) {
    OnnxLayer layer;
    layer.recurrent = true;
    layer.name = node_.name;
    Json forward = cell_config(0);
    std::string cell = node_.op == "RNN" ? "SimpleRNN" : node_.op;
    if (coupled_) cell = "CoupledLSTMCell";
    if (weights_.p != nullptr) cell = "PeepholeLSTMCell";
    for (Index d = 0; d < directions_; ++d) add_tensors(d, layer.tensors);
    const auto whole = [&](Json config) {
      Json one;
      const bool wrapped = cell.ends_with("Cell");
      if (wrapped) config = {{"cell", {{"class_name", cell}, {"config", config}}}};
      one["class_name"] = wrapped ? "RNN" : cell;
      one["config"] = std::move(config);
      return one;
    };
    if (directions_ == 1) {
      Json one = whole(std::move(forward));
      layer.class_name = one["class_name"].get<std::string>();
      layer.config = std::move(one["config"]);
      if (backwards) layer.config["go_backwards"] = true;
      return layer;
    }
    layer.class_name = "Bidirectional";
    layer.both_directions = true;
    const Json backward = cell_config(1);
    layer.config["layer"] = whole(forward);
    if (backward != forward) layer.config["backward_layer"] = backwards_of(whole(backward));
    return layer;
  }

 private:
  static Json backwards_of(Json layer) {
    layer["config"]["go_backwards"] = true;
    return layer;
  }

  void read_sizes() {
    const auto& w = weights_.w->sizes;
    const auto& r = weights_.r->sizes;
    const Index gates = gates_of(node_);
    require<FormatError>(w.size() == 3 && r.size() == 3 && r[2] > 0 && w[2] > 0 && w[0] == directions_ &&
                             r[0] == directions_ && r[1] == gates * r[2] && w[1] == r[1],
                         "node '{}' ({}): W and R do not go together", node_.name, node_.op);
    units_ = r[2];
    inputs_ = w[2];
    const auto size_of = [&](const OnnxTensor* tensor, std::int64_t columns, const char* which) {
      require<FormatError>(tensor == nullptr || tensor->sizes == std::vector<std::int64_t>{directions_, columns},
                           "node '{}' ({}): {} has other sizes than W and R ask for", node_.name, node_.op, which);
    };
    size_of(weights_.b, 2 * gates * units_, "B");
    size_of(weights_.p, 3 * units_, "P");
  }

  void read_functions() {
    std::vector<std::string> names;
    if (const auto at = node_.attributes.find("activations"); at != node_.attributes.end()) names = at->second.texts;
    const std::vector<std::string> usual = node_.op == "LSTM"  ? std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"}
                                           : node_.op == "GRU" ? std::vector<std::string>{"Sigmoid", "Tanh"}
                                                               : std::vector<std::string>{"Tanh"};
    if (names.empty())
      for (Index d = 0; d < directions_; ++d) names.insert(names.end(), usual.begin(), usual.end());
    require<FormatError>(names.size() == usual.size() * static_cast<std::size_t>(directions_),
                         "node '{}' ({}): {} activations", node_.name, node_.op, names.size());
    std::size_t alphas = 0;
    std::size_t betas = 0;
    const auto next = [&](const char* key, std::size_t& place, bool takes) -> Given {
      const auto at = node_.attributes.find(key);
      if (!takes || at == node_.attributes.end() || place >= at->second.reals.size()) return std::nullopt;
      return at->second.reals[place++];
    };
    for (const std::string& name : names) {
      const auto [has_alpha, has_beta] = takes_alpha_beta(name);
      const Given alpha = next("activation_alpha", alphas, has_alpha);
      const Given beta = next("activation_beta", betas, has_beta);
      const auto known = known_activation(name, alpha, beta);
      if (!known) refuse_function(node_, name, alpha, beta);
      functions_.push_back(*known);
    }
  }

  [[nodiscard]] Json cell_config(Index d) const {
    const std::size_t count = functions_.size() / static_cast<std::size_t>(directions_);
    const std::string* const own = &functions_[static_cast<std::size_t>(d) * count];
    Json config = {{"units", units_}, {"use_bias", weights_.b != nullptr}, {"activation", own[count == 1 ? 0 : 1]}};
    if (count > 1) config["recurrent_activation"] = own[0];
    require<FormatError>(count < 3 || own[1] == own[2],
                         "node '{}' (LSTM): the functions g ({}) and h ({}) differ; Recur's LSTM has one for both",
                         node_.name, own[1], count < 3 ? "" : own[2]);
    if (node_.op == "GRU") config["reset_after"] = node_.integer("linear_before_reset", 0) != 0;
    else if (two_biases_) config["separate_bias"] = true;
    return config;
  }

  // Blocks of the rows of direction d, as columns.
  [[nodiscard]] Array columns(const OnnxTensor& rows, Index d, Index inputs) const {
    const auto count = static_cast<Index>(order_.size()) * units_;
    std::vector<double> to(static_cast<std::size_t>(inputs * count));
    for (Index column = 0; column < count; ++column) {
      const Index row = order_[static_cast<std::size_t>(column / units_)] * units_ + column % units_;
      const Index from = (d * gates_of(node_) * units_ + row) * inputs;
      for (Index i = 0; i < inputs; ++i)
        to[static_cast<std::size_t>(i * count + column)] = rows.numbers[static_cast<std::size_t>(from + i)];
    }
    return make_array({inputs, count}, to);
  }

  // One half of the bias of direction d: of the input or of the states.
  [[nodiscard]] Array bias(Index d, Index half) const {
    const Index all = gates_of(node_) * units_;
    std::vector<double> to;
    for (const Index block : order_)
      for (Index u = 0; u < units_; ++u)
        to.push_back(weights_.b->numbers[static_cast<std::size_t>((d * 2 + half) * all + block * units_ + u)]);
    return make_array({static_cast<Index>(to.size())}, to);
  }

  static bool is_zero(const Array& array) {
    return std::ranges::all_of(array.to_doubles(), [](double x) { return x == 0; });
  }

  // Only where both halves hold numbers: their sum would be rounded.
  [[nodiscard]] bool needs_two_biases() const {
    if (weights_.b == nullptr || node_.op == "GRU") return false;
    for (Index d = 0; d < directions_; ++d)
      if (!is_zero(bias(d, 0)) && !is_zero(bias(d, 1))) return true;
    return false;
  }

  void add_tensors(Index d, std::vector<NamedTensor>& to) const {
    to.push_back({"kernel", columns(*weights_.w, d, inputs_)});
    to.push_back({"recurrent_kernel", columns(*weights_.r, d, units_)});
    if (weights_.b != nullptr) {
      const bool two = two_biases_ || (node_.op == "GRU" && node_.integer("linear_before_reset", 0) != 0);
      Array both = as_rows(bias(d, 0), bias(d, 1));
      to.push_back({"bias", two ? std::move(both) : summed_bias(both)});
    }
    if (weights_.p == nullptr) return;
    // ONNX's order of peepholes is i, o, f.
    for (const auto& [name, block] :
         {std::pair("input_gate_peephole_weights", 0), std::pair("forget_gate_peephole_weights", 2),
          std::pair("output_gate_peephole_weights", 1)}) {
      const auto first = static_cast<std::size_t>((d * 3 + block) * units_);
      to.push_back({name, make_array({units_},
                                     std::span(weights_.p->numbers).subspan(first, static_cast<std::size_t>(units_)))});
    }
  }

  const OnnxNode& node_;
  const OnnxWeights& weights_;
  Index directions_ = 1, units_ = 0, inputs_ = 0;
  bool coupled_ = false;
  bool two_biases_ = false;
  GateOrder order_;
  std::vector<std::string> functions_;
};

}  // namespace

void OnnxLayer::set_sequences(bool every_step) {
  if (!both_directions) {
    config["return_sequences"] = every_step;
    return;
  }
  for (const char* key : {"layer", "backward_layer"})
    if (config.contains(key)) config[key]["config"]["return_sequences"] = every_step;
}

OnnxLayer make_recurrent_layer(const OnnxNode& node, const OnnxWeights& weights, bool backwards) {
  return RecurrentMaker(node, weights).make(backwards);
}

std::optional<std::string> activation_of_node(const OnnxNode& node) {
  static const std::map<std::string, std::string> plain = {{"Softmax", "softmax"},
                                                           {"LogSoftmax", "log_softmax"},
                                                           {"Selu", "selu"},
                                                           {"Exp", "exponential"},
                                                           {"HardSwish", "hard_silu"}};
  if (const auto at = plain.find(node.op); at != plain.end()) return at->second;
  const auto given = [&](const char* key) { return node.has(key) ? Given(node.real(key, 0)) : Given(); };
  if (node.op == "Gelu") {
    require<FormatError>(node.text("approximate", "none") == "none",
                         "node '{}' (Gelu): Recur's gelu is that of the error function", node.name);
    return "gelu";
  }
  static const std::vector<std::string> functions = {
      "Tanh", "Sigmoid", "Relu", "Softsign", "Softplus", "Mish", "HardSigmoid", "Elu", "LeakyRelu", "Celu", "Swish"};
  if (std::ranges::find(functions, node.op) == functions.end()) return std::nullopt;
  auto known = known_activation(node.op, given("alpha"), given("beta"));
  if (!known) refuse_function(node, node.op, given("alpha"), given("beta"));
  return known;
}

Array array_of(const OnnxTensor& tensor, const Shape& shape) {
  require<FormatError>(static_cast<Index>(tensor.numbers.size()) == shape.count(),
                       "onnx: a constant of {} numbers where {} are expected", tensor.numbers.size(), shape);
  return make_array(shape, tensor.numbers);
}

}  // namespace recur::interop
