#pragma once

#include <recur/interop/model.h>

#include <filesystem>
#include <span>
#include <string>

namespace recur::interop {

/// Reads the JSON of RTNeural, or of AIDA-X, which adds gains, a skip from input to output, and a test vector.
/// @throws FormatError for other layers, for sizes that do not go together, and for a function the runtime does not
/// have
[[nodiscard]] ModelDescription read_rtneural(const std::string& text, const std::string& where);

/// Writes the JSON that RTNeural's parser reads. The layers must be LSTM, GRU (reset_after), Dense and Activation.
/// @throws ValueError for other layers or functions, or a signal path, which the format does not have
void write_rtneural(const std::filesystem::path& file, Sequential& model, const ModelDescription& description);

/// Writes the JSON of AIDA-X with a test vector, the model's answer to `test` at gains of 1. An empty `test` is
/// replaced by 2048 samples of a swept sine. @throws ValueError for another model than one LSTM or GRU of a size that
/// the plugin has compiled in and a Dense of 1
void write_aidax(const std::filesystem::path& file, Sequential& model, const ModelDescription& description,
                 std::span<const float> test = {});

}  // namespace recur::interop
