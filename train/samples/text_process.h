#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/samples/dyck.h>

#include <functional>
#include <string>
#include <string_view>

namespace recur::samples {

/// A source of text of any length, with the losses that models of it can reach.
struct TextProcess {
  std::string alphabet;  ///< Every character that may occur, at least once.
  /// Draws this number of characters. Throws ValueError if it is negative.
  std::function<std::string(Index characters, Generator& generator)> draw;
  double entropy;  ///< Nats a character that no model can beat.
};

/// Makes a source of `english_grammar` text, cut in the middle of a sentence.
[[nodiscard]] TextProcess grammar_process();
/// Makes a source of `markov_text`.
[[nodiscard]] TextProcess markov_process();
/// Makes a source of `even_process`.
[[nodiscard]] TextProcess even_text_process();
/// Makes a source of `dyck_text`. Throws ValueError if an option is out of its range.
[[nodiscard]] TextProcess dyck_process(const DyckOptions& options = {});
/// One of these by its name: `grammar`, `markov`, `even` or `dyck`. @throws ValueError for another.
[[nodiscard]] TextProcess text_process(std::string_view name);

}  // namespace recur::samples
