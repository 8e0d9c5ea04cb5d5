#include <recur/layers/any_layer.h>

namespace recur {
namespace {

template <class Enter>
void walk(AnyLayer& layer, Enter enter, std::vector<AnyLayer*>& found) {
  found.push_back(&layer);
  if (!enter(layer)) return;
  for (AnyLayer* part : layer->parts()) walk(*part, enter, found);
}

}  // namespace

std::vector<AnyLayer*> all_layers(AnyLayer& model) {
  std::vector<AnyLayer*> found;
  walk(
      model, [](AnyLayer&) { return true; }, found);
  return found;
}

std::vector<AnyLayer*> sequence_layers(AnyLayer& model) {
  std::vector<AnyLayer*> found;
  walk(
      model, [](AnyLayer& layer) { return !layer->distributes_time(); }, found);
  return found;
}

std::vector<RNN*> recurrent_layers(AnyLayer& model) {
  std::vector<RNN*> found;
  for (AnyLayer* layer : sequence_layers(model))
    if (RNN* const rnn = (*layer)->rnn()) found.push_back(rnn);
  return found;
}

}  // namespace recur
