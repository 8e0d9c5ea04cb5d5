#pragma once

#include <recur/interop/model.h>

#include <filesystem>
#include <string>

namespace recur::interop {

/// Reads the JSON of CoreAudioML, NeuralPi and Proteus: PyTorch's state dict of a recurrent layer and a Linear, and a
/// skip from input to output. @throws FormatError for another unit type, and where sizes and weights do not go together
[[nodiscard]] ModelDescription read_coreaudioml(const std::string& text, const std::string& where);

/// Reads a PyTorch state dict written as JSON, `{"lstm.weight_ih_l0": [[…]], …}`. @throws FormatError as
/// `describe_torch`
[[nodiscard]] ModelDescription read_json_state_dict(const std::string& text, const std::string& where);

/// Writes CoreAudioML's JSON. @throws ValueError for another model than recurrent layers of one kind and a Dense, or
/// with gains
void write_coreaudioml(const std::filesystem::path& file, Sequential& model, const ModelDescription& description);

}  // namespace recur::interop
