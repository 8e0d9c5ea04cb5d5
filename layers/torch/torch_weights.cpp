#include <recur/layers/torch/torch_rnn.h>

#include <algorithm>
#include <array>

namespace recur {
namespace {

// PyTorch's gate g is our gate gate_of[g]: LSTM i, f, g, o and i, f, c, o; GRU r, z, n and z, r, h.
constexpr std::array<Index, 4> same_order = {0, 1, 2, 3};
constexpr std::array<Index, 4> gru_order = {1, 0, 2, 3};

}  // namespace

/// A PyTorch weight, and where its numbers are.
struct TorchLayers::Weight {
  std::string name;
  Parameter* parameter;
  Shape shape;
  Index gates;          // the last axis of the parameter consists of as many blocks
  Index bias_row = -1;  // of the parameter, for a bias
  std::span<const Index> order;

  /// The place in the parameter of element i of the PyTorch weight.
  [[nodiscard]] std::size_t place(Index i) const {
    const Index cols = parameter->shape().cols();
    const Index inputs = bias_row >= 0 ? 1 : shape[1];
    const Index out = i / inputs;
    const Index block = cols / gates;
    const Index col = order[static_cast<std::size_t>(out / block)] * block + out % block;
    const Index row = bias_row >= 0 ? bias_row : i % inputs;
    return static_cast<std::size_t>(row * cols + col);
  }
  [[nodiscard]] Array exported(const Array& from) const {
    const std::vector<double> values = from.to_doubles();
    std::vector<double> result(static_cast<std::size_t>(shape.count()));
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = values[place(static_cast<Index>(i))];
    Array array(shape, from.dtype());
    array.assign(result);
    return array;
  }
  void import(const Array& from) const {
    std::vector<double> values = parameter->value().to_doubles();
    const std::vector<double> given = from.to_doubles();
    for (std::size_t i = 0; i < given.size(); ++i) values[place(static_cast<Index>(i))] = given[i];
    parameter->edit().assign(values);
  }
};

std::vector<TorchLayers::Weight> TorchLayers::weights() {
  const Index gates = kind_ == Kind::lstm ? 4 : (kind_ == Kind::gru ? 3 : 1);
  const std::span<const Index> order = kind_ == Kind::gru ? gru_order : same_order;
  std::vector<Weight> found;
  for (std::size_t i = 0; i < rnns_.size(); ++i) {
    const auto place = static_cast<Index>(i);
    const std::string suffix =
        "_l" + std::to_string(place / directions()) + (place % directions() == 1 ? "_reverse" : "");
    std::vector<Weight> later;
    for (const NamedParameter& p : parameters(rnns_[i])) {
      Parameter* const own = p.parameter;
      const Shape turned = own->shape().rank() == 2 ? Shape{own->shape()[1], own->shape()[0]} : own->shape();
      if (own->name() == "kernel") found.push_back({"weight_ih" + suffix, own, turned, gates, -1, order});
      else if (own->name() == "recurrent_kernel")
        found.push_back({"weight_hh" + suffix, own, turned, gates, -1, order});
      else if (own->name() == "projection_kernel")
        later.push_back({"weight_hr" + suffix, own, turned, 1, -1, same_order});
      else
        for (const Index row : {0, 1})
          found.push_back({(row == 0 ? "bias_ih" : "bias_hh") + suffix, own, {own->shape()[1]}, gates, row, order});
    }
    found.insert(found.end(), later.begin(), later.end());
  }
  return found;
}

std::vector<std::pair<std::string, Array>> TorchLayers::state_dict() {
  std::vector<std::pair<std::string, Array>> result;
  for (const Weight& w : weights()) result.emplace_back(w.name, w.exported(w.parameter->value()));
  return result;
}

std::vector<std::pair<std::string, Array>> TorchLayers::gradient_dict() {
  std::vector<std::pair<std::string, Array>> result;
  for (const Weight& w : weights()) result.emplace_back(w.name, w.exported(w.parameter->gradient));
  return result;
}

void TorchLayers::load_state_dict(const std::map<std::string, Array>& given) {
  const std::vector<Weight> own = weights();
  std::string missing;
  std::string unexpected;
  for (const Weight& w : own) {
    const auto at = given.find(w.name);
    if (at == given.end()) missing += " " + w.name;
    else
      require(at->second.shape() == w.shape, "load_state_dict: '{}' has shape {}, expected {}", w.name,
              at->second.shape(), w.shape);
  }
  for (const auto& entry : given)
    if (std::none_of(own.begin(), own.end(), [&](const Weight& w) { return w.name == entry.first; }))
      unexpected += " " + entry.first;
  require<ValueError>(missing.empty() && unexpected.empty(), "load_state_dict: missing:{}; unexpected:{}", missing,
                      unexpected);
  for (const Weight& w : own) w.import(given.at(w.name));
}

}  // namespace recur
