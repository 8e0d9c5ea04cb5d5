#pragma once

#include <recur/interop/internal/json.h>
#include <recur/interop/torch/tensor_groups.h>

#include <string>
#include <vector>

namespace recur::interop {

struct LayerView;

/// A layer that stands for a module of PyTorch.
struct TorchLayer {
  std::string class_name;
  Json config;
  std::vector<NamedTensor> weights{};
  Index inputs = 0;   ///< Features; 0: any number, which the layer keeps.
  Index outputs = 0;  ///< Features.
};

/// Returns true for Conv1d, BatchNorm1d and pooling over time.
[[nodiscard]] bool is_front_end(const TorchModule& module);

/// Makes the layer of a module over `[batch, channels, time]`. The layer takes `[batch, time, channels]`.
/// @param g the tensors of the module; null if it has none
/// @param notes what was assumed is added
/// @throws FormatError for groups, padding that is neither none nor "same", and pooling that pads or rounds up
[[nodiscard]] TorchLayer make_front_end(const TorchModule& module, const TensorGroup* g,
                                        std::vector<std::string>& notes);

/// The tensors of a Conv1D or BatchNormalization under PyTorch's names. @param notes the arguments of the module that a
/// state dict does not have are added
/// @throws ValueError for another layer
[[nodiscard]] std::vector<NamedTensor> front_end_tensors(const LayerView& layer, const std::string& prefix,
                                                         std::vector<std::string>& notes);

}  // namespace recur::interop
