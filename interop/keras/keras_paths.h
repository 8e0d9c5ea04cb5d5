#pragma once

#include <recur/interop/keras/keras_config.h>
#include <recur/io/hdf5.h>

#include <string>

namespace recur::interop {

/// Finds the variables of each layer in a `model.weights.h5` of Keras 3, where paths are made of classes, and joins
/// them with the layers.
/// @throws FormatError, listing both, unless all variables are used and all parameters filled
[[nodiscard]] ModelDescription read_keras3_weights(const Hdf5File& file, KerasModel model, const std::string& format,
                                                   const std::string& where);

/// The groups of the variables of a layer, in order, below the layer's own: `cell/vars`, `forward_layer/cell/vars` …
[[nodiscard]] std::vector<std::string> variable_groups(const std::string& class_name, const std::string& config);

}  // namespace recur::interop
