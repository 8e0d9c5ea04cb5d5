#pragma once

#include <recur/interop/internal/json.h>
#include <recur/interop/model.h>

#include <string>
#include <vector>

namespace recur::interop {

/// A layer as writers see it: its class and config, and its weights by their last names, in order.
struct LayerView {
  std::string name;
  std::string class_name;
  Json config;
  std::vector<NamedTensor> weights;
  std::size_t place = 0;  ///< Among the layers of the model.

  /// @throws ValueError for a weight that is not there
  [[nodiscard]] const Array& weight(const std::string& name) const;
  [[nodiscard]] bool has(const std::string& name) const;
  [[nodiscard]] std::string text(const char* key, const char* otherwise) const;
  [[nodiscard]] bool flag(const char* key, bool otherwise) const;
};

/// Lists the layers of a built model. @param drop leaves out layers that do nothing outside training
[[nodiscard]] std::vector<LayerView> view_layers(Sequential& model, bool drop = true);

/// A recurrent layer of audio plugins: LSTM, GRU or SimpleRNN with the functions that plugins have compiled in, at
/// every step.
/// @throws ValueError, beginning with `where`, for another function, a GRU without reset_after, or another option
void check_plugin_layer(const LayerView& layer, const char* where);

}  // namespace recur::interop
