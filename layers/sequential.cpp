#include <recur/layers/sequential.h>

#include <recur/framework/expr/fuse.h>

#include <algorithm>
#include <cctype>
#include <map>

namespace recur {

std::string snake_case(std::string_view class_name) {
  const auto upper = [&](std::size_t i) { return std::isupper(static_cast<unsigned char>(class_name[i])) != 0; };
  const auto digit = [&](std::size_t i) { return std::isdigit(static_cast<unsigned char>(class_name[i])) != 0; };
  std::string name;
  for (std::size_t i = 0; i < class_name.size(); ++i) {
    const bool starts_word =
        upper(i) && i > 0 && ((!upper(i - 1) && !digit(i - 1)) || (i + 1 < class_name.size() && !upper(i + 1)));
    if (starts_word) name += '_';
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(class_name[i])));
  }
  return name;
}

Sequential::Sequential(std::vector<AnyLayer> layers) : config_{std::move(layers)} {
  require<ValueError>(!config_.layers.empty(), "Sequential: the list of layers is empty");
  std::map<std::string, int> used;
  for (std::size_t i = 0; i < config_.layers.size(); ++i) {
    const AnyLayer& layer = config_.layers[i];
    require<ValueError>(!layer.empty(), "Sequential: element {} is empty (moved from?)", i);
    std::string name = layer.common.name;
    if (name.empty()) {
      name = snake_case(layer->class_name());
      if (const int count = used[name]++; count > 0) name += '_' + std::to_string(count);
    }
    require<ValueError>(std::find(names_.begin(), names_.end(), name) == names_.end(),
                        "Sequential: two layers are named '{}'", name);
    names_.push_back(std::move(name));
  }
}

void Sequential::build(Index features, std::uint64_t seed, DType dtype) {
  require<ValueError>(features > 0, "Sequential::build: {} features, at least 1 is needed", features);
  Builder builder(features, dtype, Generator(seed));
  build(builder);
}

void Sequential::build(Builder& builder) {
  input_size_ = builder.input_size;
  Index size = builder.input_size;
  for (AnyLayer& layer : config_.layers) {
    Builder part = builder.part(size);
    layer.build(part);
    size = layer->output_size(size);
  }
  output_size_ = size;
}

void Sequential::visit(ParameterVisitor& visitor) {
  for (std::size_t i = 0; i < names_.size(); ++i) visitor.in(names_[i], config_.layers[i]);
}

LayerValue Sequential::call(const LayerValue& input) {
  require<StateError>(!config_.layers.empty(), "Sequential: it has no layers (was it moved from?)");
  require<ValueError>((input.initial_state.empty() && input.constants.empty()) || takes_states(),
                      "Sequential: initial states or constants given, but there is no recurrent layer to take them");
  LayerValue value = input;
  std::span<const Var> masks = input.dropout_masks;
  bool states_taken = false;
  for (const AnyLayer& layer : config_.layers) {
    const bool takes = !states_taken && layer->takes_states();
    value.initial_state = takes ? input.initial_state : std::span<const Var>();
    value.constants = takes ? input.constants : std::span<const Var>();
    states_taken = states_taken || takes;
    if (!masks.empty()) {
      const auto own = static_cast<std::size_t>(layer->mask_count());
      require<ValueError>(own <= masks.size(), "Sequential: too few dropout masks given");
      value.dropout_masks = masks.first(own);
      masks = masks.subspan(own);
    }
    LayerValue next = layer->call(value);
    add_penalty(next.penalty, value.penalty);
    if (next.states.empty()) next.states = value.states;
    value = next;
    require<ValueError>(!value.backward.defined() || &layer == &config_.layers.back(),
                        "Sequential: a layer with two outputs can only be the last one");
  }
  require<ValueError>(masks.empty(), "Sequential: {} dropout masks more than the layers use", masks.size());
  return value;
}

Var Sequential::operator()(Var x) {
  LayerValue input;
  input.value = x;
  return call(input).value;
}

Var Sequential::operator()(Tape& tape, std::span<const std::int32_t> ids, Shape shape, std::span<const Index> lengths) {
  LayerValue input;
  input.tape = &tape;
  input.ids = ids;
  input.ids_shape = shape;
  input.lengths = lengths;
  return call(input).value;
}

Shape Sequential::output_shape(Shape input) const {
  for (const AnyLayer& layer : config_.layers) input = layer->output_shape(input);
  return input;
}

Index Sequential::mask_count() const {
  Index count = 0;
  for (const AnyLayer& layer : config_.layers) count += layer->mask_count();
  return count;
}

bool Sequential::takes_states() const {
  return std::any_of(config_.layers.begin(), config_.layers.end(),
                     [](const AnyLayer& layer) { return layer->takes_states(); });
}

std::vector<AnyLayer*> Sequential::parts() {
  std::vector<AnyLayer*> parts;
  for (AnyLayer& layer : config_.layers) parts.push_back(&layer);
  return parts;
}

std::vector<RNN*> recurrent_layers(Sequential& model) {
  std::vector<RNN*> found;
  for (AnyLayer* part : model.parts()) {
    const std::vector<RNN*> own = recurrent_layers(*part);
    found.insert(found.end(), own.begin(), own.end());
  }
  return found;
}

void Sequential::reset_states() {
  for (const AnyLayer& layer : config_.layers) layer->reset_states();
}

}  // namespace recur
