#pragma once

#include <recur/interop/model.h>

#include <filesystem>
#include <string>

namespace recur::interop {

/// Reads a `.nam` file of Neural Amp Modeler with an LSTM. The rest states of the file become those of the model's
/// stateful layers.
/// @throws FormatError for another architecture, by its name, a version that is not known, and a wrong number of
/// weights, with both
[[nodiscard]] ModelDescription read_nam(const std::string& text, const std::string& where);

/// Writes a `.nam` file, version 0.5.4. The rest states are those after a second of silence. @throws ValueError for
/// another model than LSTMs of one size and a linear Dense of one output, with one input, or with gains or a skip,
/// which the format does not have
void write_nam(const std::filesystem::path& file, Sequential& model, const ModelDescription& description);

}  // namespace recur::interop
