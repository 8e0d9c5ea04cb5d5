#pragma once

#include "support.h"

#include <recur/layers/any_layer.h>
#include <recur/layers/torch/torch_rnn.h>

namespace recur::golden {

/// The model of a case, built from its config, with the weights of the case; hides whether weights have this library's
/// names and layout or PyTorch's.
class Model {
 public:
  /// @param weights each one's last name is that of a parameter; what comes before it tells like-named ones apart
  /// @throws ValueError, FormatError for a config or weights that do not fit
  Model(const Json& config, Index input_size, DType dtype, std::vector<NamedValues> weights);

  [[nodiscard]] LayerValue call(const LayerValue& input) { return layer_->call(input); }
  [[nodiscard]] AnyLayer& layer() { return layer_; }
  [[nodiscard]] std::vector<NamedParameter> parameters();
  void zero_gradients();
  /// Values, or gradients, under the names and in the layout of the case.
  [[nodiscard]] std::vector<NamedValues> weights(bool gradients);

 private:
  void match();
  [[nodiscard]] TorchLayers* torch();

  AnyLayer layer_;
  std::vector<NamedValues> given_;
  std::vector<Parameter*> matched_;  // to given_
};

}  // namespace recur::golden
