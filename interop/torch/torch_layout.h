#pragma once

#include <recur/interop/model.h>

#include <filesystem>
#include <string>
#include <vector>

namespace recur::interop {

struct LayerView;

/// The tensors of a recurrent layer under PyTorch's names: `prefix` + `weight_ih_l0`. A bias in one piece becomes
/// `bias_ih`, and `bias_hh` is zeros. @throws ValueError for another layer
[[nodiscard]] std::vector<NamedTensor> torch_tensors(const LayerView& layer, const std::string& prefix, Index number,
                                                     const std::string& suffix = "");

/// The model as a PyTorch state dict. Layers keep their names; recurrent ones are `name.weight_ih_l0`, Dense
/// `name.weight`.
/// @param notes what PyTorch's modules must be given that a state dict does not say
/// @throws ValueError for a layer that PyTorch has no module for
[[nodiscard]] std::vector<NamedTensor> to_state_dict(Sequential& model, std::vector<std::string>& notes);

}  // namespace recur::interop
