#pragma once

#include <recur/interop/model.h>

#include <filesystem>

namespace recur::interop {

/// Writes an ONNX model of opset 17 with one input, `[batch, time, features]` or ids `[batch, time]`, and one output,
/// the first two axes of any size. Recurrent layers become the fused operators.
/// @param with_states the states of every recurrent layer are inputs and outputs too, `lstm.h` and `lstm.c`, `[1,
/// batch, units]`
/// Gains, skip and scales of the description become operators around them, so that the model takes and gives the user's
/// units.
/// @throws ValueError for a layer, cell, merge mode or function that these operators do not have, and for masks;
/// FormatError in a build without RECUR_ONNX
void write_onnx(const std::filesystem::path& file, Sequential& model, const ModelDescription& description,
                bool with_states = false);

}  // namespace recur::interop
