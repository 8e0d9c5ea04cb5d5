#pragma once

#include <recur/interop/model.h>

#include <filesystem>

namespace recur::interop {

/// Writes an HDF5 whole-model file as tf.keras 2.10 does. LSTMs with two biases get their sum. @throws ValueError, by
/// its name, for a layer, cell or function that Keras 2 does not have, and for a signal path
void write_keras_h5(const std::filesystem::path& file, Sequential& model, const ModelDescription& description);

/// Writes a `.keras` archive as Keras 3 does, without dates. @throws ValueError as `write_keras_h5`
void write_keras_archive(const std::filesystem::path& file, Sequential& model, const ModelDescription& description);

/// Writes a TensorFlow.js layers model: `file` and, beside it, `weights.bin`. @throws ValueError as `write_keras_h5`,
/// and for a GRU with reset_after, which TensorFlow.js does not run
void write_tfjs(const std::filesystem::path& file, Sequential& model, const ModelDescription& description);

}  // namespace recur::interop
