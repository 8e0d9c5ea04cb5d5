#pragma once

#ifdef RECUR_ONNX

#include <recur/interop/internal/layer_view.h>
#include <recur/interop/internal/onnx_builder.h>

#include <span>
#include <string>

namespace recur::interop {

/// Returns true for an LSTM, GRU or SimpleRNN whose gates have functions that ONNX's recurrent operators know.
[[nodiscard]] bool has_onnx_operator(const LayerView& layer);

/// What a recurrent operator gives: with sequences `[time, directions, batch, units]`, of go_backwards in the order of
/// the steps; without `[directions, batch, units]`.
struct OnnxRecurrence {
  std::string output;
  bool sequences;
};

/// Adds the recurrent operator for one or two layers of one kind and size, which run in both directions.
/// @param input `[time, batch, features]`
/// @param begin states that the layer begins with, `[units]` each; empty for zeros
/// @param with_states the states of one layer are inputs `LAYER.h` and `LAYER.c` and outputs `LAYER.h_out` and
/// `LAYER.c_out` of the model, `[1, batch, units]`
[[nodiscard]] OnnxRecurrence add_onnx_operator(OnnxBuilder& to, std::span<const LayerView> directions,
                                               const std::string& input, std::span<const Array> begin,
                                               bool with_states);

}  // namespace recur::interop

#endif
