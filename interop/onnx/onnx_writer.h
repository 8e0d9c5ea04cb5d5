#pragma once

#include <recur/interop/model.h>

#include <filesystem>

namespace recur::interop {

/// Writes an ONNX model of opset 17 with one input `x`, `[batch, time, features]` or ids `[batch, time]`, and one
/// output `y`, the first two axes of any size. LSTM, GRU and SimpleRNN become the fused operators. A recurrent layer
/// under a mask (Masking, mask_zero), with another cell, also your own, or with functions that the operators do not
/// have becomes a Scan of its traced cell (layers/inference/trace.h). Other layers that act on each step by itself are
/// traced, too. Gains, skip and scales of the description become operators around the layers, so that the model takes
/// and gives the user's units; the states of its stateful layers are those that the model begins with.
/// @param with_states the states of every recurrent layer that runs forward or backward are inputs and outputs too:
/// `lstm.h`, `lstm.c` and `lstm.h_out`, `lstm.c_out`, `[1, batch, units]`; of a Scan `rnn.state0`… and
/// `rnn.state0_out`…, `[batch, size]`
/// @throws ValueError for a layer that is neither written nor traced, with its name and the reason; for directions that
/// are not merged, time-major layers, and a Conv1D or layer of your own under a mask; StateError for a cell that cannot
/// be copied; FormatError in a build without RECUR_ONNX
void write_onnx(const std::filesystem::path& file, Sequential& model, const ModelDescription& description,
                bool with_states = false);

}  // namespace recur::interop
