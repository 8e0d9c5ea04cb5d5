#pragma once

#ifdef RECUR_ONNX

#include <recur/interop/internal/layer_view.h>
#include <recur/interop/internal/onnx_builder.h>

#include <string>

namespace recur::interop {

/// Adds a factor and a shift for a BatchNormalization, as it is outside of training, and returns the value they give.
[[nodiscard]] std::string add_batch_normalization(OnnxBuilder& to, const LayerView& layer, const std::string& x);
/// Adds a Conv1D without its activation and returns the value that it gives. x: `[batch, time, channels]`
[[nodiscard]] std::string add_convolution(OnnxBuilder& to, const LayerView& layer, const std::string& x);

}  // namespace recur::interop

#endif
