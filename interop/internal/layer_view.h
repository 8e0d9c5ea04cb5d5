#pragma once

#include <recur/interop/internal/json.h>
#include <recur/interop/model.h>

#include <string>
#include <vector>

namespace recur::interop {

/// A layer for writers of foreign formats: its class, its config, and its weights in order, without the layer's name in
/// their names.
struct LayerView {
  std::string name;
  std::string class_name;
  Json config;
  std::vector<NamedTensor> weights;
  std::size_t place = 0;  ///< Position among the layers of the model.

  /// Returns a weight by name. Throws ValueError if there is none.
  [[nodiscard]] const Array& weight(const std::string& wanted) const;
  [[nodiscard]] bool has(const std::string& wanted) const;
  [[nodiscard]] std::string text(const char* key, const char* otherwise) const;
  [[nodiscard]] bool flag(const char* key, bool otherwise) const;
};

/// Returns the layers of a built model; with `drop`, without layers that have an effect in training only. Throws
/// ValueError for a layer or cell of your own that has no config; with `own`, the view has an empty config instead.
[[nodiscard]] std::vector<LayerView> view_layers(Sequential& model, bool drop = true, bool own = false);

/// Checks that an audio plugin can run a recurrent layer: an LSTM, GRU or SimpleRNN that returns all steps, with the
/// activations that plugins have compiled in. Throws ValueError, beginning with `where`, for other activations, a GRU
/// without reset_after, and options that plugins do not have.
void check_plugin_layer(const LayerView& layer, const char* where);

}  // namespace recur::interop
