#pragma once

#include <recur/framework/tensor/shape.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace recur::examples {

/// Text for a character model to learn, and text to judge it by.
struct CharText {
  std::string alphabet;                           ///< Has every character that occurs, at least once.
  std::function<std::string(Index epoch)> train;  ///< To learn from in an epoch, counted from 1; always equally long.
  std::string validation;                         ///< Held out, for the end of every epoch.
  std::string test;                               ///< Held out for the very end; empty for a file.
  std::optional<double> entropy = std::nullopt;   ///< Nats a character that no model can beat, where it is known.
  std::optional<double> source_score = std::nullopt;  ///< Nats a character of the source itself on `test`.
};

/// One text for all epochs; the last tenth is held out. @throws FormatError or ValueError for a file that is missing, empty
/// or too short.
[[nodiscard]] CharText text_of_file(const std::string& path);

/// Fresh text in every epoch, from `dataset`: "grammar" (samples::english_grammar), "markov" (markov_text), "dyck" (dyck_text, two
/// kinds of brackets up to 8 deep) or "even" (even_process). @throws ValueError for another.
[[nodiscard]] CharText built_in_text(const std::string& dataset, Index train_characters, Index test_characters,
                                     std::uint64_t seed);

}  // namespace recur::examples
