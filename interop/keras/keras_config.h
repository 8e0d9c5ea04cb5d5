#pragma once

#include <recur/interop/model.h>

#include <string>
#include <vector>

namespace recur::interop {

/// A layer of a Keras config, its weights and the path by which Keras 3 names them.
struct KerasLayer {
  std::string class_name;
  std::string name;
  std::string config;  ///< In Recur's words, JSON.
  bool has_weights = false;
  std::string path;  ///< `lstm_1`: class in snake case, counted.
};

/// The layers of a Keras model in their order.
struct KerasModel {
  std::vector<KerasLayer> layers;
  Index features = 0;  ///< Of the input, 0 if the config does not say.
  Index steps = 0;     ///< Of the input, 0 if the config does not say.
  bool keras3 = false;
  std::vector<std::string> notes;
};

/// Reads a model's config: a Sequential, or a functional graph that is a chain. Names and defaults that changed between
/// versions of Keras are read as those of `version`; without one, a "module" beside the class says Keras 3. @param
/// where begins messages
/// @throws FormatError for graphs that branch, Lambda layers, layers of other packages and classes Recur has no layer
/// for
[[nodiscard]] KerasModel read_keras_config(const std::string& json, const std::string& version,
                                           const std::string& where);

/// Reads the config of one layer, as Keras 2.0 wrote it.
[[nodiscard]] KerasLayer read_keras_layer(const std::string& json, const std::string& where);

/// Joins layers and weights, one list for each layer that has weights. CuDNN's and Keras 1's weights are brought into
/// today's layout, and a bias says whether a GRU has reset_after. @param version major, of the file with the weights
/// @throws FormatError, listing both, unless all weights are used and all parameters filled
[[nodiscard]] ModelDescription join_keras(KerasModel model, std::vector<std::vector<NamedTensor>> weights,
                                          std::string format, const std::string& where);

/// One layer with its weights in Keras's order, `features` inputs. @throws FormatError as `join_keras`
[[nodiscard]] ModelDescription import_layer(const std::string& json, std::vector<NamedTensor> tensors, Index features);

}  // namespace recur::interop
