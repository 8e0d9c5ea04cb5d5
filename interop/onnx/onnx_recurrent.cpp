#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace recur::interop {
namespace {

using Function = std::function<double(double)>;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// A node LSTM, GRU or RNN with its sizes checked.
class Recurrent {
 public:
  Recurrent(const OnnxNode& node, OnnxOperands operands) : node_(node), operands_(operands) {
    kind_ = node.op == "LSTM" ? 4 : (node.op == "GRU" ? 3 : 1);
    const std::string direction = node.text("direction", "forward");
    require<FormatError>(direction == "forward" || direction == "reverse" || direction == "bidirectional",
                         "node '{}': direction '{}'", node.name, direction);
    reverse_first_ = direction == "reverse";
    directions_ = direction == "bidirectional" ? 2 : 1;
    require<FormatError>(node.real("clip", 0) == 0, "node '{}' ({}): a clip of gate sums is not computed", node.name,
                         node.op);
    batch_first_ = node.integer("layout", 0) == 1;
    read_sizes();
    read_functions();
  }

  std::vector<OnnxTensor> run() {
    std::vector<double> y(
        static_cast<std::size_t>(checked_count(std::vector<std::int64_t>{time_, directions_, batch_, units_})), 0.0);
    OnnxTensor h = make_tensor(OnnxTensor::Kind::real, {directions_, batch_, units_});
    OnnxTensor c = h;
    for (std::int64_t d = 0; d < directions_; ++d)
      for (std::int64_t b = 0; b < batch_; ++b) run_sequence(d, b, y, h, c);
    OnnxTensor sequence = make_tensor(OnnxTensor::Kind::real, {time_, directions_, batch_, units_});
    sequence.numbers = std::move(y);
    std::vector<OnnxTensor> results;
    results.push_back(batch_first_ ? turned(sequence) : std::move(sequence));
    results.push_back(batch_first_ ? states_turned(h) : std::move(h));
    if (kind_ == 4) results.push_back(batch_first_ ? states_turned(c) : std::move(c));
    return results;
  }

 private:
  void check(const OnnxTensor* tensor, std::vector<std::int64_t> sizes, const char* which) const {
    require<FormatError>(tensor == nullptr || tensor->sizes == sizes,
                         "node '{}' ({}): {} has other sizes than its neighbours ask for", node_.name, node_.op, which);
  }

  void read_sizes() {
    const OnnxTensor& x = operand(node_, operands_, 0);
    const OnnxTensor& r = operand(node_, operands_, 2);
    w_ = &operand(node_, operands_, 1);
    r_ = &r;
    require<FormatError>(x.rank() == 3 && r.rank() == 3, "node '{}' ({}): X and R must have three axes", node_.name,
                         node_.op);
    x_ = &x;
    time_ = x.sizes[batch_first_ ? 1 : 0];
    batch_ = x.sizes[batch_first_ ? 0 : 1];
    inputs_ = x.sizes[2];
    units_ = r.sizes[2];
    require<FormatError>(units_ > 0 && inputs_ > 0 && node_.integer("hidden_size", units_) == units_,
                         "node '{}' ({}): hidden_size {} with weights of {}", node_.name, node_.op,
                         node_.integer("hidden_size", units_), units_);
    const std::int64_t gates = kind_ * units_;
    check(&r, {directions_, gates, units_}, "R");
    check(w_, {directions_, gates, inputs_}, "W");
    b_ = optional_operand(operands_, 3);
    check(b_, {directions_, 2 * gates}, "B");
    lengths_ = optional_operand(operands_, 4);
    check(lengths_, {batch_}, "sequence_lens");
    h0_ = optional_operand(operands_, 5);
    c0_ = kind_ == 4 ? optional_operand(operands_, 6) : nullptr;
    const std::vector<std::int64_t> states = batch_first_ ? std::vector<std::int64_t>{batch_, directions_, units_}
                                                          : std::vector<std::int64_t>{directions_, batch_, units_};
    check(h0_, states, "initial_h");
    check(c0_, states, "initial_c");
    p_ = kind_ == 4 ? optional_operand(operands_, 7) : nullptr;
    check(p_, {directions_, 3 * units_}, "P");
  }

  void read_functions() {
    std::vector<std::string> names;
    if (const auto at = node_.attributes.find("activations"); at != node_.attributes.end()) names = at->second.texts;
    const std::vector<std::string> usual = kind_ == 4   ? std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"}
                                           : kind_ == 3 ? std::vector<std::string>{"Sigmoid", "Tanh"}
                                                        : std::vector<std::string>{"Tanh"};
    if (names.empty())
      for (std::int64_t d = 0; d < directions_; ++d) names.insert(names.end(), usual.begin(), usual.end());
    require<FormatError>(names.size() == usual.size() * static_cast<std::size_t>(directions_),
                         "node '{}' ({}): {} activations", node_.name, node_.op, names.size());
    std::size_t alpha = 0;
    std::size_t beta = 0;
    const auto next = [&](const char* key, std::size_t& place, bool takes) -> std::optional<double> {
      const auto at = node_.attributes.find(key);
      if (!takes || at == node_.attributes.end() || place >= at->second.reals.size()) return std::nullopt;
      return at->second.reals[place++];
    };
    for (const std::string& name : names) {
      const auto [has_alpha, has_beta] = takes_alpha_beta(name);
      const auto first = next("activation_alpha", alpha, has_alpha);
      functions_.push_back(onnx_function(name, first, next("activation_beta", beta, has_beta)));
    }
  }

  [[nodiscard]] std::size_t state_place(std::int64_t d, std::int64_t b) const {
    return static_cast<std::size_t>((batch_first_ ? b * directions_ + d : d * batch_ + b) * units_);
  }

  void run_sequence(std::int64_t d, std::int64_t b, std::vector<double>& y, OnnxTensor& last_h, OnnxTensor& last_c) {
    const auto units = static_cast<std::size_t>(units_);
    std::vector<double> h(units, 0.0);
    std::vector<double> c(units, 0.0);
    for (std::size_t u = 0; u < units; ++u) {
      if (h0_ != nullptr) h[u] = h0_->numbers[state_place(d, b) + u];
      if (c0_ != nullptr) c[u] = c0_->numbers[state_place(d, b) + u];
    }
    const std::int64_t length =
        lengths_ == nullptr ? time_ : static_cast<std::int64_t>(lengths_->numbers[static_cast<std::size_t>(b)]);
    require<FormatError>(length >= 0 && length <= time_, "node '{}' ({}): a sequence of length {} of {}", node_.name,
                         node_.op, length, time_);
    const bool reverse = reverse_first_ || d == 1;
    for (std::int64_t step = 0; step < length; ++step) {
      const std::int64_t t = reverse ? length - 1 - step : step;
      this->step(d, b, t, h, c);
      std::copy(h.begin(), h.end(), y.begin() + ((t * directions_ + d) * batch_ + b) * units_);
    }
    std::copy(h.begin(), h.end(), last_h.numbers.begin() + (d * batch_ + b) * units_);
    std::copy(c.begin(), c.end(), last_c.numbers.begin() + (d * batch_ + b) * units_);
  }

  // Sum of a row of W·x, R·h and biases; `parts` chooses which.
  [[nodiscard]] double input_sum(std::int64_t d, std::int64_t b, std::int64_t t, std::int64_t row) const {
    const double* const x =
        &x_->numbers[static_cast<std::size_t>((batch_first_ ? b * time_ + t : t * batch_ + b) * inputs_)];
    const double* const w = &w_->numbers[static_cast<std::size_t>((d * kind_ * units_ + row) * inputs_)];
    double sum = b_ == nullptr ? 0 : b_->numbers[static_cast<std::size_t>(d * 2 * kind_ * units_ + row)];
    for (std::int64_t i = 0; i < inputs_; ++i) sum += w[i] * x[i];
    return sum;
  }
  [[nodiscard]] double recurrent_sum(std::int64_t d, std::int64_t row, const std::vector<double>& h) const {
    const double* const r = &r_->numbers[static_cast<std::size_t>((d * kind_ * units_ + row) * units_)];
    double sum = b_ == nullptr ? 0 : b_->numbers[static_cast<std::size_t>((d * 2 + 1) * kind_ * units_ + row)];
    for (std::size_t i = 0; i < h.size(); ++i) sum += r[i] * h[i];
    return sum;
  }
  [[nodiscard]] double peephole(std::int64_t d, std::int64_t which, std::int64_t u, double c) const {
    return p_ == nullptr ? 0 : p_->numbers[static_cast<std::size_t>(d * 3 * units_ + which * units_ + u)] * c;
  }

  void step(std::int64_t d, std::int64_t b, std::int64_t t, std::vector<double>& h, std::vector<double>& c) {
    const std::vector<double> before = h;
    const Function* const f =
        &functions_[static_cast<std::size_t>(d) * functions_.size() / static_cast<std::size_t>(directions_)];
    const auto z = [&](std::int64_t gate, std::int64_t u) {
      return input_sum(d, b, t, gate * units_ + u) + recurrent_sum(d, gate * units_ + u, before);
    };
    if (kind_ == 3) return gru_step(d, b, t, f, before, h);
    for (std::int64_t u = 0; u < units_; ++u) {
      const auto at = static_cast<std::size_t>(u);
      if (kind_ == 1) {
        h[at] = f[0](z(0, u));
        continue;
      }
      const double i = f[0](z(0, u) + peephole(d, 0, u, c[at]));
      const double forget = node_.integer("input_forget", 0) != 0 ? 1 - i : f[0](z(2, u) + peephole(d, 2, u, c[at]));
      c[at] = forget * c[at] + i * f[1](z(3, u));
      h[at] = f[0](z(1, u) + peephole(d, 1, u, c[at])) * f[2](c[at]);
    }
  }

  void gru_step(std::int64_t d, std::int64_t b, std::int64_t t, const Function* f, const std::vector<double>& before,
                std::vector<double>& h) {
    const bool after = node_.integer("linear_before_reset", 0) != 0;
    const auto units = static_cast<std::size_t>(units_);
    std::vector<double> update(units);
    std::vector<double> reset(units);
    std::vector<double> kept(units);
    for (std::int64_t u = 0; u < units_; ++u) {
      const auto at = static_cast<std::size_t>(u);
      update[at] = f[0](input_sum(d, b, t, u) + recurrent_sum(d, u, before));
      reset[at] = f[0](input_sum(d, b, t, units_ + u) + recurrent_sum(d, units_ + u, before));
      kept[at] = reset[at] * before[at];
    }
    for (std::int64_t u = 0; u < units_; ++u) {
      const auto at = static_cast<std::size_t>(u);
      const std::int64_t row = 2 * units_ + u;
      const double recurrent = after ? reset[at] * recurrent_sum(d, row, before) : recurrent_sum(d, row, kept);
      h[at] = (1 - update[at]) * f[1](input_sum(d, b, t, row) + recurrent) + update[at] * before[at];
    }
  }

  // [time, directions, batch, units] → [batch, time, directions, units].
  [[nodiscard]] OnnxTensor turned(const OnnxTensor& y) const {
    OnnxTensor result = make_tensor(y.kind, {batch_, time_, directions_, units_});
    for (std::int64_t t = 0; t < time_; ++t)
      for (std::int64_t d = 0; d < directions_; ++d)
        for (std::int64_t b = 0; b < batch_; ++b)
          std::copy_n(y.numbers.begin() + ((t * directions_ + d) * batch_ + b) * units_, units_,
                      result.numbers.begin() + ((b * time_ + t) * directions_ + d) * units_);
    return result;
  }
  [[nodiscard]] OnnxTensor states_turned(const OnnxTensor& state) const {
    OnnxTensor result = make_tensor(state.kind, {batch_, directions_, units_});
    for (std::int64_t d = 0; d < directions_; ++d)
      for (std::int64_t b = 0; b < batch_; ++b)
        std::copy_n(state.numbers.begin() + (d * batch_ + b) * units_, units_,
                    result.numbers.begin() + (b * directions_ + d) * units_);
    return result;
  }

  const OnnxNode& node_;
  OnnxOperands operands_;
  std::int64_t kind_ = 4;
  std::int64_t directions_ = 1;
  bool reverse_first_ = false;
  bool batch_first_ = false;
  std::int64_t time_ = 0, batch_ = 0, inputs_ = 0, units_ = 0;
  const OnnxTensor* x_ = nullptr;
  const OnnxTensor* w_ = nullptr;
  const OnnxTensor* r_ = nullptr;
  const OnnxTensor* b_ = nullptr;
  const OnnxTensor* lengths_ = nullptr;
  const OnnxTensor* h0_ = nullptr;
  const OnnxTensor* c0_ = nullptr;
  const OnnxTensor* p_ = nullptr;
  std::vector<Function> functions_;
};

}  // namespace

std::pair<bool, bool> takes_alpha_beta(const std::string& name) {
  const std::string own = lower(name);
  const bool beta = own == "affine" || own == "scaledtanh" || own == "hardsigmoid";
  return {beta || own == "leakyrelu" || own == "thresholdedrelu" || own == "elu", beta};
}

std::function<double(double)> onnx_function(const std::string& name, std::optional<double> alpha,
                                            std::optional<double> beta) {
  const std::string own = lower(name);
  if (own == "tanh") return [](double x) { return std::tanh(x); };
  if (own == "sigmoid") return [](double x) { return 1 / (1 + std::exp(-x)); };
  if (own == "relu") return [](double x) { return std::max(x, 0.0); };
  if (own == "softsign") return [](double x) { return x / (1 + std::abs(x)); };
  if (own == "softplus") return [](double x) { return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0); };
  if (own == "affine") return [a = alpha.value_or(1), b = beta.value_or(0)](double x) { return a * x + b; };
  if (own == "leakyrelu") return [a = alpha.value_or(0.01)](double x) { return x < 0 ? a * x : x; };
  if (own == "thresholdedrelu") return [a = alpha.value_or(1)](double x) { return x > a ? x : 0; };
  if (own == "scaledtanh")
    return [a = alpha.value_or(1), b = beta.value_or(1)](double x) { return a * std::tanh(b * x); };
  if (own == "hardsigmoid")
    return [a = alpha.value_or(0.2), b = beta.value_or(0.5)](double x) { return std::clamp(a * x + b, 0.0, 1.0); };
  if (own == "elu") return [a = alpha.value_or(1)](double x) { return x < 0 ? a * std::expm1(x) : x; };
  fail<FormatError>("onnx: the function '{}' is not known", name);
}

std::optional<std::vector<OnnxTensor>> compute_recurrent(const OnnxNode& node, OnnxOperands operands) {
  if (node.op != "LSTM" && node.op != "GRU" && node.op != "RNN") return std::nullopt;
  return Recurrent(node, operands).run();
}

}  // namespace recur::interop
