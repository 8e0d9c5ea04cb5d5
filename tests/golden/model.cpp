#include "model.h"

#include <recur/layers/config/config.h>
#include <recur/layers/sequential.h>

#include <algorithm>
#include <numeric>
#include <sstream>

namespace recur::golden {
namespace {

std::vector<std::string> parts_of(std::string name) {
  std::replace(name.begin(), name.end(), '/', '.');
  std::vector<std::string> parts;
  std::istringstream stream(name);
  for (std::string part; std::getline(stream, part, '.');) parts.push_back(part);
  return parts;
}

// How many of the parts of `name` occur in `path`, in this order.
std::size_t likeness(const std::vector<std::string>& name, const std::vector<std::string>& path) {
  std::size_t count = 0;
  auto at = path.begin();
  for (const std::string& part : name) {
    const auto found = std::find(at, path.end(), part);
    if (found == path.end()) continue;
    at = found + 1;
    ++count;
  }
  return count;
}

NamedValues named(const std::string& name, const Array& array) { return {name, array.shape(), array.to_doubles()}; }

}  // namespace

Model::Model(const Json& config, Index input_size, DType dtype, std::vector<NamedValues> weights)
    : layer_(layer_from_config(config.dump())), given_(std::move(weights)) {
  Builder builder(input_size, dtype, Generator(1));
  layer_.build(builder);
  if (TorchLayers* const layers = torch()) {
    std::map<std::string, Array> state;
    for (const NamedValues& w : given_) state.emplace(w.name, w.array(dtype));
    layers->load_state_dict(state);
  } else {
    match();
  }
}

TorchLayers* Model::torch() {
  if (layer_->type() == detail::TypeId::of<TorchLSTM>()) return &layer_.as<TorchLSTM>();
  if (layer_->type() == detail::TypeId::of<TorchGRU>()) return &layer_.as<TorchGRU>();
  if (layer_->type() == detail::TypeId::of<TorchRNN>()) return &layer_.as<TorchRNN>();
  return nullptr;
}

std::vector<NamedParameter> Model::parameters() { return recur::parameters(layer_); }

void Model::match() {
  std::vector<NamedParameter> left = parameters();
  std::vector<std::size_t> order(given_.size());
  std::iota(order.begin(), order.end(), 0U);
  // Long names first: they say most.
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return parts_of(given_[a].name).size() > parts_of(given_[b].name).size();
  });
  matched_.resize(given_.size());
  for (const std::size_t i : order) {
    const NamedValues& w = given_[i];
    const auto name = parts_of(w.name);
    auto best = left.end();
    std::size_t best_likeness = 0;
    for (auto p = left.begin(); p != left.end(); ++p) {
      if (p->parameter->name() != name.back() || p->parameter->shape() != w.shape) continue;
      const std::size_t like = likeness(name, parts_of(p->path));
      if (best == left.end() || like > best_likeness) {
        best = p;
        best_likeness = like;
      }
    }
    require<FormatError>(best != left.end(), "weights: the model has no parameter left for '{}' {}", w.name, w.shape);
    best->parameter->edit().assign(w.values);
    matched_[i] = best->parameter;
    left.erase(best);
  }
  require<FormatError>(left.empty(), "weights: there are none for the model's '{}'",
                       left.empty() ? "" : left.front().path);
}

void Model::zero_gradients() {
  for (const NamedParameter& p : parameters()) p.parameter->zero_gradient();
}

std::vector<NamedValues> Model::weights(bool gradients) {
  std::vector<NamedValues> result;
  if (TorchLayers* const layers = torch()) {
    for (const auto& [name, array] : gradients ? layers->gradient_dict() : layers->state_dict())
      result.push_back(named(name, array));
    return result;
  }
  for (std::size_t i = 0; i < given_.size(); ++i)
    result.push_back(named(given_[i].name, gradients ? matched_[i]->gradient : matched_[i]->value()));
  return result;
}

}  // namespace recur::golden
