#pragma once

#include <recur/interop/torch/torch_file.h>

#include <optional>
#include <string>

namespace recur::interop {

/// What a state dict does not say.
struct TorchHints {
  /// What `print(model)` prints; empty: guessed where names and shapes allow one reading only.
  std::string module;
  /// Whether the layer after the last recurrent one sees its last step only; not said: every step.
  std::optional<bool> last_step{};
  /// A function that the model applies to its output, which is no module: `log_softmax`.
  std::string then{};
};

/// Makes a model of a state dict: recurrent layers one after another, in one or two directions, with an Embedding,
/// Linear, Conv1d, BatchNorm1d or pooling before and Linear, LayerNorm or BatchNorm1d after. A recurrent module alone
/// becomes `torch.nn.LSTM` and so on, others Keras's layers with PyTorch's two biases.
/// @throws FormatError for weights of other modules, for a choice that is not unique, and unless every tensor is used
[[nodiscard]] ModelDescription describe_torch(const StateDict& dict, const TorchHints& hints = {});

}  // namespace recur::interop
