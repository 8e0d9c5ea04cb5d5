#pragma once

#include <recur/framework/tensor/array.h>
#include <recur/interop/signal_path.h>
#include <recur/layers/sequential.h>

#include <map>
#include <span>
#include <string>
#include <vector>

namespace recur::interop {

/// An array of a file and its name there.
struct NamedTensor {
  std::string name;
  Array value;
};

/// What a file of another program says, in Recur's words: every reader makes one, and `build` a model of it.
struct ModelDescription {
  std::string format;  ///< What the file is, for the reader of a message.
  std::string config;  ///< Of a Sequential, as `layer_from_config` reads it.
  Index features = 0;  ///< Size of the last axis of the input; 1 for ids.
  /// By the paths of the model's parameters; float32 unless the file had float64.
  std::map<std::string, Array> weights;
  /// Of stateful layers, in order: what a file says to start from; empty for zeros.
  std::vector<std::vector<Array>> states;
  SignalPath path;
  double sample_rate = 0;  ///< 0: not said.
  /// What was dropped or assumed, a sentence each.
  std::vector<std::string> notes;
};

/// Makes the layers of a config without weights. Before memory is taken, sizes are held against the file: a model has
/// at most as many parameters as `numbers`. @throws FormatError for more; ValueError as `layer_from_config`.
[[nodiscard]] Sequential make_layers(const std::string& config, Index features, Index numbers);

/// Makes the model with all its weights. @throws FormatError, listing what is missing, what is left over and what has
/// another shape, unless parameters and weights are the same.
[[nodiscard]] Sequential build(const ModelDescription& description);

/// Puts the stateful layers at the states of the description, one row a sequence. No effect without states.
void start(Sequential& model, const ModelDescription& description, Index batch);

/// Computes the output for `[batch, time, features]`, signal path included (its units are the user's), from the states
/// of the description.
[[nodiscard]] Tensor<float> run(Sequential& model, const ModelDescription& description, const Tensor<float>& input);

/// Assigns arrays to the parameters of a layer by order, as Keras does. @throws FormatError listing both unless number
/// and shapes agree.
void fill_in_order(const std::string& layer, std::span<const NamedParameter> parameters,
                   std::span<const NamedTensor> tensors, std::map<std::string, Array>& weights);

}  // namespace recur::interop
