#pragma once

#include <recur/layers/inference/inference.h>

#include <filesystem>

namespace recur {

/// Makes an Inference of a model file that `recur train` wrote, which holds the config of the model and the features of
/// a step. Throws FormatError for another file, ValueError for a model with cells or layers that are not registered
/// (layers/config/config.h) or that cannot be traced.
[[nodiscard]] Inference load_inference(const std::filesystem::path& file, const InferenceOptions& options = {});

}  // namespace recur
